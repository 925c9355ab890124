"""Normalised text, tokens and shingles: what folds, what separates, and that no text depends on its batch."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.shingles import ShingleBatch, shingle_batch, tokenise
from dedup.text import (
    CHARACTER,
    WORD,
    classify,
    code_points,
    normalise,
    read_batch,
    token_bounds,
    tokens,
)

# Few characters, so that the interesting ones meet: letters, marks, ideographs, stops, invisible ones.
WILD = st.text("aB1é日タก .,!?。\n\x00\u00ad\u200b&;ßﬁ\U0001f600\U000e0100\u0301'\"–א", max_size=60)
PLAIN = st.text("aBz19 .,!?\n\x00\t;:\"'&", max_size=60)


def shingles(text: str) -> set[int]:
    return set(shingle_batch(tokenise([text])).hashes.tolist())


def exact(text: str) -> int:
    return int(shingle_batch(tokenise([text])).exact[0])


def part(batch: ShingleBatch, which: int) -> list[int]:
    return batch.hashes[batch.offsets[which] : batch.offsets[which + 1]].tolist()


@pytest.mark.parametrize(
    ("printed", "folded"),
    [
        ("ＡＢＣ１２３", "abc123"),  # full width
        ("ｶﾞｽ", "ガス"),  # half width, its sound mark composed
        ("ﬁne ﬂight", "fine flight"),  # ligatures
        ("STRASSE Straße", "strasse strasse"),
        ("ΟΔΟΣ οδός", "οδοσ οδόσ"),  # final sigma
        ("e\u0301te\u0301", "été"),  # combining marks composed
        ("co\u00adope\u200bra\u2060tion\ufeff", "cooperation"),
        ("AT&amp;T caf&eacute; &#39;s &quot;", "at&t café 's \""),
        ("&amp;amp;", "&amp;"),  # once
        ("Q&A", "q&a"),
        ("10\u00a0000", "10 000"),  # no-break space
        ("m² № ½", "m2 no 1⁄2"),
        ("", ""),
    ],
)
def test_what_typesetting_varies_folds(printed: str, folded: str) -> None:
    assert normalise(printed) == folded


@pytest.mark.parametrize("dash", ["-", "‐", "–", "—", " - ", " — ", "―", "−"])
def test_dashes_separate_words_alike(dash: str) -> None:
    assert exact(f"the ferry{dash}a large one{dash}sank") == exact("the ferry a large one sank")


@pytest.mark.parametrize("quotes", ['""', "“”", "„“", "«»", "‹›", "''", "‘’", "「」", "＂＂"])
def test_quotation_marks_separate_words_alike(quotes: str) -> None:
    assert exact(f"they said {quotes[0]}no more{quotes[1]} twice") == exact("they said no more twice")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ferry sinks", ["ferry", "sinks"]),
        ("日本 is ok", ["日", "本", "is", "ok"]),
        ("東京Tokyo東京", ["東", "京", "tokyo", "東", "京"]),
        ("ราคาน้ำมัน up", ["ร", "า", "ค", "า", "น", "้", "ํ", "า", "ม", "ั", "น", "up"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),  # marks stay inside words
        ("서울에서 발생", ["서울에서", "발생"]),  # Korean separates words
        ("… !? —", []),
    ],
)
def test_tokens_by_script(text: str, found: list[str]) -> None:
    assert tokens(text) == found


def test_mixed_scripts_are_shingled_run_by_run() -> None:
    mixed = shingles("the ferry ran aground 座礁した夜行フェリー on Monday morning again")
    assert mixed == (
        shingles("the ferry ran aground")
        | shingles("座礁した夜行フェリー")
        | shingles("on Monday morning again")
    )
    assert len(mixed) == 2 + 6 + 2


@pytest.mark.parametrize(
    ("text", "count"),
    [
        *[("", 0), ("—", 0), ("one", 1), ("one two", 1), ("one two three", 1), ("one two three four", 2)],
        *[("東", 1), ("東京都庁", 1), ("東京都庁前", 1), ("東京都庁前駅", 2), ("東京 is far", 2)],
    ],
)
def test_a_run_shorter_than_a_shingle_is_one(text: str, count: int) -> None:
    batch = shingle_batch(tokenise(["before it all", text, "東京", text]))
    assert len(part(batch, 1)) == count
    assert part(batch, 1) == part(batch, 3)
    assert (batch.exact[1] == 0) == (count == 0)


def test_widths_are_as_asked() -> None:
    batch = tokenise(["a b c d e f", "東京都庁前駅"])
    for words, characters in ((1, 1), (2, 3), (6, 6), (9, 9)):
        counts = np.diff(shingle_batch(batch, words, characters).offsets).tolist()
        assert counts == [max(1, 6 - words + 1), max(1, 6 - characters + 1)]


@pytest.mark.parametrize("alphabet", [WILD, PLAIN])
def test_a_text_has_the_same_shingles_in_any_batch(alphabet: st.SearchStrategy[str]) -> None:
    @settings(max_examples=80, deadline=None)
    @given(st.lists(alphabet, min_size=1, max_size=6))
    def check(texts: list[str]) -> None:
        # The last text makes the batch one of 32-bit code points, whatever the others are.
        for batch in (tokenise(texts), tokenise([*texts, "日 é"])):
            found = shingle_batch(batch)
            for which, text in enumerate(texts):
                alone = shingle_batch(tokenise([text]))
                assert part(found, which) == alone.hashes.tolist()
                assert found.exact[which] == alone.exact[0]

    check()


@settings(max_examples=80, deadline=None)
@given(st.lists(WILD, max_size=5))
def test_batches_read_as_texts_do_one_by_one(texts: list[str]) -> None:
    points, classes, ends = read_batch(texts)
    starts, stops = token_bounds(classes)
    read = "".join(map(chr, points.tolist()))
    bounds = [0, *(ends + 1).tolist()]
    found = [
        [read[a:b] for a, b in zip(starts.tolist(), stops.tolist(), strict=True) if low <= a < high]
        for low, high in pairwise(bounds)
    ]
    assert found == [tokens(text) for text in texts]
    assert tokenise(texts).offsets.tolist() == np.cumsum([0, *map(len, found)]).tolist()


@settings(max_examples=80, deadline=None)
@given(WILD, WILD)
def test_exact_hashes_are_of_the_tokens(one: str, other: str) -> None:
    assert (exact(one) == exact(other)) == (tokens(one) == tokens(other))


@settings(max_examples=80, deadline=None)
@given(WILD)
def test_token_bounds_are_runs_of_words_and_single_characters(text: str) -> None:
    classes = classify(code_points(text))
    kinds = "".join("w" if c == WORD else "c" if c == CHARACTER else "-" for c in classes.tolist())
    starts, ends = token_bounds(classes)
    assert list(zip(starts.tolist(), ends.tolist(), strict=True)) == [
        m.span() for m in re.finditer("w+|c", kinds)
    ]


# What the first release made of two texts: stored bands and signatures are made of these.
GOLDEN = [1111447531, 1690271884, 3179930752, 2780134219, 257284298, 3974116532, 1959172673, 1594467928]
GOLDEN_EXACT = [9338225687573174129, 11457877053549738994]


def test_hashes_do_not_change_from_release_to_release() -> None:
    batch = shingle_batch(tokenise(["The ferry ran aground.", "座礁した夜行フェリー"]))
    assert batch.hashes.tolist() == GOLDEN
    assert batch.exact.tolist() == GOLDEN_EXACT
