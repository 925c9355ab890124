"""What a server says of itself, where its access control lets our user ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import redis
from redis.exceptions import NoPermissionError

from storage.errors import NotAllowed


def server_info(client: redis.Redis, *sections: str) -> Mapping[str, Any]:
    """INFO, of these sections or of all; empty where we may not ask."""
    try:
        return dict(client.info(*sections))
    except (NoPermissionError, NotAllowed):
        return {}
