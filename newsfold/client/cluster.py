"""Redis Cluster for asyncio: `storage.cluster` with connections that are awaited."""

from __future__ import annotations

import asyncio
from typing import Any

from redis import asyncio as redis
from redis.asyncio.connection import Connection, ConnectionPool, SSLConnection

from storage.cluster import Cluster, reached


class _Following:
    """A connection that finds out, before each time it is made, which node has the records."""

    _cluster: Cluster
    host: str
    port: int

    async def _connect(self) -> None:
        self.host, self.port = await asyncio.to_thread(self._cluster.meet)
        await super()._connect()  # type: ignore[misc]


class FollowingConnection(_Following, Connection):
    """In plain text."""

    def __init__(self, cluster: Cluster, **options: Any) -> None:
        self._cluster = cluster
        super().__init__(**options)


class FollowingTLSConnection(_Following, SSLConnection):
    """Over TLS."""

    def __init__(self, cluster: Cluster, **options: Any) -> None:
        self._cluster = cluster
        super().__init__(**options)


def waiting_cluster_client(url: str, options: dict[str, Any]) -> redis.Redis:
    """A client of the node that has the records, now and later. Raises ValueError for a URL that is none."""
    cluster, given, tls = reached(url, options)
    made = FollowingTLSConnection if tls else FollowingConnection
    return redis.Redis.from_pool(ConnectionPool(connection_class=made, cluster=cluster, **given))
