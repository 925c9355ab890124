"""What is asked twice, or of two times, makes the stories that asking once makes; on a real server."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import redis

from dedup.model import Article, Newcomer
from pipelines.placing import Placer, Rules, Submission
from pipelines.telling import StoryTeller
from storage.index import Index
from storage.keys import Keys
from storage.line import Line
from storage.reader import Reader

Write = Callable[..., Article]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAMES = [
    "harrow",
    "wexley",
    "quillon",
    "fellmoor",
    "dunmere",
    "ospring",
    "tamar",
    "brandt",
    "castel",
    "ostrava",
    "kestrel",
    "pearl",
    "glint",
    "morrow",
]
COMMON = [
    "the",
    "a",
    "said",
    "that",
    "on",
    "of",
    "in",
    "was",
    "were",
    "by",
    "with",
    "after",
    "before",
    "people",
    "police",
    "officials",
]
# What is told of a time is kept in slices of half a window.
HALF_WINDOW = Rules().stories.window_days * 86_400 // 2
EDGE = datetime.fromtimestamp((NOW.timestamp() // HALF_WINDOW + 1) * HALF_WINDOW, UTC)
BEFORE, AFTER = EDGE - timedelta(minutes=10), EDGE + timedelta(minutes=10)
AGROUND = (
    "The ferry Pearl ran aground off Harrowmouth, the coastguard said. Among the passengers was the novelist Imre Castellane, "
    "who was on his way to the Dunmere book fair and read from his Ostrava trilogy in the saloon.",
    "Tugs reached the ferry Pearl off Harrowmouth after captain Tobias Wexley radioed that she had run aground.",
    "Captain Tobias Wexley of the ferry Pearl, aground off Harrowmouth, radioed for help, said harbour officials.",
    "Harbour officials at Harrowmouth said the ferry Pearl was aground and captain Tobias Wexley awaited tugs.",
)


def about(draw: random.Random) -> str:
    """Some words on one of two events, and others."""
    names = draw.sample([f"{name}{draw.randrange(2)}" for name in NAMES], 6)
    words = (
        draw.choice(names)
        if draw.random() < 0.3
        else f"{draw.choice(COMMON)}{draw.choice(['', draw.randrange(4_000)])}"
        for _ in range(draw.randint(20, 50))
    )
    return " ".join(words)


def stories(client: redis.Redis, write: Write, batches: Sequence[Sequence[str]]) -> set[frozenset[str]]:
    """Which articles are in one story."""
    client.flushall()
    placer, found = Placer(Index(client, Keys()), Rules()), dict[str, set[str]]()
    for b, texts in enumerate(batches):
        placer.place(
            [Submission(write(f"{b}-{i}", text, outlet=f"{b}-{i}.example")) for i, text in enumerate(texts)],
            NOW,
        )
    for article in Reader(client).all_articles():
        found.setdefault(article.story, set()).add(article.id)
    return {frozenset(members) for members in found.values()}


@pytest.mark.parametrize("seed", range(5))
def test_a_text_does_not_find_those_that_come_after_it(
    client: redis.Redis, write: Write, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """A connection that broke before the answer came: the call is sent again, and its texts are all there by then."""
    draw = random.Random(seed)
    batches = [[about(draw) for _ in range(8)] for _ in range(3)]
    once, inner = stories(client, write, batches), StoryTeller.enter

    def enter(self: StoryTeller, newcomers: Sequence[Newcomer], line: Line) -> None:
        inner(self, newcomers, line)
        if self._entered is not None:
            self._entered.result()
            self._entered = line.send(self._entered._call)

    monkeypatch.setattr(StoryTeller, "enter", enter)
    assert stories(client, write, batches) == once


@pytest.mark.parametrize("revised", [BEFORE, AFTER])
def test_a_text_that_moved_to_another_time_is_one_text(
    client: redis.Redis, write: Write, revised: datetime
) -> None:
    placer = Placer(Index(client, Keys()), Rules())

    def put(number: int, text: str, seen: datetime) -> None:
        article = write(f"a{number}", text, outlet=f"{number}.example", published=None, seen=seen)
        placer.place([Submission(article)], seen)

    for number, text in enumerate(AGROUND[:3]):
        put(number, text, BEFORE)
    put(0, f"{AGROUND[0]} Nobody was hurt.", revised)
    put(3, AGROUND[3], revised)
    assert len({article.story for article in Reader(client).all_articles()}) == 1
