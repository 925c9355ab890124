"""All that newsfold keeps in Redis in one file, and back from it.

The file is one zstd frame of MessagePack values: a head (a map), records, and an end (a map) that counts them. A record is
`[type, key, milliseconds to live or nil, part of the value]`; a large value takes several. Types are `string` (bytes),
`hash` (field, value, …), `zset` (member, score, …), `list`, `set`, `stream` (id, [field, value, …], …) and `groups`
(consumer groups of a stream: name, id, …). Nothing in it is a pickle or belongs to one version of the server.

Each key is read as it is at one moment, all of them while others may write: what came meanwhile is in it or is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import IO, Any, TypeVar

import msgpack
import redis
import zstandard

from storage.cluster import servers_of
from storage.errors import BackupRefused
from storage.keys import Keys
from storage.places import Naming, Places
from storage.plain import iso, text_of
from storage.schema import VERSION

T = TypeVar("T")
FORMAT = 1
_SCAN, _PART = 1_000, 2_000
# Values of one pipeline stay within a few megabytes.
_AT_ONCE = 200
Record = tuple[str, bytes, int | None, Any]
Done = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Head:
    """What a backup says of itself: when it was made, the version of the schema, how many keys and records."""

    at: str
    schema: int
    keys: int
    records: int


def backup(
    client: redis.Redis, keys: Keys, file: IO[bytes], now: datetime, done: Done = lambda _: None
) -> Head:
    """Write every key below the prefix; `done` hears of each batch of keys."""
    stored = client.hget(keys.schema, "version")
    schema = int(text_of(stored)) if stored is not None else VERSION
    seen = records = 0
    packer = msgpack.Packer(use_bin_type=True)
    with zstandard.ZstdCompressor(level=6, write_checksum=True).stream_writer(file, closefd=False) as out:
        out.write(packer.pack({"newsfold": "backup", "format": FORMAT, "schema": schema, "at": iso(now)}))
        for server, batch in _named(client, keys):
            for record in _records(server, batch):
                out.write(packer.pack(record))
                records += 1
            seen += len(batch)
            done(len(batch))
        out.write(packer.pack({"keys": seen, "records": records}))
    return Head(iso(now), schema, seen, records)


def _named(client: redis.Redis, keys: Keys) -> Iterator[tuple[redis.Redis, list[bytes]]]:
    """Every key once, some at a time, with the server that has it: a scan may bring one twice.

    How far files were ingested is left out: it could be ahead of articles that were read earlier.
    """
    seen: set[bytes] = set()
    passed = keys.ingested("").encode()

    def names(server: redis.Redis, pattern: str) -> Iterator[bytes]:
        for key in server.scan_iter(match=pattern, count=_SCAN):
            if key not in seen and not key.startswith(passed):
                seen.add(key)
                yield key

    for server in servers_of(client):
        for pattern in keys.patterns:
            yield from ((server, batch) for batch in _batches(names(server, pattern)))


def _batches(names: Iterator[T]) -> Iterator[list[T]]:
    while batch := list(islice(names, _AT_ONCE)):
        yield batch


def _records(client: redis.Redis, names: Sequence[bytes]) -> Iterator[Record]:
    pipe = client.pipeline(transaction=False)
    for name in names:
        pipe.type(name)
        pipe.pttl(name)
    facts = pipe.execute()
    for name, kind, ttl in zip(names, facts[::2], facts[1::2], strict=True):
        # A key that expired meanwhile has no parts.
        for part_kind, part in _READ[text_of(kind)](client, name):
            yield part_kind, name, ttl if ttl >= 0 else None, part


Parts = Iterator[tuple[str, Any]]


def _string(client: redis.Redis, name: bytes) -> Parts:
    value = client.get(name)
    if value is not None:
        yield "string", value


def _hash(client: redis.Redis, name: bytes) -> Parts:
    if client.hlen(name) <= _PART:
        yield from _parts("hash", chain.from_iterable(client.hgetall(name).items()))
    else:
        yield from _parts("hash", chain.from_iterable(dict(client.hscan_iter(name, count=_PART)).items()))


def _zset(client: redis.Redis, name: bytes) -> Parts:
    whole = client.zcard(name) <= _PART
    members: Any = (
        client.zrange(name, 0, -1, withscores=True) if whole else client.zscan_iter(name, count=_PART)
    )
    yield from _parts("zset", chain.from_iterable(dict(members).items()))


def _list(client: redis.Redis, name: bytes) -> Parts:
    yield from _parts("list", iter(client.lrange(name, 0, -1)))


def _set(client: redis.Redis, name: bytes) -> Parts:
    yield from _parts("set", iter(client.smembers(name)))


def _stream(client: redis.Redis, name: bytes) -> Parts:
    start = b"-"
    while True:
        entries: Any = client.xrange(name, min=start, count=_PART // 2)
        if not entries:
            break
        yield "stream", [x for identity, fields in entries for x in (identity, _flat(fields))]
        start = b"(" + entries[-1][0]
    groups = client.xinfo_groups(name)
    if groups:
        yield "groups", [x for group in groups for x in (group["name"], group["last-delivered-id"])]


def _flat(fields: Mapping[bytes, bytes]) -> list[bytes]:
    return [word for pair in fields.items() for word in pair]


def _parts(kind: str, items: Iterator[Any]) -> Parts:
    while part := list(islice(items, 2 * _PART)):
        yield kind, part


_READ: Mapping[str, Callable[[redis.Redis, bytes], Parts]] = {
    "string": _string,
    "hash": _hash,
    "zset": _zset,
    "list": _list,
    "set": _set,
    "stream": _stream,
    "none": lambda *_: iter(()),
}


# --- and back


def inspect(file: IO[bytes]) -> Head:
    """Read a backup to its end, and say what it holds. Raises BackupRefused for anything that is no whole backup."""
    head: Mapping[str, Any] | None = None
    end: Mapping[str, Any] | None = None
    records = 0
    for value in _values(file):
        if head is None:
            head = _checked(value)
        elif isinstance(value, dict):
            end = value
        elif _is_record(value) and end is None:
            records += 1
        else:
            raise BackupRefused("it is damaged: there is something in it that is no record")
    if head is None or end is None or end.get("records") != records:
        raise BackupRefused("it is not whole: its end is missing")
    return Head(str(head["at"]), int(head["schema"]), int(end["keys"]), records)


def _checked(head: object) -> Mapping[str, Any]:
    if not isinstance(head, dict) or head.get("newsfold") != "backup":
        raise BackupRefused("it is not a backup of newsfold")
    if head.get("format") != FORMAT or not isinstance(head.get("schema"), int) or head["schema"] > VERSION:
        raise BackupRefused("it was made by a newer newsfold than this")
    return head


def _is_record(value: object) -> bool:
    return isinstance(value, list) and len(value) == 4 and value[0] in _WRITE and isinstance(value[1], bytes)


def _values(file: IO[bytes]) -> Iterator[Any]:
    file.seek(0)
    try:
        with zstandard.ZstdDecompressor().stream_reader(file, closefd=False) as reader:
            yield from msgpack.Unpacker(
                reader, raw=False, max_buffer_size=1 << 30, unicode_errors="surrogatepass"
            )
    except (zstandard.ZstdError, ValueError, msgpack.exceptions.UnpackException) as error:
        raise BackupRefused(f"it is damaged, or no backup: {error}") from error


def is_empty(client: redis.Redis, keys: Keys) -> bool:
    """Whether nothing is kept below the prefix."""
    return next(_named(client, keys), None) is None


def restore(client: redis.Redis, keys: Keys, file: IO[bytes], done: Done = lambda _: None) -> Head:
    """Put back what a backup holds; what is kept now goes, but not before the backup was read to its end.

    How long a key lives is counted on from now. A backup of a single server put into a cluster, or the other way round,
    comes without the buckets of the index, which `newsfold rebuild` makes (and every crawl asks for). Raises BackupRefused, which leaves all as it is.
    """
    head = inspect(file)
    for server, batch in _named(client, keys):
        for name in batch:
            server.unlink(name)
    places, found = Places(client), Naming(keys)
    for parts in _batches(value for value in _values(file) if isinstance(value, list)):
        by_server: dict[redis.Redis, list[Any]] = defaultdict(list)
        for kind, name, ttl, part in parts:
            if new := found.name(name):
                by_server[places.of(new)].append((kind, new, ttl, part))
        for server, some in by_server.items():
            _write(server, some)
        done(len(parts))
    if found.translated:
        client.hset(keys.schema, "shards", found.shards)
    return head


def _write(server: redis.Redis, parts: Sequence[Any]) -> None:
    pipe = server.pipeline(transaction=False)
    for kind, name, ttl, part in parts:
        _WRITE[kind](pipe, name, part)
        if ttl is not None:
            pipe.pexpire(name, max(1, ttl))
    pipe.execute()


Pipe = redis.client.Pipeline


def _write_stream(pipe: Pipe, name: bytes, part: Sequence[Any]) -> None:
    for identity, fields in zip(part[::2], part[1::2], strict=True):
        pipe.execute_command("XADD", name, identity, *fields)  # type: ignore[no-untyped-call]


def _write_groups(pipe: Pipe, name: bytes, part: Sequence[Any]) -> None:
    for group, last in zip(part[::2], part[1::2], strict=True):
        pipe.xgroup_create(name, group, id=last, mkstream=True)


_WRITE: Mapping[str, Callable[[Pipe, bytes, Any], object]] = {
    "string": lambda pipe, name, part: pipe.set(name, part),
    "hash": lambda pipe, name, part: pipe.hset(name, items=part),
    "zset": lambda pipe, name, part: pipe.zadd(name, dict(zip(part[::2], part[1::2], strict=True))),
    "list": lambda pipe, name, part: pipe.rpush(name, *part),
    "set": lambda pipe, name, part: pipe.sadd(name, *part),
    "stream": _write_stream,
    "groups": _write_groups,
}
