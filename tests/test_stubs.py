"""Notices that stand in an article's place: two of them are no one text because their words are the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import redis

from dedup.model import Article
from dedup.stubs import stub_of, tell_nothing
from newsfold.why import explain
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys
from storage.reader import Reader

Write = Callable[..., Article]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOTICES = (
    "Click here to read the full story.",
    "This article is for subscribers only. Already a subscriber? Log in to continue reading, or choose one of our plans from $1 a week.",
    "Our reporters discuss the biggest story of the day. Listen and subscribe wherever you get your podcasts.",
)
STORM, BANK = "Storm Greta cuts power to 200,000 Irish homes", "Bank of England holds interest rates at 4%"


@pytest.fixture
def placed(client: redis.Redis, write: Write) -> Callable[..., list[tuple[str, str]]]:
    """The group and the verdict of each of some articles, given by headline and text."""

    def place(*articles: tuple[str, str], at_once: bool = True) -> list[tuple[str, str]]:
        told = [
            Submission(write(f"a{i}", text, title, outlet=f"{i}.example"))
            for i, (title, text) in enumerate(articles)
        ]
        batches = [told] if at_once else [[one] for one in told]
        # Each batch by a worker of its own, which has to fetch what the others placed.
        placements = [Placer(Index(client, Keys()), Rules()).place(batch, NOW) for batch in batches]
        return [(placement.group, placement.verdict) for some in placements for placement in some]

    return place


@pytest.mark.parametrize("notice", NOTICES)
@pytest.mark.parametrize("at_once", [True, False])
def test_under_headlines_that_have_nothing_in_common_they_are_two_texts(
    placed: Callable[..., list[tuple[str, str]]], notice: str, at_once: bool
) -> None:
    (one, _), (other, _), (again, verdict) = placed(
        (STORM, notice), (BANK, notice), (f"{BANK} again", notice), at_once=at_once
    )
    assert one != other == again
    assert verdict == "exact"


def test_one_that_says_something_of_its_headline_is_a_text(
    placed: Callable[..., list[tuple[str, str]]],
) -> None:
    teaser = (
        "Crews were working through the night after the storm felled trees across the west of the country."
    )
    (one, _), (other, verdict) = placed((STORM, teaser), ("What we know so far", teaser))
    assert (one, verdict) == (other, "exact")


@pytest.mark.parametrize(
    ("title", "text", "lang", "is_stub"),
    [
        (STORM, NOTICES[0], "en", True),
        ("Storms cut power", "The storm is over.", "en", False),  # of one stem
        ("大阪で地震", "続きを読む", "ja", True),
        ("大阪で地震", "地震があった。", "ja", False),
        (STORM, "word " * 41, "en", False),
        (STORM, "", "en", False),
        ("", NOTICES[0], "en", False),
        ("What we know", NOTICES[0], "en", False),  # nothing that a text could say
    ],
)
def test_what_a_stub_is(title: str, text: str, lang: str, is_stub: bool) -> None:
    assert (stub_of(title, text, lang) is not None) == is_stub


def test_two_of_which_one_says_something_are_judged_by_their_words() -> None:
    storm, bank = stub_of(STORM, NOTICES[0], "en"), stub_of(BANK, NOTICES[0], "en")
    assert tell_nothing(storm, bank)
    assert not tell_nothing(storm, storm)
    assert not tell_nothing(storm, None)
    assert not tell_nothing(None, None)


def test_why_says_that_they_say_nothing(client: redis.Redis, write: Write) -> None:
    articles = [
        write("a", NOTICES[0], STORM, outlet="a.example"),
        write("b", NOTICES[0], BANK, outlet="b.example"),
    ]
    Placer(Index(client, Keys()), Rules()).place([Submission(article) for article in articles], NOW)
    reader = Reader(client)
    one, other = reader.article("a"), reader.article("b")
    assert one
    assert other
    assert explain(one, other, Rules()).sentence == (
        "Two texts of one story: their words are the same, but they say nothing of their headlines, which have no word in common."
    )
