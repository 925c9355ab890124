"""How far two texts tell one event, within a language and across two."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.harness import DATA
from benchmarks.pairs import (
    Pair,
    best_threshold,
    f1_same,
    facts_of,
    headline,
    load_pairs,
    pearson,
    tfidf_cosines,
)
from benchmarks.similarity import judged_links
from dedup.likeness import likeness, text_facts

ELECTION = {
    "en": ("Opposition wins election in Korvenia",
           "The Harvest Alliance of Alena Mirosh won 41.3 per cent of the vote in Korvenia on Sunday. Prime minister Jovan "
           "Terzak conceded defeat in Beliska before midnight. The alliance has 97 of 210 seats in parliament."),
    "de": ("Machtwechsel in Korwenien: Opposition um Alena Mirosh gewinnt die Wahl",
           "Bei der Parlamentswahl kam die Ernte-Allianz von Alena Mirosh auf 41,3 Prozent. Ministerpräsident Jovan Terzak "
           "räumte in Beliska die Niederlage ein. Die Allianz hat 97 von 210 Sitzen."),
    "tr": ("Korvenya'da seçimi muhalefet kazandı",
           "Alena Mirosh liderliğindeki Hasat İttifakı oyların yüzde 41,3'ünü aldı. Başbakan Jovan Terzak Beliska'da yenilgiyi "
           "kabul etti. İttifakın 210 sandalyeli mecliste 97 sandalyesi var."),
}  # fmt: skip
AGAIN = (
    "Mirosh ousts Terzak after fourteen years",
    "Alena Mirosh, a hydrologist, is to lead Korvenia after her Harvest Alliance took 97 seats. Terzak conceded on Sunday.",
)
OTHER = (
    "Sheepdog trials drawn by rain",
    "Rain washed out the last day of the sheepdog trials at Fellmoor; the judges shared the prize between two collies.",
)


def test_one_event_is_liker_than_another() -> None:
    first, again, other = (text_facts(*told, "en") for told in (ELECTION["en"], AGAIN, OTHER))
    assert likeness(first, again) > 0.4 > 0.2 > likeness(first, other)


@pytest.mark.parametrize(("one", "other"), [("en", "de"), ("en", "tr"), ("de", "tr")])
def test_languages_are_compared_on_the_same_scale(one: str, other: str) -> None:
    here, there = (text_facts(*ELECTION[lang], lang) for lang in (one, other))
    assert likeness(here, there) > 0.4
    assert likeness(here, text_facts(*OTHER, "en")) < 0.2


@pytest.mark.parametrize("lang", ["en", "ja", "zh", "xx", "th"])
@pytest.mark.parametrize(
    "text", ["人々は東京で会った", "Ferry aground", "ไฟไหม้โรงแรมในกรุงเทพ", "하나 둘 셋", "हिन्दी समाचार"]
)
def test_a_text_is_like_itself(text: str, lang: str) -> None:
    facts = text_facts(text, text, lang)
    assert likeness(facts, facts) == pytest.approx(1.0)


def test_inflected_words_are_alike() -> None:
    one = text_facts("", "Ewakuacja szpitala w Krakowie po pożarze", "pl")
    other = text_facts("", "Pożar szpitali krakowskich, ewakuowano pacjentów", "pl")
    assert likeness(one, other) > 0.4


def test_nothing_is_like_nothing() -> None:
    empty = text_facts("", "", "en")
    assert likeness(empty, empty) == 0.0
    assert likeness(empty, text_facts(*OTHER, "en")) == 0.0
    assert likeness(empty, text_facts(*ELECTION["de"], "de")) == 0.0


_LANGS = st.sampled_from(["en", "en-GB", "de", "ja", "ar", "xx", ""])
_TEXTS = st.text(max_size=200) | st.lists(st.sampled_from(ELECTION["en"][1].split()), max_size=40).map(
    " ".join
)


@given(_TEXTS, _TEXTS, _LANGS, _LANGS)
def test_likeness_is_symmetric_and_bounded(one: str, other: str, lang: str, tongue: str) -> None:
    here, there = text_facts("", one, lang), text_facts("", other, tongue)
    assert 0.0 <= likeness(here, there) <= 1.0
    assert likeness(here, there) == pytest.approx(likeness(there, here))
    if here.words:
        assert likeness(here, here) == pytest.approx(1.0)


@given(st.permutations(["Alena Mirosh won", "Jovan Terzak lost", "Beliska voted", "97 of 210 seats"]))
def test_the_order_of_sentences_in_the_lead_does_not_matter(sentences: list[str]) -> None:
    plain = text_facts("", "Alena Mirosh won. Jovan Terzak lost. Beliska voted. 97 of 210 seats", "en")
    assert likeness(plain, text_facts("", ". ".join(sentences), "en")) == pytest.approx(1.0)


PAIRS = [
    Pair(("a b", "a b"), ("en", "en"), 1.0, "original"),
    Pair(("a b", "a c"), ("en", "en"), 2.0, "original"),
    Pair(("a b", "d e"), ("en", "de"), 4.0, "original"),
]


def test_measures_of_the_benchmark() -> None:
    scores = tfidf_cosines(PAIRS)
    assert scores[0] == pytest.approx(1.0)
    assert 0 < scores[1] < 1
    assert scores[2] == 0
    assert pearson(scores, PAIRS) > 0.8
    assert f1_same(scores, PAIRS, best_threshold(scores, PAIRS)) == 1.0
    assert headline("A headline of some length\nand the text") == (
        "A headline of some length",
        "and the text",
    )
    assert headline("") == ("", "")


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "similarity").exists(), reason="needs the measuring data")
def test_follows_peoples_judgement() -> None:
    pairs = [pair for pair in load_pairs() if pair.kind == "original" or pair.across]
    facts = [facts_of(pair) for pair in pairs]
    scored = [(pair, likeness(*both)) for pair, both in zip(pairs, facts, strict=True)]

    def of(chosen: list[tuple[Pair, float]]) -> float:
        return pearson(np.array([score for _, score in chosen]), [pair for pair, _ in chosen])

    assert of([s for s in scored if s[0].kind == "original"]) >= 0.74
    assert of([s for s in scored if s[0].kind == "original" and s[0].langs == ("de", "en")]) >= 0.70
    links = judged_links(pairs, facts)
    assert links["precision"] >= 0.88
    assert links["recall"] >= 0.4
