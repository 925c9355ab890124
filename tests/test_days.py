"""Weekdays that texts name: found in many languages, compared, kept with the vector, and heeded where stories are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.days import day_names, day_share, day_shares, named_days
from dedup.neighbourhood import Neighbourhood
from dedup.stories import decide_story
from dedup.terms import TermVector, count_terms, no_frequencies, weigh, words
from dedup.thresholds import StoryConfig
from storage.vectors import Known, Model, known_texts, vector_posting

CONFIG = StoryConfig()
TIME = 1_795_000_000
CLAIMS = "Jobless claims fall, Labor Department says"


def vector(text: str, title: str = CLAIMS) -> TermVector:
    return weigh(count_terms(title, text, "en", CONFIG.terms), no_frequencies(), CONFIG.terms)


def kept_slots(told: TermVector) -> list[int]:
    """Those whose weight, which is kept in a byte, is not 0."""
    kept: list[int] = told.slots[np.rint(told.weights * 255) > 0].tolist()
    return kept


def read_back(text: bytes, model: Model | None = None) -> Known:
    return known_texts([(1, text, b"")], {}, room=1, width=CONFIG.terms.terms, model=model)


@pytest.mark.parametrize(
    ("text", "lang", "names"),
    [
        ("The bank closed on Tuesday.", "en", ("Tuesday",)),
        ("Between MONDAY and Friday", "en", ("Monday", "Friday")),
        ("Die Bank schloss am Dienstag.", "de", ("Tuesday",)),
        ("La banque a fermé dimanche.", "fr", ("Sunday",)),
        ("El miércoles cerró el banco.", "es", ("Wednesday",)),
        ("Банк закрылся в понедельник", "ru", ("Monday",)),
        ("The bank closed on Tuesday.", "de", ()),
        ("no day at all", "en", ()),
        ("Tuesday", "xx", ()),
    ],
)
def test_weekdays_are_found_by_their_names(text: str, lang: str, names: tuple[str, ...]) -> None:
    assert day_names(named_days(words(text), lang)) == names


def test_days_are_read_in_the_headline_and_the_first_words_only() -> None:
    filler = "word " * CONFIG.terms.day_words
    assert day_names(vector("", "Vote on Thursday").days) == ("Thursday",)
    assert day_names(vector(f"On Monday {filler} on Friday").days) == ("Monday",)


@given(one=st.integers(0, 127), other=st.integers(0, 127))
def test_a_day_in_common_brings_two_texts_nearer_and_others_part_them(one: int, other: int) -> None:
    near, strange = (
        day_share(one, other, alike, CONFIG) for alike in (CONFIG.near + 0.01, CONFIG.near - 0.01)
    )
    if one & other:
        assert near == pytest.approx(CONFIG.same_day)
        assert strange == 0.0
    else:
        assert near == strange == pytest.approx(-CONFIG.other_day if one and other else 0.0)
    alike = np.full((2, 2), 0.5, np.float32)
    assert day_shares(np.array([one, other], np.uint8), alike, CONFIG)[1, 0] == pytest.approx(near)


@given(days=st.integers(0, 127), time=st.integers(-(2**38), 2**38))
def test_days_and_times_come_back_as_they_were_kept(days: int, time: int) -> None:
    told = vector("The department said on Tuesday.")
    posting = vector_posting(
        "g000000000001", time, TermVector(told.terms, told.slots, told.weights, days), 32
    )
    around = read_back(posting.text).around
    assert (around.times, around.days([0]).tolist()) == ([time], [days])
    assert around.vector(0)[0].tolist() == kept_slots(told)


def test_a_text_without_terms_comes_back() -> None:
    empty = TermVector((), np.zeros(0, np.uint16), np.zeros(0, np.float32))
    assert len(read_back(vector_posting("g000000000001", TIME, empty, 32).text).around.vector(0)[0]) == 0


def test_vectors_kept_before_days_were_are_read_still() -> None:
    told, model = vector("The department said on Tuesday."), Model(b"mark", 3)
    body = vector_posting("g000000000001", TIME, told, 32).text[8:]
    plain = TIME.to_bytes(8, "big", signed=True) + body
    modelled = (
        b"\x01" + bytes([len(told.slots)]) + TIME.to_bytes(6, "big", signed=True) + body + b"mark\x7f\0\0"
    )
    for text, used in ((plain, None), (modelled, model)):
        around = read_back(text, used).around
        assert (around.times, around.days([0]).tolist()) == ([TIME], [0])
        assert around.vector(0)[0].tolist() == kept_slots(told)


@pytest.mark.parametrize(
    ("day", "share"), [("Thursday", CONFIG.same_day), ("Friday", -CONFIG.other_day), ("the day after", 0.0)]
)
def test_a_score_tells_of_the_days(day: str, share: float) -> None:
    def score(config: StoryConfig) -> float:
        around = Neighbourhood.empty(2, config.terms.terms)
        for number, when in enumerate(("Thursday", day)):
            told = vector(
                f"Claims for unemployment benefits fell to a new low, the department said on {when}."
            )
            own = around.add(f"g{number}", 0, told.slots, told.weights, days=told.days)
            found = decide_story(own, told, range(number), around, 1_000, config, str).score
        return found

    assert score(CONFIG) - score(replace(CONFIG, same_day=0.0, other_day=0.0)) == pytest.approx(
        share, abs=1e-6
    )
