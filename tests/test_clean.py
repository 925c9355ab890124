"""Cleaning: the headline once, repeats recorded, furniture set apart."""

from __future__ import annotations

import pytest

from dedup.clean import clean, shorten
from dedup.headline import repeats_headline
from dedup.markers import is_stray, marker

HEADLINE = "Kim se rendra « bientôt » en Russie à l'invitation du président"
PARAGRAPH = (
    "La Corée du Nord a confirmé lundi que son dirigeant se rendra bientôt en Russie pour des entretiens."
)
OTHER = "Le voyage devrait durer vingt heures ou plus, selon des responsables du gouvernement voisin."


@pytest.mark.parametrize(
    "said",
    [
        HEADLINE,
        HEADLINE.upper(),
        HEADLINE.replace("« ", '"').replace(" »", '"'),
        HEADLINE[:40] + "…",
        HEADLINE + " - RFI",
        "RFI | " + HEADLINE,
    ],
)
def test_the_headline_said_again_is_recognised(said: str) -> None:
    assert repeats_headline(HEADLINE, said) > 0.5
    assert repeats_headline(said, HEADLINE) > 0.5


@pytest.mark.parametrize(
    "text", [f"« {HEADLINE} », a écrit un journal du soir, citant ses sources.", PARAGRAPH, "", "En"]
)
def test_a_phrase_in_a_sentence_and_other_texts_stay(text: str) -> None:
    assert repeats_headline(HEADLINE, text) == 0


def test_an_article_without_title() -> None:
    lines = ["in", HEADLINE, PARAGRAPH, "Publicité", HEADLINE, OTHER]
    cleaned = clean("", [("paragraph", line) for line in lines])
    assert cleaned.title == HEADLINE
    assert cleaned.headline_in_text
    assert [s.kind for s in cleaned.segments] == [
        "stray",
        "headline",
        "text",
        "ad",
        "repeat",
        "text",
    ]
    (repeat,) = cleaned.repeats
    assert (repeat.segment, repeat.of, repeat.similarity) == (4, "headline", 1.0)


def test_a_paragraph_printed_twice() -> None:
    cleaned = clean("Un titre quelconque ici", [("paragraph", t) for t in (PARAGRAPH, OTHER, PARAGRAPH)])
    assert [s.kind for s in cleaned.segments] == ["text", "text", "repeat"]
    assert cleaned.repeats[0].of == "paragraph"


def test_one_long_line_keeps_its_text() -> None:
    text = "A single line of text without any break in it. " * 10
    cleaned = clean("", [("paragraph", text)])
    assert [s.kind for s in cleaned.segments] == ["text"]
    assert cleaned.title.endswith("…")
    assert len(cleaned.title) <= 121


def test_nothing_and_only_a_headline() -> None:
    assert clean("", []).segments == ()
    assert [s.kind for s in clean(HEADLINE, [("heading", HEADLINE)]).segments] == ["headline"]
    assert [s.kind for s in clean("", [("paragraph", "Werbung")]).segments] == ["ad"]


@pytest.mark.parametrize(
    "line",
    ["Publicité", "ADVERTISEMENT", "Anzeige", "広告", "Lire aussi : Le pont fermé", "関連記事: 橋"],
)
def test_markers(line: str) -> None:
    assert marker(line)


@pytest.mark.parametrize(
    "line",
    [
        "Advertisement revenue fell by a tenth.",
        PARAGRAPH,
        "The photo shows a bridge that has stood there for two hundred years and more, he said to us.",
    ],
)
def test_prose_is_no_marker(line: str) -> None:
    assert marker(line) is None


def test_stray_words() -> None:
    assert is_stray("in")
    assert not is_stray("Non.")
    assert not is_stray("three little words")


def test_shorten_keeps_words() -> None:
    assert shorten("one two three", 8) == "one two…"
    assert shorten("one", 8) == "one"
