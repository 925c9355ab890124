"""One file of all that is kept, and back: equal, whole or refused, and no pickle."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgpack
import pytest
import redis
import zstandard

from crawler.model import FeedSpec
from dedup.model import Article
from dedup.thresholds import MinHashConfig
from pipelines.placing import Placer, Rules, Submission
from storage import backup as backups
from storage.backup import backup, inspect, is_empty, restore
from storage.errors import BackupRefused
from storage.index import Index
from storage.keys import Keys
from storage.queue import FeedQueue
from storage.schema import check_schema

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def whole(client: redis.Redis) -> dict[bytes, Any]:
    """Every key by its type and value; how long it lives to the hour."""
    read: dict[str, Callable[[bytes], Any]] = {
        "string": client.get,
        "hash": client.hgetall,
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        "list": lambda key: client.lrange(key, 0, -1),
        "set": client.smembers,
        "stream": lambda key: (client.xrange(key), client.xinfo_groups(key)),
    }
    return {
        key: (kind := client.type(key).decode(), read[kind](key), round(client.ttl(key) / 3600))
        for key in client.keys("newsfold:*")
    }


@pytest.fixture
def filled(client: redis.Redis, write: Callable[..., Article]) -> redis.Redis:
    """Articles, feeds, events with a reader, binary values, a set, and a hash of many fields."""
    config = check_schema(client, Keys(), MinHashConfig())
    dice = random.Random(3)
    articles = [
        write(f"a{i}", " ".join(f"w{dice.randrange(300)}" for _ in range(60)), f"T{i}", outlet=f"{i % 5}.x")
        for i in range(40)
    ]
    Placer(Index(client, Keys(), config=config), Rules(minhash=config)).place(
        [Submission(a, (f"http://x/{a.id}",)) for a in articles], NOW
    )
    FeedQueue(client, Keys(), token="t").add_feeds([FeedSpec("http://a.example/feed")], NOW)
    client.xgroup_create("newsfold:events", "readers", id="0-0")
    client.xreadgroup("readers", "one", {"newsfold:events": ">"}, count=7)
    client.hset("newsfold:feed:big:entries", mapping={f"e{i}": os.urandom(8) for i in range(5000)})
    client.zadd("newsfold:scores", {b"\xff\x00": 0.1, "x": 1.7e308, **{f"m{i}": i / 3 for i in range(5000)}})
    client.sadd("newsfold:set", b"\x80", "\ud800".encode("utf-8", "surrogatepass"))
    client.set("another:program", "stays")
    return client


def test_round_trip(filled: redis.Redis) -> None:
    before, file, heard = whole(filled), io.BytesIO(), []
    head = backup(filled, Keys(), file, NOW, heard.append)
    assert head.keys == len(before) == sum(heard)
    assert inspect(file) == head
    filled.flushall()
    assert is_empty(filled, Keys())
    assert restore(filled, Keys(), file) == head
    after = whole(filled)
    # What was read and not acknowledged is not kept: such readers begin after what they were given last.
    for facts in (before, after):
        facts[b"newsfold:events"][1][1][0].pop("pending")
        for extra in ("consumers", "entries-read", "lag"):
            facts[b"newsfold:events"][1][1][0].pop(extra, None)
    assert after == before


def test_what_was_kept_goes_and_other_programs_stay(filled: redis.Redis) -> None:
    file = io.BytesIO()
    backup(filled, Keys(), file, NOW)
    filled.set("newsfold:left", "over")
    restore(filled, Keys(), file)
    assert not filled.exists("newsfold:left")
    assert filled.get("another:program") == b"stays"


def test_placing_goes_on(filled: redis.Redis, write: Callable[..., Article]) -> None:
    file = io.BytesIO()
    backup(filled, Keys(), file, NOW)
    filled.flushall()
    restore(filled, Keys(), file)
    text = filled.hget("newsfold:article:a7", "text")
    config = check_schema(filled, Keys(), MinHashConfig())
    (placed,) = Placer(Index(filled, Keys(), config=config), Rules(minhash=config)).place(
        [Submission(write("again", text.decode(), "T"))], NOW
    )
    assert (placed.verdict, placed.matched) == ("exact", "a7")


def _damaged(good: bytes) -> dict[str, bytes]:
    values = list(msgpack.Unpacker(io.BytesIO(zstandard.ZstdDecompressor().stream_reader(good).read())))
    head, end = values[0], values[-1]

    def packed(*parts: Any) -> bytes:
        return zstandard.compress(b"".join(msgpack.packb(part) for part in parts))

    return {
        "empty": b"",
        "no backup": b"hello\n" * 50,
        "cut": good[: len(good) // 2],
        "a byte": good[:2000] + bytes([good[2000] ^ 1]) + good[2001:],
        "without its end": packed(*values[:-1]),
        "one record less": packed(*values[:-2], end),
        "after its end": packed(*values, values[1]),
        "another type": packed(head, ["pickle", b"k", None, b"x"], {"keys": 1, "records": 1}),
        "newer": packed({**head, "format": 2}, *values[1:]),
        "of a newer schema": packed({**head, "schema": 999}, *values[1:]),
        "of another program": packed({"format": 1}, *values[1:]),
    }


def test_what_is_damaged_changes_nothing(filled: redis.Redis) -> None:
    file = io.BytesIO()
    backup(filled, Keys(), file, NOW)
    before = whole(filled)
    for content in _damaged(file.getvalue()).values():
        with pytest.raises(BackupRefused):
            restore(filled, Keys(), io.BytesIO(content))
    assert whole(filled) == before


def test_no_pickle(filled: redis.Redis) -> None:
    source = Path(backups.__file__).read_text(encoding="utf-8")
    assert "import pickle" not in source
    assert ".dump(" not in source
