"""In how many texts terms stood: a table and a list, which are added up now and then, whoever does it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import redis

from dedup.terms import SLOTS, Frequencies
from storage import told
from storage.functions import Functions
from storage.keys import Keys
from storage.termcounts import Late, counts_of, packed_counts
from storage.told import Telling
from storage.vectors import Posting

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Stream:
    """One language's texts, as several workers enter them."""

    def __init__(self, client: redis.Redis) -> None:
        self._functions, self._telling = Functions(client, "newsfold"), Telling(Keys(), window=3 * 86_400)
        self._entered = 0
        self.true = np.zeros(SLOTS, np.uint32)

    def read(self) -> Late:
        return self._functions.run(self._telling.ask_frequencies("en", NOW))

    def fold(self, late: Late) -> int:
        assert late.fold is not None
        return self._functions.run(late.fold)

    def enter(self, *texts: list[int]) -> None:
        frequencies = Frequencies(np.zeros(SLOTS, np.uint32), 0)
        frequencies.added = [np.array(slots, np.uint16) for slots in texts]
        for slots in texts:
            self.true[slots] += 1
        postings = [self._posting() for _ in texts]
        self._functions.run(self._telling.ask_post("en", postings, frequencies, NOW))

    def _posting(self) -> Posting:
        self._entered += 1
        return Posting(f"g{self._entered:012x}", int(NOW.timestamp()), (1,), np.ones(1), b"text")

    def holds(self) -> None:
        found = self.read().frequencies
        assert found.texts == self._entered
        np.testing.assert_array_equal(found.table, self.true)


@pytest.fixture
def stream(client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Stream:
    monkeypatch.setattr(told, "MOST_LATE", 20)
    return Stream(client)


def test_what_is_listed_counts_and_goes_on_counting_when_it_is_folded(stream: Stream) -> None:
    stream.enter([1, 2, 3], [2, 3, 65_535])
    stream.holds()
    assert stream.read().fold is None
    for number in range(10):
        stream.enter(list(range(number, number + 15)), [number])
        stream.holds()
        assert stream.fold(stream.read()) == 1
        stream.holds()
        assert stream.read().fold is None


def test_of_two_who_fold_one_does_and_what_came_in_between_stays(stream: Stream) -> None:
    stream.enter(list(range(30)))
    one, other = stream.read(), stream.read()
    stream.enter([5, 6])
    assert stream.fold(one) == 1
    assert stream.fold(other) == 0
    stream.holds()
    assert stream.fold(one) == 0, "a call that is made again"
    stream.holds()


def test_everything_of_it_expires(stream: Stream, client: redis.Redis) -> None:
    stream.enter(list(range(30)))
    stream.fold(stream.read())
    stream.enter([1])
    keys = list(client.scan_iter("*:df:*"))
    assert len(keys) == 4
    assert all(0 < client.ttl(key) <= 7.5 * 86_400 for key in keys)


def test_a_count_ends_at_what_two_bytes_hold() -> None:
    counts = np.zeros(SLOTS, np.uint32)
    counts[[3, 4]] = 70_000, 7
    again = counts_of(packed_counts(counts), b"")
    assert (int(again[3]), int(again[4]), int(again.sum())) == (65_535, 7, 65_542)
