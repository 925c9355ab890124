"""Cleaning: the headline once, repeats recorded, furniture set apart."""

from __future__ import annotations

import pytest

from dedup.clean import clean, shorten
from dedup.headline import repeats_headline
from dedup.markers import is_stray, marker
from dedup.model import Place

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


@pytest.mark.parametrize(
    ("first", "again", "kinds"),
    [
        (PARAGRAPH, PARAGRAPH, ["text", "text", "repeat"]),
        (PARAGRAPH, PARAGRAPH.replace("lundi", "mardi"), ["text", "text", "text"]),
        (PARAGRAPH, PARAGRAPH.replace(",", " –").upper(), ["text", "text", "repeat"]),
        (PARAGRAPH + OTHER, PARAGRAPH[:70] + "…", ["text", "text", "repeat"]),
        (PARAGRAPH[:70] + " […]", PARAGRAPH + OTHER, ["repeat", "text", "text"]),
        ("Trois mots seulement", "Trois mots seulement", ["text", "text", "text"]),
    ],
)
def test_standfirsts_and_paragraphs_said_again(first: str, again: str, kinds: list[str]) -> None:
    between = "Entre les deux se tient un paragraphe qui ne dit rien de tout cela à personne."
    cleaned = clean("Un titre quelconque ici", [("paragraph", t) for t in (first, between, again)])
    assert [s.kind for s in cleaned.segments] == kinds
    assert [(r.segment, r.of) for r in cleaned.repeats] == [
        (i, "paragraph") for i, k in enumerate(kinds) if k == "repeat"
    ]


def test_a_cut_standfirst_then_whole_twice() -> None:
    lines = [PARAGRAPH[:70] + "…", PARAGRAPH + OTHER, PARAGRAPH + OTHER]
    cleaned = clean("Un titre quelconque ici", [("paragraph", t) for t in lines])
    assert [s.kind for s in cleaned.segments] == ["repeat", "text", "repeat"]
    assert [r.segment for r in cleaned.repeats] == [0, 2]


def test_what_an_article_says_again_on_purpose_stays() -> None:
    """A question asked of everybody, an item of many lists, a heading: they are set twice because they are meant."""
    answers = [f"{OTHER} {PARAGRAPH[:40]} {number}" for number in range(8)]
    asked = [line for answer in answers for line in (PARAGRAPH, answer)]
    for place in ("paragraph", "bold"):
        cleaned = clean("Un titre quelconque ici", [(place, line) for line in asked])
        assert cleaned.repeats == ()
    for place in ("list", "table", "heading"):
        assert (
            clean(
                "Un titre quelconque ici", [(place, PARAGRAPH), ("paragraph", OTHER), (place, PARAGRAPH)]
            ).repeats
            == ()
        )


def test_a_body_printed_twice() -> None:
    lines = [" ".join(f"{word}{number}" for word in PARAGRAPH.split()) for number in range(5)]
    body: list[tuple[Place, str]] = [("paragraph", line) for line in lines]
    body.insert(2, ("caption", "Le pont hier"))
    kinds = [s.kind for s in clean("Un titre quelconque ici", [*body, *body]).segments]
    assert kinds == ["text", "text", "caption", *["text"] * 3, "repeat", "repeat", "caption", *["repeat"] * 3]


def test_other_headlines_of_the_article_are_repeats_too() -> None:
    blocks: list[tuple[Place, str]] = [
        ("heading", "Le voyage de Kim"),
        ("paragraph", PARAGRAPH),
        ("bold", HEADLINE),
    ]
    cleaned = clean("Kim en Russie", blocks, headlines=["Le voyage de Kim", HEADLINE, "Kim"])
    assert [s.kind for s in cleaned.segments] == ["headline", "text", "repeat"]
    assert (
        clean("Kim en Russie", [("paragraph", "Kim"), ("paragraph", PARAGRAPH)], headlines=["Kim"]).repeats
        == ()
    )


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        ([("paragraph", "Ann Lee"), ("paragraph", PARAGRAPH)], ["byline", "text"]),
        ([("paragraph", "Von Ann Lee und Bo Kim, Aldorf"), ("paragraph", PARAGRAPH)], ["byline", "text"]),
        ([("paragraph", PARAGRAPH), ("paragraph", OTHER), ("paragraph", "Ann Lee")], ["text", "text", "text"]),
        ([("paragraph", "Ann Lee a vu tout cela de ses propres yeux hier."), ("paragraph", PARAGRAPH)], ["text", "text"]),
        ([("link", "Un autre article"), ("link", "Encore un autre"), ("paragraph", PARAGRAPH)], ["related", "related", "text"]),
        ([("link", "Un autre article"), ("paragraph", PARAGRAPH)], ["text", "text"]),
        ([("paragraph", PARAGRAPH), ("heading", "Climat"), ("paragraph", OTHER)], ["text", "text", "text"]),
        ([("paragraph", PARAGRAPH), ("paragraph", "in"), ("paragraph", OTHER)], ["text", "stray", "text"]),
        ([("paragraph", PARAGRAPH), ("paragraph", OTHER), ("paragraph", "Climat")], ["text", "text", "stray"]),
        ([("paragraph", PARAGRAPH), ("paragraph", "•"), ("paragraph", OTHER)], ["text", "stray", "text"]),
        ([("caption", "Le pont hier"), ("alt", "Un pont sur la mer"), ("paragraph", PARAGRAPH)], ["caption", "text"]),
        ([("paragraph", PARAGRAPH), ("paragraph", "[Wired]")], ["text", "text"]),
        ([("paragraph", PARAGRAPH), ("heading", "Newsletter-Tipps")], ["text", "text"]),
        ([("paragraph", PARAGRAPH), ("heading", "Podcast")], ["text", "stray"]),
        ([("paragraph", "Von Eva Roth und Tim Gold"), ("paragraph", PARAGRAPH)], ["byline", "text"]),
        ([("paragraph", "Stand: 22.04.2024, 06:00 Uhr"), ("paragraph", PARAGRAPH)], ["byline", "text"]),
        ([("paragraph", "November 20, 2019 - 11:28 AMT"), ("paragraph", PARAGRAPH)], ["byline", "text"]),
        ([("paragraph", "2019年11月20日"), ("paragraph", PARAGRAPH)], ["byline", "text"]),
        ([("heading", "What’s new in 2.26 (September pack)?"), ("paragraph", PARAGRAPH)], ["text", "text"]),
        ([("paragraph", PARAGRAPH), ("paragraph", "14:30 Uhr"), ("paragraph", OTHER)], ["text", "text", "text"]),
        ([("paragraph", PARAGRAPH), ("heading", f"Un voyage à très haut risque : {HEADLINE}")], ["text", "text"]),
        ([("paragraph", PARAGRAPH), ("heading", f"Vidéo : {HEADLINE}")], ["text", "repeat"]),
        ([("paragraph", PARAGRAPH), ("paragraph", "© AFP"), ("paragraph", OTHER)], ["text", "credit", "text"]),
        ([("paragraph", PARAGRAPH), ("paragraph", "© AFP")], ["text", "text"]),
        ([("paragraph", PARAGRAPH), ("paragraph", "© 2026 Le Quotidien. Tous droits réservés")], ["text", "credit"]),
    ],
)  # fmt: skip
def test_kinds_by_place(lines: list[tuple[Place, str]], kinds: list[str]) -> None:
    cleaned = clean(HEADLINE, lines, authors=["Ann Lee", "Bo Kim"])
    assert [s.kind for s in cleaned.segments] == kinds


