"""The one way to a Redis client: the configured server, or the embedded one.

redis-py is imported when a connection is asked for, so that `newsfold --help` need not wait for it.
"""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from storage.binary import OLDEST
from storage.embedded import EmbeddedServer
from storage.errors import ServerUnavailable
from storage.probe import build_of

if TYPE_CHECKING:
    import redis
    from redis.retry import Retry

# Two addresses of one name (::1 and 127.0.0.1) must be tried within two seconds.
CHECK_SECONDS = 0.8
CONNECT_SECONDS = 5.0
WAIT_SECONDS = 60.0  # how long a worker waits for a server that went away
COMMAND_SECONDS = 30.0  # above every blocking read's own limit, which redis-py's 5 s is not
_USER_PART = re.compile(r"(?<=://)([^/?#@:]*):.*@|(?<=://)[^/?#@]+@")
_SECRET_OPTION = re.compile(r"([?&]\w*password=)[^&#]*", re.IGNORECASE)


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
        name = f"Redis at {masked(url)}"
        _check(url)
    else:
        server, name = EmbeddedServer(home), f"the private Redis in {home}"
        url, revive = server.ensure(), None if interactive else server.ensure
    import redis

    from storage.patience import Patience

    return redis.Redis.from_url(
        url,
        socket_connect_timeout=CHECK_SECONDS if interactive else CONNECT_SECONDS,
        socket_timeout=COMMAND_SECONDS,
        retry=Patience(0 if interactive else wait, name, revive),
        decode_responses=decode,
    )


def masked(url: str) -> str:
    """The URL as it may be shown: user and host, no password, wherever in it the password is.

    A name alone before the @ is masked as well, for that is where passwords land by mistake.
    """

    def hide(match: re.Match[str]) -> str:
        user = match.group(1)
        return "***@" if user is None else f"{user}:***@"

    return _SECRET_OPTION.sub(r"\1***", _USER_PART.sub(hide, url))


def _check(url: str) -> None:
    """Refuse a server that is not there, does not let us in, or is too old for functions."""
    from redis.exceptions import AuthenticationError, BusyLoadingError, RedisError

    try:
        info = _hello(url)
    except (ValueError, TypeError):  # from None, for what they say may hold the password
        raise ServerUnavailable(
            f"{masked(url)} is not a Redis URL: it should look like redis://host:6379/0, rediss://… or unix:///path"
        ) from None
    except AuthenticationError as error:
        raise ServerUnavailable(f"Redis at {masked(url)} does not accept this user and password") from error
    except BusyLoadingError as error:
        raise ServerUnavailable(
            f"Redis at {masked(url)} is still reading its data: try again later"
        ) from error
    except (RedisError, OSError) as error:
        raise ServerUnavailable(f"Redis at {masked(url)} does not answer: {error}") from error
    _check_age(url, info)


def _hello(url: str) -> dict[str, object]:
    """What the server says of itself; empty where the user may not ask that."""
    import redis
    from redis.exceptions import NoPermissionError

    client = redis.Redis.from_url(
        url, socket_connect_timeout=CHECK_SECONDS, socket_timeout=CHECK_SECONDS, retry=_no_retry()
    )
    with closing(client):
        client.ping()
        try:
            return dict(client.info("server"))
        except NoPermissionError:
            return {}


def _check_age(url: str, info: dict[str, object]) -> None:
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
