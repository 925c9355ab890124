"""Redis behind Sentinel for asyncio: `storage.sentinel` with questions that are awaited."""

from __future__ import annotations

from typing import Any

from redis import asyncio as redis
from redis.asyncio.connection import Connection, ConnectionPool, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from storage.sentinel import Watched, asking_options, master_of, told_by, watched


async def _find_master(watch: Watched) -> tuple[str, int]:
    """Ask all sentinels. Raises NoMaster."""
    return master_of(watch.name, [told_by(one, await _ask(watch, one)) for one in watch.sentinels])


async def _ask(watch: Watched, sentinel: tuple[str, int]) -> Any:
    client = redis.Redis(**asking_options(watch, sentinel, Retry(NoBackoff(), 0)))
    try:
        return await client.execute_command("SENTINEL MASTER", watch.name)  # type: ignore[no-untyped-call]
    except (RedisError, OSError) as error:
        return error
    finally:
        await client.aclose()


class _ToMaster:
    """A connection that finds out where to before each time it is made."""

    _watch: Watched
    host: str
    port: int

    async def _connect(self) -> None:
        self.host, self.port = await _find_master(self._watch)
        await super()._connect()  # type: ignore[misc]


class MasterConnection(_ToMaster, Connection):
    """In plain text."""

    def __init__(self, watch: Watched, **options: Any) -> None:
        self._watch = watch
        super().__init__(**options)


class SecureMasterConnection(_ToMaster, SSLConnection):
    """Over TLS."""

    def __init__(self, watch: Watched, **options: Any) -> None:
        self._watch = watch
        super().__init__(**options)


def waiting_sentinel_client(url: str, options: dict[str, Any]) -> redis.Redis:
    """A client of whoever is master, now and later. Raises ValueError for a URL that is none."""
    watch = watched(url)
    kind = SecureMasterConnection if watch.secure else MasterConnection
    pool = ConnectionPool(connection_class=kind, watch=watch, **{**options, **watch.options})
    return redis.Redis.from_pool(pool)
