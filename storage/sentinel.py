"""Redis behind Sentinel: `redis+sentinel://user:password@host:port,host:port/NAME/db`, in which the hosts are sentinels.

Every connection, also one that is made again after a break, asks the sentinels who is master now. redis-py's own
`Sentinel` asks only where it has to make the first of a connection, so that one which broke goes back to a dead master.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.connection import Connection, ConnectionPool, SSLConnection, parse_url
from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.exceptions import ConnectionError as BrokenError
from redis.retry import Retry

from storage.address import read_address
from storage.tls import tls_fault

PORT = 26379
ASK_SECONDS = 0.5  # one that is silent must not keep the others from being asked
_DOWN = {"s_down", "o_down", "disconnected"}
_OWN = ("sentinel_username", "sentinel_password")


class NoMaster(BrokenError):  # noqa: N818 - it reads as what it says
    """There is no master to connect to just now; the words are the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a URL says: the sentinels and how to speak to them, the master's name and how to speak to it.

    `met` are the masters that were found so far.
    """

    sentinels: tuple[tuple[str, int], ...]
    name: str
    secure: bool
    asking: Mapping[str, Any] = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    met: set[tuple[str, int]] = field(default_factory=set, repr=False, compare=False)


def watched(url: str) -> Watched:
    """Read a URL. Raises ValueError for one that is none."""
    address = read_address(url, PORT)
    if not address.hosts or len(address.path) not in (1, 2):
        raise ValueError("it should name sentinels, a master, and a database at most")
    scheme = address.scheme.removesuffix("+sentinel")
    # redis-py reads the options, each in its type.
    options = parse_url(f"{scheme}://h/?{url.partition('?')[2]}")  # type: ignore[no-untyped-call]
    for name in ("host", "connection_class"):
        options.pop(name, None)
    own = {name.removeprefix("sentinel_"): options.pop(name) for name in _OWN if name in options}
    if len(address.path) == 2:
        options["db"] = int(address.path[1])
    given = {"username": address.user, "password": address.password}
    options |= {name: value for name, value in given.items() if value}
    asking = own | {name: value for name, value in options.items() if name.startswith("ssl_")}
    return Watched(address.hosts, address.path[0], scheme == "rediss", asking, options)


@dataclass(frozen=True, slots=True)
class Told:
    """What one sentinel says: the master's address, its flags and the epoch of its configuration; or why it says nothing."""

    sentinel: str
    reply: Mapping[str, Any] | None = None
    unknown: bool = False
    fault: str = ""

    @property
    def epoch(self) -> int:
        """Which configuration this is: a failover makes a newer one."""
        return int(self.reply["config-epoch"]) if self.reply else -1

    @property
    def is_well(self) -> bool:
        """Whether the master is thought to be up."""
        return bool(self.reply) and not _DOWN & set(_flags((self.reply or {})["flags"]))


def _flags(value: Any) -> Iterable[str]:
    return value.split(",") if isinstance(value, str) else map(str, value)


def master_of(name: str, told: Iterable[Told]) -> tuple[str, int]:
    """The master by the newest configuration that any sentinel knows. Raises NoMaster.

    A sentinel that was parted from the others goes on naming the old master, and is not believed.
    """
    told = tuple(told)
    newest = max((one.epoch for one in told), default=-1)
    for one in told:
        if one.reply and one.epoch == newest and one.is_well:
            return str(one.reply["ip"]), int(one.reply["port"])
    if any(one.reply for one in told):
        raise NoMaster(f"has no master at the moment: the sentinels take {name} for down")
    if any(one.unknown for one in told):
        raise NoMaster(f"has no master: its sentinels do not know the name {name}")
    raise NoMaster(
        f"cannot be found: no sentinel answers ({'; '.join(f'{t.sentinel}: {t.fault}' for t in told)})"
    )


def told_by(sentinel: tuple[str, int], reply: Any) -> Told:
    """What a sentinel's reply to SENTINEL MASTER means, or the error that it is."""
    where = f"{sentinel[0]}:{sentinel[1]}"
    if isinstance(reply, AuthenticationError):
        return Told(
            where, fault="does not accept this user and password (sentinel_username, sentinel_password)"
        )
    if isinstance(reply, ResponseError):
        return Told(where, unknown="No such master" in str(reply), fault=str(reply))
    if isinstance(reply, Exception):
        return Told(where, fault=tls_fault(reply) or " ".join(str(reply).split()).rstrip("."))
    return Told(where, reply)


def asking_options(watch: Watched, sentinel: tuple[str, int], retry: Any) -> dict[str, Any]:
    """redis-py's options for one question to one sentinel."""
    host, port = sentinel
    return {
        **watch.asking,
        "host": host,
        "port": port,
        "ssl": watch.secure,
        "decode_responses": True,
        "socket_connect_timeout": ASK_SECONDS,
        "socket_timeout": ASK_SECONDS,
        "retry": retry,
    }


def find_master(watch: Watched) -> tuple[str, int]:
    """Ask all sentinels. Raises NoMaster."""
    return master_of(watch.name, [told_by(one, _ask(watch, one)) for one in watch.sentinels])


def _ask(watch: Watched, sentinel: tuple[str, int]) -> Any:
    try:
        with closing(redis.Redis(**asking_options(watch, sentinel, Retry(NoBackoff(), 0)))) as client:
            return client.execute_command("SENTINEL MASTER", watch.name)  # type: ignore[no-untyped-call]
    except (RedisError, OSError) as error:
        return error


class _ToMaster:
    """A connection that finds out where to before each time it is made."""

    _watch: Watched
    host: str
    port: int

    def _connect(self) -> Any:
        self.host, self.port = find_master(self._watch)
        self._watch.met.add((self.host, self.port))
        return super()._connect()  # type: ignore[misc]


class MasterConnection(_ToMaster, Connection):
    """In plain text."""

    def __init__(self, watch: Watched, **options: Any) -> None:
        self._watch = watch
        super().__init__(**options)  # type: ignore[no-untyped-call]


class SecureMasterConnection(_ToMaster, SSLConnection):
    """Over TLS; the certificate must be for the address that the sentinels announce."""

    def __init__(self, watch: Watched, **options: Any) -> None:
        self._watch = watch
        super().__init__(**options)


def sentinel_client(url: str, options: Mapping[str, Any]) -> redis.Redis:
    """A client of whoever is master, now and later. Raises ValueError for a URL that is none."""
    watch = watched(url)
    kind = SecureMasterConnection if watch.secure else MasterConnection
    whole: dict[str, Any] = {**options, **watch.options}
    pool = ConnectionPool(connection_class=kind, watch=watch, **whole)
    return redis.Redis.from_pool(pool)


def failed_over(client: redis.Redis) -> bool:
    """Whether the client has met more than one master: the later ones may lack the last that the first was told."""
    watch = client.connection_pool.connection_kwargs.get("watch")
    return isinstance(watch, Watched) and len(watch.met) > 1
