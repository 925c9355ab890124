"""A Redis Cluster: who has which slots, and a client that follows the slot of the records wherever it goes.

All that groups, stories, articles and the schedule take is in one slot (`{newsfold}`), so that a function changes them in
one step; a client for it is an ordinary one whose connections go to the node that has the slot. The buckets of the index,
which texts are found by, are spread over all slots (see `storage.spread`).

While a slot is moved to another node (a resharding) every function that writes to it is refused until it is there, as each
names a key that never exists, which a node answers with ASK: a function would else find half of its keys. That, and a
failover, is waited for (`storage.patience`). https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.connection import Connection, ConnectionPool, SSLConnection, parse_url
from redis.crc import key_slot
from redis.exceptions import ConnectionError as BrokenError
from redis.exceptions import RedisError
from redis.retry import Retry

from storage.address import read_address
from storage.keys import CLUSTER, Keys
from storage.plain import text_of

PORT = 6379
Node = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Range:
    """Slots from `first` to `last`, the node that has them, and how many replicas have a copy."""

    first: int
    last: int
    node: Node
    replicas: int


class Cluster:
    """What is known of a cluster: asked of any node that answers, and anew after `forget`.

    `options` are redis-py's for every connection; `pool` makes one to a node, shared by all who use the cluster.
    """

    def __init__(self, seeds: Sequence[Node], options: Mapping[str, Any], *, tls: bool) -> None:
        self._seeds, self._tls = tuple(seeds), tls
        # Whoever calls waits, and finds another node when this one is gone; a connection does not.
        self._options = {**options, "retry": Retry(NoBackoff(), 0)}
        self._lock = threading.Lock()
        self._ranges: tuple[Range, ...] = ()
        self._pools: dict[Node, ConnectionPool] = {}
        self._met: set[Node] = set()

    def meet(self) -> Node:
        """The node that has the records now, which is noted."""
        self.forget()
        node = self.owner(record_slot()).node
        self._met.add(node)
        return node

    def failed_over(self) -> bool:
        """Whether a node that had the records has no slots at all any more: they were not moved but taken over."""
        if len(self._met) < 2:
            return False
        self.forget()
        return not self._met <= set(self.masters())

    def ranges(self) -> tuple[Range, ...]:
        """Who has which slots. Raises redis-py's ConnectionError where no node says so."""
        with self._lock:
            if not self._ranges:
                self._ranges = self._ask()
            return self._ranges

    def forget(self) -> None:
        """Ask anew when it is next needed."""
        with self._lock:
            self._ranges = ()

    def owner(self, slot: int) -> Range:
        """The range that a slot is in."""
        for one in self.ranges():
            if one.first <= slot <= one.last:
                return one
        raise BrokenError(f"no node of the cluster has slot {slot}")

    def masters(self) -> tuple[Node, ...]:
        """Every node that has slots."""
        return tuple(sorted({one.node for one in self.ranges()}))

    def pool(self, node: Node) -> ConnectionPool:
        """The connections to one node."""
        with self._lock:
            if node not in self._pools:
                made = SSLConnection if self._tls else Connection
                self._pools[node] = ConnectionPool(made, host=node[0], port=node[1], **self._options)
            return self._pools[node]

    def pools(self) -> tuple[ConnectionPool, ...]:
        """All connections that were made so far."""
        with self._lock:
            return tuple(self._pools.values())

    @contextmanager
    def connection(self, node: Node) -> Iterator[Connection]:
        """A connection to a node; after an error, which may have left answers on it, it is not used again."""
        pool = self.pool(node)
        found = pool.get_connection()
        try:
            yield found
        except BaseException:
            found.disconnect()  # type: ignore[no-untyped-call]
            raise
        finally:
            pool.release(found)

    def client(self, node: Node) -> redis.Redis:
        """A client of one node."""
        return redis.Redis(connection_pool=self.pool(node))

    def _ask(self) -> tuple[Range, ...]:
        last: Exception | None = None
        known = dict.fromkeys((*self._pools, *self._seeds))
        for node in known:
            try:
                return self._ask_one(node)
            except (RedisError, OSError) as error:
                last = error
        raise last if isinstance(last, RedisError) else BrokenError(f"no node of the cluster answers: {last}")

    def _ask_one(self, node: Node) -> tuple[Range, ...]:
        made = SSLConnection if self._tls else Connection
        connection = made(host=node[0], port=node[1], **{**self._options, "decode_responses": False})
        try:
            connection.send_command("CLUSTER", "SLOTS")  # type: ignore[no-untyped-call]
            found: Any = connection.read_response()
        finally:
            connection.disconnect()  # type: ignore[no-untyped-call]
        ranges = tuple(_range(row, node) for row in found)
        if not ranges:
            raise BrokenError(f"{node[0]}:{node[1]} is in no cluster that has slots")
        return ranges


