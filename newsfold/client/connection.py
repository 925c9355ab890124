"""How the client reaches Redis, which both of its kinds share."""

from __future__ import annotations

import os
from typing import Any

import redis
from redis import asyncio
from redis.backoff import ExponentialBackoff
from redis.exceptions import AskError, TryAgainError
from redis.exceptions import ConnectionError as Broken

from storage.keys import CLUSTER, Keys

DEFAULT_URL = "redis://127.0.0.1:6379/0"
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 30.0
# A read that waits must end before the client takes it for lost.
WAIT_SECONDS = 5.0


def url_or_default(url: str | None) -> str:
    """The URL given, or that of NEWSFOLD_REDIS_URL, or this machine's Redis."""
    return url or os.environ.get("NEWSFOLD_REDIS_URL") or DEFAULT_URL


def connection_options(retry: Any) -> dict[str, Any]:
    """Replies as strings; a broken connection is made again (by `retry`, a class of redis-py), a late answer is an error."""
    return {
        "decode_responses": True,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": COMMAND_SECONDS,
        "retry": retry(
            ExponentialBackoff(cap=1, base=0.05), 3, supported_errors=(Broken, AskError, TryAgainError)
        ),
    }


def plain_client(url: str, options: dict[str, Any]) -> redis.Redis:
    """A client of the server at a URL, of the master that its sentinels name, or of the cluster's node with the records."""
    if "+cluster://" in url:
        from storage.cluster import cluster_client

        return cluster_client(url, options)
    if "+sentinel://" not in url:
        return redis.Redis.from_url(url, **options)
    from storage.sentinel import sentinel_client

    return sentinel_client(url, options)


def waiting_client(url: str, options: dict[str, Any]) -> asyncio.Redis:
    """The same for asyncio."""
    if "+cluster://" in url:
        from newsfold.client.cluster import waiting_cluster_client

        return waiting_cluster_client(url, options)
    if "+sentinel://" not in url:
        return asyncio.Redis.from_url(url, **options)
    from newsfold.client.sentinel import waiting_sentinel_client

    return waiting_sentinel_client(url, options)


def names_of_keys(connection: dict[str, Any]) -> Keys:
    """The names of keys on the server that a client with these options reaches."""
    return Keys(CLUSTER) if connection.get("cluster") else Keys()


def longest_wait(connection: dict[str, Any]) -> float:
    """For how many seconds a read may wait over a connection with these options."""
    limit = connection.get("socket_timeout")
    return WAIT_SECONDS if limit is None else min(WAIT_SECONDS, limit / 2)


def checked(connection: dict[str, Any]) -> None:
    """Refuse a client that gives bytes where texts are meant."""
    if not connection.get("decode_responses"):
        raise ValueError("the Redis client must be made with decode_responses=True")
