"""The secret of a deployment: where it is from, what it changes, and what a flood of built texts comes to."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import redis
from datasketch import MinHash

from dedup.bands import band_keys
from dedup.fingerprint import fingerprint
from dedup.model import Article
from dedup.salt import salt_of
from dedup.shingles import shingle_batch, tokenise
from dedup.thresholds import MinHashConfig
from pipelines.placing import Placer, Rules, Submission
from pipelines.rebuild import rebuild
from storage.errors import SchemaMismatch
from storage.index import DAY, Index
from storage.keys import Keys
from storage.reader import Reader
from storage.schema import check_schema

Write = Callable[..., Article]
NOW = datetime.now(UTC)
PLAIN = MinHashConfig()
ONE, OTHER = replace(PLAIN, secret="one"), replace(PLAIN, secret="other")


def prose(seed: int, count: int = 80) -> str:
    draw = random.Random(seed)
    return " ".join(f"w{draw.randrange(100_000)}" for _ in range(count))


def test_a_secret_is_made_once_and_kept(client: redis.Redis) -> None:
    first, second = (check_schema(client, Keys(), PLAIN) for _ in range(2))
    assert first == second
    assert len(first.secret) == 32
    client.flushall()
    assert check_schema(client, Keys(), PLAIN).secret != first.secret


def test_a_secret_is_told_nowhere(client: redis.Redis) -> None:
    secret = check_schema(client, Keys(), PLAIN).secret
    with pytest.raises(SchemaMismatch, match=r"index\.seed") as raised:
        check_schema(client, Keys(), ONE)
    assert secret not in str(raised.value)
    assert secret not in repr(replace(PLAIN, secret=secret))


def test_a_configured_seed_is_the_same_everywhere(client: redis.Redis) -> None:
    assert check_schema(client, Keys(), ONE).secret == "one"
    assert check_schema(client, Keys(), PLAIN).secret == "one"
    with pytest.raises(SchemaMismatch, match="newsfold rebuild"):
        check_schema(client, Keys(), OTHER)
    rebuild(client, Keys(), OTHER, 30 * DAY)
    assert check_schema(client, Keys(), PLAIN).secret == "other"


def test_a_second_worker_and_a_rebuild_use_the_stored_one(client: redis.Redis, write: Write) -> None:
    mine = check_schema(client, Keys(), PLAIN)
    Placer(Index(client, Keys(), config=mine), Rules(minhash=mine)).place(
        [Submission(write("a", prose(1)))], NOW
    )
    yours = check_schema(client, Keys(), PLAIN)
    second = Placer(Index(client, Keys(), config=yours), Rules(minhash=yours))
    assert second.place([Submission(write("b", prose(1) + " more"))], NOW)[0].matched == "a"
    assert rebuild(client, Keys(), PLAIN, 30 * DAY) == 2
    assert check_schema(client, Keys(), PLAIN) == mine
    assert second.place([Submission(write("c", prose(1) + " and more"))], NOW)[0].matched in ("a", "b")


def test_an_index_of_the_version_before_is_refused_until_it_is_rebuilt(
    client: redis.Redis, write: Write
) -> None:
    Placer(Index(client, Keys()), Rules()).place([Submission(write("a", prose(2)))], NOW)
    client.hdel("newsfold:schema", "secret")
    client.hset("newsfold:schema", "version", "3")
    with pytest.raises(SchemaMismatch, match="version is 3 there and 4 here"):
        check_schema(client, Keys(), PLAIN)
    assert rebuild(client, Keys(), PLAIN, 30 * DAY) == 1
    now = check_schema(client, Keys(), PLAIN)
    assert len(now.secret) == 32
    placer = Placer(Index(client, Keys(), config=now), Rules(minhash=now))
    assert placer.place([Submission(write("b", prose(2) + " x"))], NOW)[0].matched == "a"


def test_a_server_that_lost_its_data_gets_the_secret_of_the_worker_that_goes_on(
    client: redis.Redis, write: Write
) -> None:
    mine = check_schema(client, Keys(), PLAIN)
    placer = Placer(Index(client, Keys(), config=mine), Rules(minhash=mine))
    client.flushall()
    placer.place([Submission(write("a", prose(3)))], NOW)
    assert check_schema(client, Keys(), PLAIN) == mine


def test_signatures_stay_datasketchs_and_buckets_are_the_deployments() -> None:
    text = prose(4)
    prints = [fingerprint([text], config) for config in (PLAIN, ONE, OTHER)]
    theirs = MinHash(num_perm=128, seed=1, scheme="affine32", hashfunc=int)
    theirs.update_batch(shingle_batch(tokenise([text])).hashes.tolist())
    for found in prints:
        assert np.array_equal(found.signatures[0], theirs.hashvalues)
        assert np.array_equal(found.sketches, prints[0].sketches)
    plain, one, other = (set(found.bands[0].tolist()) for found in prints)
    assert plain.isdisjoint(one)
    assert one.isdisjoint(other)
    plain, one, other = (set(found.anchors.tolist()) for found in prints)
    assert plain.isdisjoint(one)
    assert one.isdisjoint(other)
    assert 5 < len(one) < 60


def test_which_rows_make_a_band_is_secret() -> None:
    """Rows that an attacker sets equal in what were the first band's places are spread over many."""
    rows = np.arange(2 * 128, dtype=np.uint32).reshape(2, 128)
    rows[1, :6] = rows[0, :6]
    assert (band_keys(rows, 21, 6)[0] == band_keys(rows, 21, 6)[1]).sum() == 1
    shared = [(lambda k: int((k[0] == k[1]).sum()))(band_keys(rows, 21, 6, f"s{n}")) for n in range(200)]
    assert sum(shared) == 0
    assert sorted(salt_of("x", 128, 21).order.tolist()) == list(range(128))