def _range(row: Sequence[Any], asked: Node) -> Range:
    """One line of CLUSTER SLOTS; a node that does not know its own name is the one that was asked."""
    first, last, (host, port, *_), *replicas = row
    name = text_of(host or b"")
    return Range(int(first), int(last), (asked[0] if name in ("", "?") else name, int(port)), len(replicas))


class _Following:
    """A connection that goes, each time it connects, to the node which then has the records."""

    def __init__(self, *, cluster: Cluster, **options: Any) -> None:
        self._cluster = cluster
        super().__init__(**options)

    def _connect(self) -> Any:
        self.host, self.port = self._cluster.meet()
        return super()._connect()  # type: ignore[misc]


class FollowingConnection(_Following, Connection):
    """In plain text."""


class FollowingTLSConnection(_Following, SSLConnection):
    """Encrypted."""


def cluster_client(url: str, options: Mapping[str, Any]) -> redis.Redis:
    """A client of the node that has the records, by `redis+cluster://user:password@host:port,host:port` (or `rediss+…`).

    Raises ValueError for a URL that is none.
    """
    cluster, given, tls = reached(url, options)
    made = FollowingTLSConnection if tls else FollowingConnection
    return redis.Redis(connection_pool=ConnectionPool(made, cluster=cluster, **given))


def reached(url: str, options: Mapping[str, Any]) -> tuple[Cluster, dict[str, Any], bool]:
    """What a URL says: the cluster, the options of every connection to it, and whether they are encrypted."""
    address = read_address(url, PORT)
    if address.path and address.path != ("0",):
        raise ValueError("a cluster has one database, 0")
    tls = address.scheme.startswith("rediss")
    given = {**_login(address.user, address.password), **_plain(url), **options}
    return Cluster(address.hosts, given, tls=tls), given, tls


def record_slot() -> int:
    """The slot of all that is not a bucket."""
    return key_slot(Keys(CLUSTER).schema.encode())


def _login(user: str, password: str) -> dict[str, str]:
    return {name: value for name, value in (("username", user), ("password", password)) if value}


def _plain(url: str) -> dict[str, Any]:
    """redis-py's reading of the URL's options."""
    scheme, _, _ = url.partition("+cluster")
    query = url.partition("?")[2]
    read = parse_url(f"{scheme}://host/0?{query}")  # type: ignore[no-untyped-call]
    return {name: value for name, value in read.items() if name not in ("host", "db", "connection_class")}


def cluster_of(client: redis.Redis) -> Cluster | None:
    """The cluster that a client is of, None for one of a single server."""
    found = client.connection_pool.connection_kwargs.get("cluster")
    return found if isinstance(found, Cluster) else None


def failed_over(client: redis.Redis) -> bool:
    """Whether the node of a cluster that has the records was another's replica when the run began."""
    cluster = cluster_of(client)
    return cluster is not None and cluster.failed_over()


def keys_of(client: redis.Redis) -> Keys:
    """The names of keys as they are on this client's server."""
    return Keys(CLUSTER) if cluster_of(client) else Keys()


def nodes_of(client: redis.Redis) -> dict[str, redis.Redis]:
    """The masters of a cluster by their addresses; none of a single server."""
    cluster = cluster_of(client)
    nodes = cluster.masters() if cluster else ()
    return {f"{host}:{port}": cluster.client((host, port)) for host, port in nodes if cluster}


def uncopied(client: redis.Redis) -> list[str]:
    """The masters of a cluster that have no replica, by their addresses."""
    cluster = cluster_of(client)
    alone = {one.node for one in cluster.ranges() if not one.replicas} if cluster else set()
    return [f"{host}:{port}" for host, port in sorted(alone)]


def servers_of(client: redis.Redis) -> list[redis.Redis]:
    """Clients of all servers that keep something: of a cluster its masters, else the client itself."""
    return list(nodes_of(client).values()) or [client]
