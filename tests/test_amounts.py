"""Forms that are filled in anew are texts of their own, for all that their words are the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import redis

from dedup.amounts import amounts, differ_in_amounts
from dedup.model import Article
from newsfold.why import explain
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys
from storage.reader import Reader

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FORM = (
    "{0} on Tuesday reported third-quarter net income of ${1} million, after reporting a loss in the same period a year earlier. "
    "The company, based in {2}, said it had profit of {3} cents per share. Earnings, adjusted for one-time gains and costs, came to "
    "{4} cents per share. It posted revenue of ${5} million in the period. {0} expects full-year revenue in the range of ${6} million "
    "to ${7} million. Its shares have risen {8} percent since the beginning of the year."
)
ONE = FORM.format("Harlow Metals", "12.4", "Dunmere", 31, 28, "240.1", 930, 950, 14)
OTHER = FORM.format("Penrose Software", "88.7", "Fellmoor", 74, 79, "512.3", "1,970", "2,010", 6)


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (ONE, OTHER, True),
        (ONE, ONE.replace("12.4", "12.5").replace(" 31 ", " 32 "), False),  # corrected
        (ONE, OTHER[: len(OTHER) // 2], False),  # half as long: whoever cuts a text loses numbers
        ("Of 10 and 11.", "Of 20 and 21.", False),  # too few to tell
        ("no numbers", "none at all", False),
        ("", "", False),
    ],
)
def test_whether_texts_have_other_numbers(one: str, other: str, differ: bool) -> None:
    assert differ_in_amounts(one, other) == differ_in_amounts(other, one) == differ


def test_numbers_as_they_are_written() -> None:
    assert amounts("On 24.11. at 12:30 some 1,970 of 2.5 million, 7.") == {
        "24.11",
        "12:30",
        "1,970",
        "2.5",
        "7",
    }


def test_a_form_filled_in_anew_is_another_text(client: redis.Redis, write: Callable[..., Article]) -> None:
    texts = {"a": ONE, "b": OTHER, "c": ONE.replace("12.4", "12.5")}
    articles = [write(name, text, outlet=f"{name}.example") for name, text in texts.items()]
    placed = Placer(Index(client, Keys()), Rules()).place([Submission(article) for article in articles], NOW)
    one, other, corrected = (placement.group for placement in placed)
    assert one == corrected != other
    a, b = (Reader(client).article(name) for name in "ab")
    assert a
    assert b
    assert "but most of their numbers are not the same" in explain(a, b, Rules()).sentence
