"""The scoring of recorded pages, on invented texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from benchmarks.page_judge import Side, furniture, kept_beyond, lines, lost, owed_headlines, says, side, words
from benchmarks.page_report import reached
from benchmarks.page_score import folded, mark, same_day, score, shingles
from benchmarks.page_speed import Lap, deal, ratios, total, turns
from benchmarks.page_systems import Ours, Reading, attempt, plain
from crawler.model import Page
from dedup.model import Article, Segment, SegmentKind

HEADLINE = "Ferry runs aground off Harrowmouth in thick morning fog"
LEAD = "All 214 passengers were taken ashore by boats before noon."
ROW = {
    "file": "f.html",
    "title": HEADLINE,
    "text": f"{LEAD}\n\nWhat is known\n\nNo one was hurt.",
    "published": "",
}
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def judged(*segments: tuple[SegmentKind, str], text: str = ROW["text"]) -> Side:
    article = Article(
        id="a", url="", outlet="", lang="en", title=HEADLINE, seen=NOW,
        segments=tuple(Segment(kind, "paragraph", said) for kind, said in segments),
    )  # fmt: skip
    return side(Ours(Page("", "", HEADLINE, (), "en"), article), ROW | {"text": text})


def test_shingles_are_counted() -> None:
    assert shingles("a b c d e")[("b", "c", "d", "e")] == 1
    assert shingles("Two words") == {("two", "words"): 1}
    assert shingles("a a a a a")[("a",) * 4] == 2
    assert not shingles("…")


def test_a_body_is_scored() -> None:
    whole = mark(Reading(str(ROW["text"]), f" {HEADLINE} "), ROW)
    half = mark(Reading(LEAD, "Ferry"), ROW)
    none = mark(Reading("", failed=True), ROW)
    assert (whole.extra, whole.missed, whole.title, whole.date) == (0, 0, True, None)
    assert (half.extra, half.title, half.body) == (0, False, True)
    assert half.missed > 0
    scored = score("s", "set", [whole, none])
    assert (scored.page_f1, scored.with_body, scored.failed, scored.title) == (0.5, 1, 1, 0.5)
    assert (scored.precision, scored.recall, scored.date) == (1, 0.5, None)
    assert mark(Reading(LEAD), ROW).title is None


def test_titles_and_dates() -> None:
    assert folded("Ｆog \u00a0 at\nsea") == "Fog at sea"
    late = datetime(2026, 1, 6, 23, 30, tzinfo=UTC)
    assert same_day("2026-01-07 00:30:00+01:00", late)
    assert same_day("2026-01-07", late.astimezone(timezone(timedelta(hours=1))))
    assert not same_day("2026-01-08", late)
    assert not same_day("2026-01-06", None)


def test_words_of_all_scripts() -> None:
    assert words("___ – …") == ()
    assert words("“Fog”, SAID ﬁve") == ("fog", "said", "five")
    assert words("大雨 in 東京") == ("大", "雨", "in", "東", "京")
    assert lines("One.\n\n***\nTwo") == [("one",), ("two",)]


@pytest.mark.parametrize(
    ("line", "again"),
    [
        (HEADLINE.upper() + "!", True),
        (HEADLINE.replace("thick", "dense"), False),
        (HEADLINE + " Monday", True),
        (f"Live: {HEADLINE} – Harrowmouth Courier, page one and more", False),
        ("Ferry runs aground", False),
        ("", False),
    ],
)
def test_a_line_says_the_headline(line: str, again: bool) -> None:
    assert says(words(HEADLINE), words(line)) is again


def test_a_headline_that_gold_has_may_stay() -> None:
    headline, kept = words(HEADLINE), [words(HEADLINE), words(LEAD), words(HEADLINE)]
    assert kept_beyond(headline, kept, []) == [0, 2]
    assert kept_beyond(headline, kept, [headline]) == [2]
    assert kept_beyond((), kept, []) == []
    assert len(owed_headlines(judged(("text", LEAD), text=HEADLINE)).wrong) == 1
    assert owed_headlines(judged(("text", HEADLINE), text=HEADLINE)).wrong == ()


def test_lines_lost() -> None:
    gold = [("q",), ("a", "b", "c", "d", "e"), ("q",)]
    assert lost([("q",), ("q",), ("x",), ()], [("q",)], gold) == [True, False, False, False]
    run = [("b", "c", "d", "e")]
    assert lost(run, [], gold) == [False]
    assert lost(run, [], gold, runs=True) == [True]
    assert lost(run, [gold[1]], gold, runs=True) == [False]
    assert lost([("b", "c", "d")], [], gold, runs=True) == [False]


def test_furniture_is_every_other_kind() -> None:
    page = judged(("text", LEAD), ("headline", HEADLINE), ("stray", "What is known"), ("ad", "Advertisement"))
    verdict = furniture(page)
    assert verdict.lines == 2
    assert [(found.kind, found.text) for found in verdict.wrong] == [("stray", "What is known")]


def test_pages_are_dealt_by_size() -> None:
    assert deal([1, 9, 5, 7]) == [[1, 0], [3, 2]]
    assert deal([]) == [[], []]


def test_ratios_are_of_one_round() -> None:
    laps = {"newsfold": [1.0, 2.0, 1.0], "peer": [2.0, 4.0, 9.0]}
    assert ratios(laps) == {"peer": 2.0}
    assert total([Lap(1.0, 0.5, 1), Lap(2.0, 0.5, 0)]) == (3.0, 1.0, 1)
    assert turns(["a", "b", "c"], 4) == ["b", "c", "a"]


def test_targets_are_met_or_not_or_not_measured() -> None:
    assert reached(0.965, ">=", 0.965)
    assert not reached(1.0, ">", 1.0)
    assert reached(0.005, "<=", 0.005)
    assert reached(None, ">=", 0.9) is None


def test_what_raises_has_read_nothing() -> None:
    def broken(_: object) -> Reading:
        raise ValueError

    assert attempt(broken, None) == Reading("", failed=True)  # type: ignore[arg-type]


def test_markup_made_plain() -> None:
    assert lines(plain("<div><h2>One</h2><p>T<b>w</b>o<br>three</p>four</div>")) == [
        ("one",), ("two",), ("three",), ("four",),
    ]  # fmt: skip
