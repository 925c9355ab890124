"""The one way to a Redis client: the configured server, or the embedded one.

redis-py is imported when a connection is asked for, so that `newsfold --help` need not wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from storage.address import masked, user_of
from storage.binary import OLDEST
from storage.embedded import EmbeddedServer
from storage.errors import ServerUnavailable
from storage.probe import build_of
from storage.ways import Way, not_a_url, way_of

if TYPE_CHECKING:
    import redis
    from redis.retry import Retry

# Two addresses of one name (::1 and 127.0.0.1) must be tried within two seconds.
CHECK_SECONDS = 0.8
CONNECT_SECONDS = 5.0
WAIT_SECONDS = 60.0  # how long a worker waits for a server that went away
COMMAND_SECONDS = 30.0  # above every blocking read's own limit, which redis-py's 5 s is not


def connect(
    url: str | None,
    home: Path,
    *,
    interactive: bool = False,
    decode: bool = False,
    wait: float = WAIT_SECONDS,
) -> redis.Redis:
    """A client of a server that has just answered and is new enough.

    Without a `url` it is the embedded server of `home`, started if need be, now and later. A worker's client tries
    again for `wait` seconds when the server goes away, is busy or refuses to write; an `interactive` one says so
    at once. Raises ServerUnavailable within two seconds when nobody answers at the `url`, and what
    EmbeddedServer.ensure raises; ServerUnavailable is also what its commands raise in the end.
    """
    revive = None
    if url:
        name, way = f"Redis at {masked(url)}", way_of(url)
        _check(url, way)
    else:
        server, name = EmbeddedServer(home), f"the private Redis in {home}"
        url, revive = server.ensure(), None if interactive else server.ensure
        way = way_of(url)
    from storage.patience import Patience

    options = {
        "socket_connect_timeout": CHECK_SECONDS if interactive else CONNECT_SECONDS,
        "socket_timeout": COMMAND_SECONDS,
        "retry": Patience(0 if interactive else wait, name, revive, user_of(url)),
        "decode_responses": decode,
    }
    return way.make(url, options)


def _check(url: str, way: Way) -> None:
    """Refuse a server that is not there, does not let us in, or is too old for functions."""
    from redis.exceptions import RedisError

    try:
        info = _hello(url, way)
    except (ValueError, TypeError):  # from None, for what they say may hold the password
        raise not_a_url(url) from None
    except (RedisError, OSError) as error:
        raise ServerUnavailable(f"Redis at {masked(url)} {_why(url, way, error)}") from error
    _check_age(url, info)


def _why(url: str, way: Way, error: Exception) -> str:
    """What keeps us from a server, as the end of a sentence on it."""
    from redis.exceptions import AuthenticationError, BusyLoadingError, ResponseError

    from storage.patience import trouble
    from storage.tls import tls_fault

    known = isinstance(error, AuthenticationError | BusyLoadingError | ResponseError) or tls_fault(error)
    advice = "" if known else way.advise(url)
    return advice or trouble(error, user_of(url)) or f"does not answer: {error}"


def _hello(url: str, way: Way) -> Mapping[str, object]:
    """What the server says of itself, asked once and with little patience."""
    options = {
        "socket_connect_timeout": CHECK_SECONDS,
        "socket_timeout": CHECK_SECONDS,
        "retry": _no_retry(),
    }
    with closing(way.make(url, options)) as client:
        return way.hello(client)


def _check_age(url: str, info: Mapping[str, object]) -> None:
    build = build_of(info)
    if build is not None and not build.usable:
        oldest = ".".join(map(str, OLDEST["redis"]))
        raise ServerUnavailable(
            f"{masked(url)} is {build}; newsfold needs Redis {oldest} or Valkey, for functions"
        )


def _no_retry() -> Retry:
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Retry(NoBackoff(), 0)
