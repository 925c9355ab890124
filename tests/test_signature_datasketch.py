"""Signatures as properties: datasketch's bit for bit, whatever the batch, the order and the repetitions."""

from __future__ import annotations

import numpy as np
import pytest
from datasketch import LeanMinHash, MinHash
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dedup import signature
from dedup.shingles import shingle_batch, tokenise
from dedup.signature import as_lean_minhash, estimate_jaccard, sign, sketch

HASHES = st.lists(st.integers(0, 2**32 - 1), max_size=40)
BATCHES = st.lists(HASHES, min_size=1, max_size=6)


def reference(hashes: list[int], num_perm: int = 128, seed: int = 1) -> MinHash:
    """datasketch's own, fed the hashes as they are."""
    minhash = MinHash(num_perm=num_perm, seed=seed, scheme="affine32", hashfunc=lambda value: value)
    minhash.update_batch(hashes)
    return minhash


def signed(texts: list[list[int]], num_perm: int = 128, seed: int = 1) -> NDArray[np.uint32]:
    offsets = np.cumsum([0, *map(len, texts)])
    flat = np.array([value for text in texts for value in text], dtype=np.uint32)
    return sign(flat, offsets, num_perm, seed)


@settings(max_examples=100, deadline=None)
@given(BATCHES, st.sampled_from([1, 16, 126, 128, 130, 256]), st.integers(0, 3))
def test_a_batch_is_what_datasketch_makes_one_by_one(
    texts: list[list[int]], num_perm: int, seed: int
) -> None:
    found = signed(texts, num_perm, seed)
    assert found.shape == (len(texts), num_perm)
    assert found.dtype == np.uint32
    for row, text in zip(found, texts, strict=True):
        assert (row == reference(text, num_perm, seed).hashvalues).all()


@pytest.mark.parametrize("block", [1, 7, 128, 1_000])
def test_the_size_of_working_memory_does_not_show(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(5).integers(0, 2**32, 500).tolist()
    texts = [values[:1], [], values[1:300], values[300:], []]
    expected = signed(texts)
    monkeypatch.setattr(signature, "_BLOCK", block)
    assert (signed(texts) == expected).all()


@settings(max_examples=60, deadline=None)
@given(BATCHES, st.integers(0, 5), st.randoms(use_true_random=False))
def test_neither_batch_nor_order_nor_repetition_matters(
    texts: list[list[int]], which: int, random: object
) -> None:
    which %= len(texts)
    shuffled = texts[which] + texts[which][:3]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert (signed(texts)[which] == signed([shuffled])[0]).all()


@settings(max_examples=60, deadline=None)
@given(HASHES, HASHES)
def test_the_signature_of_a_union_is_the_least_of_both(one: list[int], other: list[int]) -> None:
    a, b, both = signed([one, other, one + other])
    assert (np.minimum(a, b) == both).all()


@settings(max_examples=60, deadline=None)
@given(HASHES, HASHES)
def test_as_datasketchs_own_type(one: list[int], other: list[int]) -> None:
    ours = [as_lean_minhash(row.astype("<u4").tobytes()) for row in signed([one, other])]
    theirs = [LeanMinHash(reference(text)) for text in (one, other)]
    assert ours == theirs
    assert [_serialised(lean) for lean in ours] == [_serialised(lean) for lean in theirs]
    sketches = [row.tobytes() for row in sketch(signed([one, other]))]
    estimate = estimate_jaccard(sketches[0], [sketches[1]])[0]
    # One different row in 256 has the same lowest byte: five of 128 rows are more than chance gives.
    assert abs(estimate - theirs[0].jaccard(theirs[1])) <= 5 / 128


def _serialised(lean: LeanMinHash) -> bytes:
    buffer = bytearray(lean.bytesize())
    lean.serialize(buffer)
    return bytes(buffer)


def test_an_empty_batch_and_empty_texts() -> None:
    assert sign(np.zeros(0, dtype=np.uint32), np.zeros(1, dtype=np.int64)).shape == (0, 128)
    assert (signed([[], []]) == 0xFFFFFFFF).all()
    shingles = shingle_batch(tokenise([]))
    assert (len(shingles.hashes), shingles.offsets.tolist(), len(shingles.exact)) == (0, [0], 0)


@pytest.mark.parametrize("text", ["word", "two words", "東", "é"])
def test_a_text_shorter_than_a_shingle_signs_alike_anywhere(text: str) -> None:
    alone = shingle_batch(tokenise([text]))
    among = shingle_batch(tokenise(["", text, "a long enough text of words", "東京都庁前駅", text]))
    rows = sign(among.hashes, among.offsets)
    assert (rows[1] == sign(alone.hashes, alone.offsets)[0]).all()
    assert (rows[1] == rows[4]).all()
    assert (rows[1] != 0xFFFFFFFF).any()
