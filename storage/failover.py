"""Whether a run has outlived a master."""

from __future__ import annotations

import redis

from storage import cluster, sentinel


def failed_over(client: redis.Redis) -> bool:
    """Whether another took the place of a master in mid-run: it may lack the last that the former was told."""
    return sentinel.failed_over(client) or cluster.failed_over(client)
