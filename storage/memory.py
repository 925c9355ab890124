"""What the servers take: the one there is, or all masters of a cluster."""

from __future__ import annotations

from dataclasses import dataclass

import redis

from storage.cluster import servers_of
from storage.serverinfo import server_info


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes in use, at most so far, and the limit: 0 where a server has none."""

    used: int
    peak: int
    limit: int


def memory_of(client: redis.Redis) -> Memory:
    """Ask all servers."""
    told = [server_info(server, "memory") for server in servers_of(client)]
    used, peak, limits = (
        [int(one.get(name, 0)) for one in told] for name in ("used_memory", "used_memory_peak", "maxmemory")
    )
    return Memory(sum(used), sum(peak), sum(limits) if all(limits) else 0)
