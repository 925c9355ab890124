"""The ways to a server: what schemes a Redis URL may have, and how each becomes a client.

A new one is a line in WAYS. redis-py is imported when a client is made, as in `storage.connect`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from storage.address import masked
from storage.errors import ServerUnavailable
from storage.tls import advise_plain, advise_secure, files_fault

if TYPE_CHECKING:
    import redis


@dataclass(frozen=True, slots=True)
class Way:
    """What one scheme means.

    `looks` is such a URL as an example. `make` makes a client of a URL and redis-py's options (timeouts, retry,
    decode_responses) and connects to nothing; it raises ValueError or TypeError for a URL that is none. `hello` asks a
    client for INFO's section "server", and raises what redis-py raises. `advise` looks closer at a URL at which nobody was
    reached: what is wrong, as the end of a sentence on the server, or "".
    """

    looks: str
    make: Callable[[str, Mapping[str, Any]], redis.Redis]
    hello: Callable[[redis.Redis], Mapping[str, Any]]
    advise: Callable[[str], str] = lambda _: ""


def _one_server(url: str, options: Mapping[str, Any]) -> redis.Redis:
    import redis

    return redis.Redis.from_url(url, **options)


def _cluster(url: str, options: Mapping[str, Any]) -> redis.Redis:
    from storage.cluster import cluster_client

    return cluster_client(url, options)


def _behind_sentinel(url: str, options: Mapping[str, Any]) -> redis.Redis:
    from storage.sentinel import sentinel_client

    return sentinel_client(url, options)


def _hello(client: redis.Redis) -> Mapping[str, Any]:
    """What the server says of itself; empty where the user may not ask that."""
    from redis.exceptions import NoPermissionError

    client.ping()
    try:
        return dict(client.info("server"))
    except NoPermissionError:
        return {}


WAYS = {
    "redis": Way("redis://host:6379/0", _one_server, _hello, advise_plain),
    "rediss": Way("rediss://…", _one_server, _hello, advise_secure),
    "redis+sentinel": Way("redis+sentinel://host:26379,…/NAME/0", _behind_sentinel, _hello),
    "rediss+sentinel": Way("rediss+sentinel://…", _behind_sentinel, _hello, files_fault),
    "unix": Way("unix:///path", _one_server, _hello),
    "redis+cluster": Way("redis+cluster://host:6379,host:6379", _cluster, _hello),
    "rediss+cluster": Way("rediss+cluster://…", _cluster, _hello, files_fault),
}


def way_of(url: str) -> Way:
    """The way that a URL means. Raises ServerUnavailable for a scheme that is not known."""
    way = WAYS.get(url.partition("://")[0])
    if way is None:
        raise not_a_url(url)
    return way


def not_a_url(url: str) -> ServerUnavailable:
    """The sentence for what cannot be read as a URL; not what redis-py says of it, which may hold the password."""
    looks = [way.looks for way in WAYS.values()]
    return ServerUnavailable(
        f"{masked(url)} is not a Redis URL: it should look like {', '.join(looks[:-1])} or {looks[-1]}"
    )