def test_copies_are_found_under_any_secret() -> None:
    """Copies with a tenth of their words changed (Jaccard about .6 to .75) share buckets as often as without one."""
    draw, pairs = random.Random(5), []
    for seed in range(60):
        words = prose(seed, 120).split()
        for at in draw.sample(range(120), 6):
            words[at] = "other"
        pairs.append((prose(seed, 120), " ".join(words)))
    for config in (PLAIN, ONE, OTHER, *(replace(PLAIN, secret=f"s{n}") for n in range(5))):
        a, b = (fingerprint(list(side), config) for side in zip(*pairs, strict=True))
        met = [bool((a.bands[i] == b.bands[i]).any()) for i in range(60)]
        anchors = [bool(set(a[i].anchors) & set(b[i].anchors)) for i in range(60)]
        assert sum(map(any, zip(met, anchors, strict=True))) == 60


def built(target: str, count: int, draw: random.Random) -> list[str]:
    """Texts for the first of a target's published buckets, as many as wanted.

    The permutations are public: an attacker puts those shingles of the target into his texts that have its least
    values, words of his own between them, and keeps what falls into the bucket.
    """
    words, batch = target.split(), shingle_batch(tokenise([target]))
    aimed = fingerprint([target], PLAIN)
    deciding = set()
    for i, value in enumerate(batch.hashes.tolist()):
        own = MinHash(num_perm=128, seed=1, scheme="affine32", hashfunc=int)
        own.update_batch([value])
        if (own.hashvalues[:6] == aimed.signatures[0][:6]).any():
            deciding.add(i)
    pieces = [" ".join(words[i : i + 3]) for i in sorted(deciding)]
    tried = [" ".join(f"{piece} x{draw.randrange(10**9)}" for piece in pieces) for _ in range(8 * count)]
    hit = fingerprint(tried, PLAIN).bands[:, 0] == aimed.bands[0, 0]
    return [text for text, is_hit in zip(tried, hit, strict=True) if is_hit][:count]


def test_a_flood_for_one_bucket_stays_bounded_and_others_find_their_groups(
    client: redis.Redis, write: Write
) -> None:
    target, draw = prose(6, 90), random.Random(6)
    flood = built(target, 200, draw)
    assert len(flood) == 200  # without a secret all of them are in the bucket
    config = check_schema(client, Keys(), replace(PLAIN, secret="of this test"))
    aimed, hit = fingerprint([target], config), fingerprint(flood, config)
    assert (hit.bands == aimed.bands[0]).any(axis=1).mean() < 0.1
    placer = Placer(Index(client, Keys(), config=config), Rules(minhash=config, tell_stories=False))
    # The flood is there first: what of it lies in the target's buckets has filled them.
    for start in range(0, 200, 50):
        batch = [write(f"f{n}", flood[n], outlet="evil.example") for n in range(start, start + 50)]
        placer.place([Submission(one) for one in batch], NOW)
    placer.place([Submission(write("origin", target, outlet="good.example"))], NOW)
    sizes = [
        len(v) // 4 for key in client.keys("newsfold:{en}:*:band:*") for v in client.hgetall(key).values()
    ]
    sizes += [
        len(v) // 4 for key in client.keys("newsfold:{en}:*:anchor:*") for v in client.hgetall(key).values()
    ]
    assert max(sizes) <= 16
    copy, edited = (
        write("copy", target, outlet="b.example"),
        write("edit", target + " and more", outlet="c.example"),
    )
    other, again = write("o", prose(7), outlet="d.example"), write("p", prose(7) + " x", outlet="e.example")
    placed = placer.place([Submission(one) for one in (copy, edited, other, again)], NOW)
    home = Reader(client).article("origin")
    assert home is not None
    assert [one.group for one in placed[:2]] == [home.group] * 2
    assert placed[3].matched == "o"
