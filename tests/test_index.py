"""The index in Redis: slices of time, bounded buckets, parameters that must agree, and rebuilding."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis

from dedup.fingerprint import fingerprint
from dedup.model import Article
from dedup.thresholds import MinHashConfig
from pipelines.placing import Placer, Rules, Submission
from pipelines.rebuild import rebuild
from storage.errors import SchemaMismatch
from storage.index import DAY, Index
from storage.keys import Keys
from storage.reader import Reader
from storage.schema import check_schema

Write = Callable[..., Article]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINHASH = MinHashConfig()


def prose(seed: int, count: int = 80) -> str:
    draw = random.Random(seed)
    return " ".join(f"w{draw.randrange(100_000)}" for _ in range(count))


def insert(index: Index, names: list[str], texts: list[str], now: datetime = NOW) -> list[list[str]]:
    """Insert texts one call each; the candidates of each."""
    return [
        index.insert_and_read("en", [name], fingerprint([text], MINHASH), now)[1].of(0)
        for name, text in zip(names, texts, strict=True)
    ]


def test_a_batch_sees_its_own_earlier_members_and_never_itself(client: redis.Redis) -> None:
    index, text = Index(client, Keys()), prose(1)
    prints = fingerprint([text, prose(2), text], MINHASH)
    candidates = index.insert_and_read("en", list("abc"), prints, NOW)[1]
    assert [candidates.of(i) for i in range(3)] == [[], [], ["a"]]
    assert candidates.shared_bands.tolist() == [21]
    assert candidates.exact.tolist() == [prints[0].exact]
    assert (8 * candidates.shared_anchors).tolist() == [len(prints[0].anchors)]


def test_hot_texts_keep_buckets_bounded_and_are_found(client: redis.Redis) -> None:
    index, text = Index(client, Keys()), prose(3)
    found = insert(index, [f"a{i}" for i in range(300)], [text] * 300)
    assert all(found[1:])
    for key in client.keys("newsfold:{en}:*:band:*") + client.keys("newsfold:{en}:*:anchor:*"):
        assert max(map(len, client.hvals(key))) <= 4 * 16
    assert found[299][0].startswith("a")


@pytest.mark.slow
def test_slices_go_with_the_retention_and_memory_stays_flat(client: redis.Redis) -> None:
    index = Index(client, Keys(), retention=6 * DAY)
    sizes = []
    for day in range(20):
        now = NOW + timedelta(days=day)
        insert(index, [f"d{day}n{i}" for i in range(20)], [prose(1000 * day + i) for i in range(20)], now)
        sizes.append(sum(client.hlen(key) for key in client.keys("newsfold:{en}:*:print:*")))
    assert sizes[7:] == [140] * 13
    late = NOW + timedelta(days=19)
    assert insert(index, ["again"], [prose(1000 * 14)], late) == [["d14n0"]]
    assert insert(index, ["old"], [prose(1000 * 8)], late) == [[]]
    assert all(client.ttl(key) > 0 for key in client.keys("newsfold:{en}:*"))


def test_other_parameters_are_refused_in_mid_run(client: redis.Redis) -> None:
    insert(Index(client, Keys()), ["a"], [prose(4)])
    with pytest.raises(SchemaMismatch, match="rebuilt with other parameters"):
        insert(Index(client, Keys(), config=MinHashConfig(bands=16, rows=8)), ["b"], [prose(5)])


def test_rebuild_indexes_what_is_stored_and_refuses_old_runs(client: redis.Redis, write: Write) -> None:
    first = check_schema(client, Keys(), MINHASH)
    old = Placer(Index(client, Keys(), config=first), Rules(minhash=first))
    seen = datetime.now(UTC)
    old.place([Submission(write(f"a{i}", prose(i), seen=seen)) for i in range(70)], seen)
    stories = Reader(client).stories()
    other = MinHashConfig(bands=16, rows=8, word_shingle=2)
    assert rebuild(client, Keys(), other, 30 * DAY) == 70
    assert Reader(client).stories() == stories
    other = check_schema(client, Keys(), other)
    assert other.secret == first.secret
    with pytest.raises(SchemaMismatch, match="newsfold rebuild"):
        check_schema(client, Keys(), MINHASH)
    with pytest.raises(SchemaMismatch):
        old.place([Submission(write("late", prose(200)))], seen)
    new = Placer(Index(client, Keys(), config=other), Rules(minhash=other))
    (placed,) = new.place([Submission(write("copy", prose(3) + " and more", seen=seen))], seen)
    assert placed.matched == "a3"
    prefixes = {key.split(b":")[2] for key in client.keys("newsfold:{en}:*:print:*")}
    assert len(prefixes) == 1
    assert rebuild(client, Keys(), other, 30 * DAY) == 71
