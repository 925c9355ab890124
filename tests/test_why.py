"""Why two articles are together: figures, passages in their own spelling, and how both are shown."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from dedup.text import tokens
from newsfold.passages import abridged, passages
from newsfold.showwhy import show_why
from newsfold.why import Reasons, explain
from pipelines.placing import Rules
from storage.views import ArticleView
from tests.timing import within

FERRY = "The ferry Northern Pearl ran aground off Harrowmouth in thick fog on Monday."
CREWS = "Rescue boats took all 214 passengers ashore within three hours, and the crews went home."
LOAF = "The queue for the farthing loaf went round the market square of Castlegate by noon."
ARTICLE = ArticleView(
    id="a1", url="https://a.example/1", outlet="a.example", lang="en", title="Ferry aground", seen=None,
    published=datetime(2026, 11, 23, 8, tzinfo=UTC), group="g1", story="s1", verdict="new", similarity=0.0,
    matched="", score=0.0, terms=(), text=f"{FERRY}\n\n{CREWS}", repeats=0, repeated=(), aside=(), authors=(),
    image="", source="page", revisions=0, headline_in_text=False, skip=(0, 0),
)  # fmt: skip


def compared(text: str, **changes: str) -> Reasons:
    other = replace(ARTICLE, id="b1", outlet="b.example", title="All saved", text=text, **changes)
    return explain(ARTICLE, other, Rules())


def shown(why: Reasons, width: int, *, terminal: bool = True) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=terminal, color_system=None, highlight=False
    )
    show_why(console, why)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("one", "other", "in_one", "in_other"),
    [
        (FERRY, FERRY.upper(), FERRY[:-1], FERRY[:-1].upper()),
        (f"LONDON - {FERRY}", f"{FERRY} {LOAF}", FERRY[:-1], FERRY[:-1]),
        ("« L'été » est fini à Valbrune, hélas", "L’e\u0301te\u0301 est FINI : à Valbrune.", "L'été » est fini à Valbrune", "L’e\u0301te\u0301 est FINI : à Valbrune"),
        ("He &amp; she went to the &eacute;cole today", "he she went to the école TODAY!", "He &amp; she went to the &eacute;cole today", "he she went to the école TODAY"),
        ("die ﬁne Straße ist heute zu lang", "die fine STRASSE ist heute zu kurz", "die ﬁne Straße ist heute zu", "die fine STRASSE ist heute zu"),
        ("Q&A: one two three four five", "A one two three four five", "A: one two three four five", "A one two three four five"),
        ("北京で雨が降った。", "東京で雨が降った！", "京で雨が降った", "京で雨が降った"),
        ("ｶﾞｷﾞグゲゴダ", "ガギグゲゴヂ", "ｶﾞｷﾞグゲゴ", None),
        ("soft\u00adhyphens are in\u200bvisible to all of us", "softhyphens are invisible to all of them", "soft\u00adhyphens are in\u200bvisible to all of", "softhyphens are invisible to all of"),
    ],
)  # fmt: skip
def test_a_passage_is_given_in_each_spelling(one: str, other: str, in_one: str, in_other: str | None) -> None:
    found = passages(one, other)
    if in_other is None:  # five characters are no passage
        assert not found
        return
    (passage,) = found
    assert (passage.a.text, passage.b.text) == (in_one, in_other)
    for text, span in ((one, passage.a), (other, passage.b)):
        assert text[span.start : span.end] == span.text
    assert passage.words == len(tokens(in_one))


def test_passages_are_the_longest_in_the_order_of_the_first_text() -> None:
    found = passages(f"{FERRY} {CREWS} {LOAF}", f"{LOAF} Then. {CREWS} Then. {FERRY}", most=2)
    assert [p.words for p in found] == [15, 15]
    assert [p.a.text for p in found] == [CREWS[:-1], LOAF[:-1]]


def test_context_says_where_the_text_goes_on() -> None:
    ((first),) = passages(f"{CREWS} {FERRY}", f"{FERRY} {LOAF}")
    assert first.a.before.startswith("…")
    assert first.a.before.endswith("home. ")
    assert first.a.after == "."
    assert first.b.before == ""
    assert first.b.after.endswith("…")


def test_what_is_not_in_common() -> None:
    assert passages(FERRY, LOAF) == ()
    assert passages("", FERRY) == ()
    assert passages("one two three four five", "one two three four five") == ()


def test_what_one_text_says_twice_is_matched_once() -> None:
    (passage,) = passages(f"{FERRY} {CREWS} {FERRY}", f"{FERRY} {CREWS}")
    assert passage.words == 28


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abé&;#x3 \u0301ﬁ한각漢\u200b", max_size=60))
def test_a_text_is_in_common_with_itself(text: str) -> None:
    found = passages(text, text)
    assert bool(found) == (len(tokens(text)) >= 6)
    for passage in found:
        assert passage.a == passage.b
        assert text[passage.a.start : passage.a.end] == passage.a.text


@pytest.mark.parametrize("step", [3_000, 17, 2])
def test_three_thousand_words_are_compared_at_once(step: int) -> None:
    words = [f"{'été' if n % 7 else 'x'}{n * 7919 % 1500}" for n in range(3_000)]
    edited = [word if n % step else "edited" for n, word in enumerate(words)]
    one, other = replace(ARTICLE, text=" ".join(words)), replace(ARTICLE, id="b1", text=" ".join(edited))
    explain(one, other, Rules())  # tables that are built once
    within(0.3, lambda: explain(one, other, Rules()))


@pytest.mark.parametrize("word", ["a ", "a b ", "a b c d e x ", "漢"])
def test_a_text_that_repeats_itself_takes_no_longer(word: str) -> None:
    text = (word * 20_000)[:40_000]
    within(1, lambda: passages(text, text[1:] + " y"))


def test_reasons_as_json() -> None:
    told = compared(f"LONDON - {FERRY}\n\nPrinted with additions.").as_dict()
    (passage,) = told["passages"]
    assert passage["a"] == {"start": 0, "end": len(FERRY) - 1, "text": FERRY[:-1]}
    assert passage["b"]["start"] == len("LONDON - ")
    assert passage["words"] == 13
    assert told["bands"]["of"] == Rules().minhash.bands
    assert len(told["bands"]["shared"]) == told["shared_bands"]
    assert 0 < told["jaccard"] < told["containment"] < 1
    assert told["estimate"] == pytest.approx(told["jaccard"], abs=0.2)


def test_all_bands_of_equal_texts_are_shared() -> None:
    why = compared(ARTICLE.text.upper())
    assert why.shared_bands == tuple(range(why.rules.minhash.bands))
    assert why.sentence == "One text: their words are the same."


def test_offsets_count_the_headline_that_stands_in_the_text() -> None:
    one = replace(ARTICLE, headline_in_text=True)
    (passage,) = explain(one, replace(ARTICLE, id="b1"), Rules()).passages
    assert passage.a.start == len("Ferry aground\n\n")


def test_side_by_side_where_there_is_room() -> None:
    lines = shown(compared(f"LONDON - {FERRY}"), 100).splitlines()
    assert lines[0].startswith("One text")
    assert any("a.example · 2026-11-23 08:00" in line and "b.example" in line for line in lines)
    assert any("The ferry Northern Pearl" in line and "LONDON - The ferry" in line for line in lines)
    assert max(map(len, lines)) <= 100


def test_one_under_the_other_where_there_is_not() -> None:
    lines = shown(compared(f"LONDON - {FERRY}"), 60).splitlines()
    assert "13 words in common" in lines
    assert any(line.startswith("A  The ferry Northern Pearl") for line in lines)
    assert any(line.startswith("B  LONDON - The ferry") for line in lines)
    assert max(map(len, lines)) <= 60


def test_brackets_where_there_is_no_terminal() -> None:
    text = shown(compared(f"LONDON - {FERRY}"), 160, terminal=False)
    assert "\x1b" not in text
    assert f"B  LONDON - [{FERRY[:-1]}]." in text
    for word in (
        "Jaccard",
        "estimated",
        "containment",
        f"of {Rules().minhash.bands} shared",
        "anchors",
        "coverage",
    ):
        assert word in text


@pytest.mark.parametrize("width", [60, 100])
def test_nothing_in_common_and_hostile_text(width: int) -> None:
    assert "no passage of six words" in shown(compared(LOAF, group="g2", story="s2"), width)
    text = shown(compared(f"\x1b[31m[red]\u202e {FERRY} [/red]"), width)
    assert "\u202e" not in text
    assert "[31m[red]" in text


def test_a_long_passage_is_abridged() -> None:
    text = " ".join(f"word{n}" for n in range(400))
    short = abridged(text)
    assert len(short) < 500
    assert short.startswith("word0 word1 ")
    assert short.endswith(" word398 word399")
    assert abridged(FERRY) == FERRY
    assert len(abridged("漢" * 2_000)) < 500


def test_the_days_that_both_texts_name_are_told() -> None:
    same, other, none = (
        compared(f"All were saved from the Northern Pearl {when}.")
        for when in ("on Monday", "on Friday", "in time")
    )
    assert same.day_share > 0 > other.day_share
    assert none.day_share == 0
    assert "A names Monday, B Friday" in shown(other, 120)
    assert "A names" not in shown(none, 120)
    assert other.as_dict()["days"] == {"a": ("Monday",), "b": ("Friday",), "share": other.day_share}
