"""What a server and the schedule in it say of how they are, for `newsfold doctor`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis
from redis.exceptions import RedisError

from storage.binary import Build
from storage.errors import NotAllowed
from storage.functions import library
from storage.keys import Keys
from storage.plain import text_of
from storage.probe import build_of
from storage.serverinfo import server_info


@dataclass(frozen=True, slots=True)
class Health:
    """The server: who it is, what it may use and keeps, whether it writes to disk, and how far its clock is from ours.

    `limit` is 0 where it has none, `machine` what the machine has; both in bytes, as `used`. `saves` says whether it
    writes anything to disk, `save_error` what failed of that last. `skew` in seconds is positive where it is ahead.
    """

    build: Build | None
    used: int
    limit: int
    machine: int
    policy: str
    saves: bool
    save_error: str
    evicted: int
    skew: float
    schema: Mapping[str, str]
    libraries: int


@dataclass(frozen=True, slots=True)
class Lateness:
    """The schedule: how many feeds are on it, how many are due, since when the longest, and the same of pages."""

    feeds: int
    feeds_due: int
    feed_since: datetime | None
    pages_due: int
    page_since: datetime | None


def health(client: redis.Redis, keys: Keys, server: redis.Redis | None = None) -> Health:
    """Ask the server, of a cluster this one; the schema is asked of the client."""
    server = server or client
    info = server_info(server)
    before = time.time()
    seconds, micros = server.time()
    skew = seconds + micros / 1e6 - (before + time.time()) / 2
    return Health(
        build=build_of(info),
        used=int(info.get("used_memory", 0)),
        limit=int(info.get("maxmemory", 0)),
        machine=int(info.get("total_system_memory", 0)),
        policy=str(info.get("maxmemory_policy", "")),
        saves=bool(info.get("aof_enabled")) or bool(_config(server, "save", "yes")),
        save_error=_save_error(info),
        evicted=int(info.get("evicted_keys", 0)),
        skew=skew,
        schema={text_of(k): text_of(v) for k, v in client.hgetall(keys.schema).items()},
        libraries=_other_libraries(server),
    )


def _config(client: redis.Redis, name: str, default: str) -> str:
    """A setting of the server; `default` where we may not ask."""
    try:
        return str(dict(client.config_get(name)).get(name, default))
    except (RedisError, NotAllowed):
        return default


def _save_error(info: Mapping[str, Any]) -> str:
    if info.get("aof_enabled") and info.get("aof_last_write_status", "ok") != "ok":
        return "its last write to the append-only file failed"
    if info.get("rdb_last_bgsave_status", "ok") != "ok":
        return "its last snapshot failed"
    return ""


def _other_libraries(client: redis.Redis) -> int:
    """How many function libraries other versions of newsfold have left."""
    try:
        found: Any = client.function_list("newsfold_*")
    except (RedisError, NotAllowed):
        return 0
    own = f"newsfold_{library()[0]}"
    names = {
        text_of(word)
        for row in found
        for word in (row.values() if isinstance(row, dict) else row)
        if isinstance(word, bytes | str)
    }
    return sum(name.startswith("newsfold_") and name != own for name in names)


def lateness(client: redis.Redis, keys: Keys, now: datetime) -> Lateness:
    """Look at what is due."""
    moment = int(now.timestamp())
    pipe = client.pipeline(transaction=False)
    pipe.hlen(keys.feeds)
    for due in (keys.feeds_due, keys.pages_due):
        pipe.zcount(due, "-inf", moment)
        pipe.zrange(due, 0, 0, withscores=True)
    feeds, feeds_due, feed, pages_due, page = pipe.execute()
    return Lateness(feeds, feeds_due, _since(feed, moment), pages_due, _since(page, moment))


def _since(first: Any, now: int) -> datetime | None:
    return datetime.fromtimestamp(first[0][1], UTC) if first and first[0][1] <= now else None