def test_nothing_and_only_a_headline() -> None:
    assert clean("", []).segments == ()
    assert [s.kind for s in clean(HEADLINE, [("heading", HEADLINE)]).segments] == ["headline"]
    assert [s.kind for s in clean("", [("paragraph", "Werbung")]).segments] == ["ad"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Publicité", "ad"), ("ADVERTISEMENT", "ad"), ("Anzeige", "ad"), ("広告", "ad"), ("— Реклама —", "ad"), ("إعلان", "ad"),
        ("Lire aussi : Le pont fermé", "related"), ("関連記事: 橋", "related"), ("Lees ook: De brug dicht", "related"),
        ("Partager", "share"), ("Lesedauer: 4 Minuten", "share"), ("Follow us on Facebook", "share"), ("シェア", "share"),
        ("Sign up for our newsletter and never miss a thing", "newsletter"), ("Inscrivez-vous à notre newsletter", "newsletter"),
        ("Photo: Ann Lee / Agency", "credit"), ("Foto: Ann Lee", "credit"), ("写真：港新聞", "credit"), ("© 2026 Daily Post", "credit"),
        ("We use cookies to make this better.", "cookie"), ("Alle akzeptieren", "cookie"),
        ("Subscribe to continue reading", "paywall"), ("Déjà abonné ?", "paywall"), ("この記事は会員限定です。", "paywall"),
    ],
)  # fmt: skip
def test_markers(line: str, kind: str) -> None:
    assert marker(line) == kind


@pytest.mark.parametrize(
    "line",
    [
        "Advertisement revenue fell by a tenth.",
        PARAGRAPH,
        "Photo opportunities were few.",
        "Related parties must file their accounts by the end of the month, the ministry said in a note on Monday.",
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


TITLE = "Storm Greta batters western Ireland"


@pytest.mark.parametrize(
    "tail",
    [
        "The post {} appeared first on Harbour Courier.",
        "The post {} first appeared on Harbour Courier .",
        "Der Beitrag {} erschien zuerst auf Harbour Courier.",
        "L’article {} est apparu en premier sur Harbour Courier.",
        "La entrada {} se publicó primero en Harbour Courier.",
        "L'articolo {} proviene da Harbour Courier.",
        "O post {} apareceu primeiro em Harbour Courier.",
        "Сообщение {} появились сначала на Harbour Courier.",
        "投稿 {} は Harbour Courier に最初に表示されました。",
    ],
)
def test_where_a_feed_says_at_the_end_the_article_stands_is_no_text(tail: str) -> None:
    lines: list[tuple[Place, str]] = [("paragraph", PARAGRAPH), ("paragraph", tail.format(TITLE))]
    cleaned = clean(TITLE, lines)
    assert [s.kind for s in cleaned.segments] == ["text", "repeat"]
    assert [(r.segment, r.of) for r in cleaned.repeats] == [(1, "headline")]
    assert clean(TITLE, lines[1:]).segments[0].kind == "text", "it is all there is"
    assert [s.kind for s in clean(TITLE, lines[::-1]).segments] == ["text", "text"], "not at the end"


@pytest.mark.parametrize(
    "line",
    [
        "“{}”, the front page said on Tuesday.",
        "The front page said on Tuesday: “{}”.",
        "On Tuesday it said “{}”, and nobody who had been out in it the night before thought that it had said too much.",
        "Storm Greta batters the coast of Ireland, it said.",
    ],
)
def test_who_quotes_a_headline_is_text(line: str) -> None:
    cleaned = clean(TITLE, [("paragraph", PARAGRAPH), ("paragraph", line.format(TITLE))])
    assert [s.kind for s in cleaned.segments] == ["text", "text"]
