"""One quick question to a server on a socket: who are you, and are you ready?

redis-py is imported in the functions: it takes longer than starting a server does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.binary import Build

if TYPE_CHECKING:
    import redis

PROBE_SECONDS = 1.0
SHUTDOWN_SECONDS = 15.0  # it answers by closing the connection, when its file is synced


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says of itself; a server busy with a script says only that it is there."""

    loading: bool = False
    pid: int | None = None
    build: Build | None = None
    uptime_seconds: int | None = None
    memory_bytes: int | None = None
    keys: int | None = None


def probe(socket: Path) -> Answer | None:
    """What the server at `socket` says, or None where none answers; within milliseconds if none is there."""
    from redis.exceptions import ConnectionError as Unreachable
    from redis.exceptions import ResponseError
    from redis.exceptions import TimeoutError as TooLate

    try:
        with _client(socket, PROBE_SECONDS) as client:
            return _answer(client.info("server", "memory", "persistence", "keyspace"))
    except ResponseError:
        return Answer()
    except (Unreachable, TooLate):
        return None


def ask_to_stop(socket: Path) -> bool:
    """Whether the server accepted to stop; it may still be writing."""
    from redis.exceptions import RedisError

    if probe(socket) is None:  # hangs, or is gone: which shutdown() would take for success
        return False
    try:
        with _client(socket, SHUTDOWN_SECONDS) as client:
            client.shutdown(nosave=True)
    except RedisError:
        return False
    return True


def build_of(info: Mapping[str, Any]) -> Build | None:
    """The family and version in an INFO reply; Valkey also claims to be Redis 7.2.4."""
    for flavour in ("valkey", "redis"):
        parts = str(info.get(f"{flavour}_version", "")).split("-")[0].split(".")
        if len(parts) == 3 and all(part.isdigit() for part in parts):
            major, minor, patch = map(int, parts)
            return Build(flavour, (major, minor, patch))
    return None


@contextmanager
def _client(socket: Path, seconds: float) -> Iterator[redis.Redis]:
    """A connection without retries: ten of them turn a missing socket into six seconds."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = redis.Redis(
        unix_socket_path=str(socket),
        socket_connect_timeout=PROBE_SECONDS,
        socket_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
    )
    with closing(client):
        yield client


def _answer(info: Mapping[str, Any]) -> Answer:
    return Answer(
        loading=bool(info.get("loading")),
        pid=info.get("process_id"),
        build=build_of(info),
        uptime_seconds=info.get("uptime_in_seconds"),
        memory_bytes=info.get("used_memory"),
        keys=sum(base["keys"] for name, base in info.items() if name.startswith("db") and "keys" in base),
    )
