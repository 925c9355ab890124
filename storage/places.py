"""Where keys belong that come from elsewhere: their names on this server or cluster, and the server that has each."""

from __future__ import annotations

import redis
from redis.crc import key_slot

from storage.cluster import Node, cluster_of
from storage.keys import CLUSTER, SHARDS, Keys, shares_a_slot


class Places:
    """The server of each key."""

    def __init__(self, client: redis.Redis) -> None:
        self._client, self._cluster = client, cluster_of(client)
        self._servers: dict[Node, redis.Redis] = {}

    def of(self, name: bytes) -> redis.Redis:
        """The one that has, or is to have, the key of this name."""
        if self._cluster is None:
            return self._client
        node = self._cluster.owner(key_slot(name)).node
        if node not in self._servers:
            self._servers[node] = self._cluster.client(node)
        return self._servers[node]


class Naming:
    """The names of keys here, given those that they had on a server or a cluster: all but buckets exist on both."""

    def __init__(self, keys: Keys) -> None:
        self._here = keys.prefix.encode()
        other = Keys() if shares_a_slot(keys.prefix) else Keys(CLUSTER)
        self._there, self._plain = other.prefix.encode(), Keys().prefix.encode()
        self._to_cluster = shares_a_slot(keys.prefix)
        self.shards = "1" if self._to_cluster else str(SHARDS)
        self.translated = False

    def name(self, there: bytes) -> bytes | None:
        """The name here; None for a bucket of the other kind of index, which is of no use."""
        if self._is_native(there):
            return there
        self.translated = True
        if not there.startswith(self._there + b":") or _is_bucket(there, self._there):
            return None
        return self._here + there[len(self._there) :]

    def _is_native(self, name: bytes) -> bool:
        """On a cluster the shards of buckets have the plain prefix and a tag with a number in it."""
        if name.startswith(self._here + b":"):
            return not (not self._to_cluster and _is_shard(name, self._plain))
        return self._to_cluster and _is_shard(name, self._plain)


def _is_bucket(name: bytes, prefix: bytes) -> bool:
    """`prefix:{lang}:INDEX:…`, the index in 8 hexadecimal digits."""
    parts = name[len(prefix) + 1 :].split(b":")
    return name[len(prefix) + 1 :].startswith(b"{") and len(parts) > 2 and len(parts[1]) == 8


def _is_shard(name: bytes, prefix: bytes) -> bool:
    """`prefix:{lang.number}:INDEX:…`."""
    tag = name[len(prefix) + 1 :].partition(b"}")[0]
    return tag.startswith(b"{") and b"." in tag
