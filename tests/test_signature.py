"""Shingles, signatures and bands: equal to datasketch's, independent of the batch and of order."""

from __future__ import annotations

import numpy as np
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.bands import band_keys
from dedup.fingerprint import fingerprint
from dedup.shingles import shingle_batch, tokenise
from dedup.signature import as_lean_minhash, estimate_jaccard, sign
from dedup.similarity import overlap, shingle_texts
from dedup.text import normalise, tokens
from dedup.thresholds import MinHashConfig

CONFIG = MinHashConfig()
TEXTS = [
    "",
    "word",
    "The ferry ran aground in fog on Monday morning, and all passengers were taken ashore.",
    "座礁した夜行フェリーの乗客二百十四人全員が救助された。",
    "Mixed 日本語 and English — l’été «où» straße ﬁne",
]


def test_signatures_are_datasketchs_bit_for_bit() -> None:
    batch = shingle_batch(tokenise(TEXTS))
    signatures = sign(batch.hashes, batch.offsets)
    for i in range(len(TEXTS)):
        reference = MinHash(num_perm=128, seed=1, scheme="affine32", hashfunc=lambda value: value)
        hashes = batch.hashes[batch.offsets[i] : batch.offsets[i + 1]].tolist()
        if hashes:
            reference.update_batch(hashes)
        assert (signatures[i] == reference.hashvalues).all()


def test_signature_of_more_shingles_than_one_step() -> None:
    hashes = np.arange(5_000, dtype=np.uint32)
    reference = MinHash(num_perm=128, seed=1, scheme="affine32", hashfunc=lambda value: value)
    reference.update_batch(hashes.tolist())
    assert (sign(hashes, np.array([0, 5_000]))[0] == reference.hashvalues).all()


def test_lean_minhash_estimates_the_same() -> None:
    one, other = fingerprint([TEXTS[2], TEXTS[2] + " Nobody was hurt at all."], CONFIG)
    lean = as_lean_minhash(one.signature).jaccard(as_lean_minhash(other.signature))
    assert abs(lean - estimate_jaccard(one.sketch, [other.sketch])[0]) <= 3 / 128
    assert 0.5 < lean < 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=6), st.integers(0, 5))
def test_a_text_does_not_depend_on_its_batch(texts: list[str], which: int) -> None:
    which %= len(texts)
    assert fingerprint(texts, CONFIG)[which] == fingerprint([texts[which]], CONFIG)[0]


@settings(max_examples=40, deadline=None)
@given(st.permutations([f"alpha{i} beta{i} gamma{i}\ndelta{i} epsilon{i} zeta{i}." for i in range(4)]))
def test_a_signature_does_not_depend_on_the_order_of_shingles(parts: list[str]) -> None:
    batch = shingle_batch(tokenise(["x"]))
    hashes = np.concatenate([shingle_batch(tokenise([part])).hashes for part in parts])
    ordered = np.sort(hashes)
    assert (sign(hashes, np.array([0, len(hashes)])) == sign(ordered, np.array([0, len(hashes)]))).all()
    assert len(batch.hashes) == 1


def test_typesetting_does_not_change_a_text() -> None:
    plain = 'The "Northern Pearl" - a ferry - is co-operating & safe'
    typeset = "The “Northern Pearl” — a ferry — is co\u00adoper\u200bating &amp; safe".replace(
        "cooper", "co-oper"
    )
    a, b = fingerprint([plain, typeset.replace("co\u00adoper", "co-\u00adoper")], CONFIG)
    assert a.exact == b.exact


def test_full_width_and_ligatures_fold() -> None:
    assert normalise("ＦＵＬＬ　ｗｉｄｔｈ ﬁne") == "full width fine"
    assert tokens("日本 is ok") == ["日", "本", "is", "ok"]


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_both_ways_to_tokens_agree(text: str) -> None:
    assert tokens(text) == tokens(text + " é")[:-1]


def test_short_and_empty_texts_are_defined() -> None:
    empty, word, same = fingerprint(["", "word", "Word!"], CONFIG)
    assert (empty.shingles, empty.bands, empty.exact) == (0, b"", 0)
    assert word.shingles == 1
    assert word.exact == same.exact


def test_hard_input_is_bounded() -> None:
    texts = [
        "\x00\ud800 nul and a lone surrogate \udfff here",
        "spam " * 200_000,
        "שלום world مرحبا بالعالم اليوم",
    ]
    prints = fingerprint(texts, CONFIG)
    assert all(p.shingles > 0 for p in prints)
    assert estimate_jaccard(prints[1].signature, [prints[0].signature])[0] == 0


def test_bands_tell_their_index() -> None:
    same_rows = np.zeros((1, 128), dtype=np.uint32)
    assert len(set(band_keys(same_rows, 21, 6)[0].tolist())) == 21


def test_overlap_counts_shingles() -> None:
    sets = shingle_texts(["a b c d e", "a b c d f", ""], CONFIG)
    found = overlap(sets[0], sets[1])
    assert (found.shared, found.jaccard, found.containment) == (2, 0.5, 2 / 3)
    assert overlap(sets[0], sets[2]).containment == 0
    assert (found.words, found.covered, overlap(sets[0], sets[2]).coverage) == (5, 4, 0.0)
