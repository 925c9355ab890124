"""Anchors: a sample of a text's shingles as lookup keys, shared by a cut or teaser and where it comes from.

A teaser of thirty words and its article of five hundred have a Jaccard similarity near 0 and share no
band. They share shingles; which ones are indexed is decided by the shingle's own hash (Broder's "0 mod m"
sampling, 1997), so that both texts choose the same, mixed with the deployment's secret. The beginning, where teasers come from, is sampled
more densely than the rest; as 64 and 16 are multiples of 4, what is chosen later in one text is chosen
at the beginning of another as well.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from dedup.salt import salt_of
from dedup.shingles import ShingleBatch, UInts, mix64

# Up to this word of a text: one shingle of so many. A text of 130 words has about 20 anchors, one of 500 about
# 43. In a prototype on the synthetic reprints this lost .0008 of ARI against indexing every shingle.
_DENSITY = ((64, 4), (600, 16))
_BEYOND = 64
MOST = 96


def anchor_keys(batch: ShingleBatch, secret: str = "") -> tuple[UInts, NDArray[np.int64]]:
    """The anchors of all texts, one text after another, and where each text's begin; at least one a text.

    A text's anchors are distinct, at most `MOST`; a text without words has none.
    """
    counts = np.diff(batch.offsets)
    salted = mix64(batch.keys ^ salt_of(secret, 0, 0).anchors) if secret else batch.keys
    positions = batch.starts - np.repeat(batch.first, counts)
    chosen = np.flatnonzero(_sampled(salted, positions))
    offsets = np.searchsorted(chosen, batch.offsets)
    keys = salted[chosen]
    odd = set(np.flatnonzero((np.diff(offsets) == 0) & (counts > 0)).tolist())
    odd |= set(np.flatnonzero(np.diff(offsets) > MOST).tolist())
    odd |= _with_repeats(keys, offsets)
    return _mended(batch, salted, keys, offsets, odd) if odd else (keys, offsets)


def _sampled(keys: UInts, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    density = np.full(len(keys), _BEYOND - 1, dtype=np.uint64)
    for limit, one_of in reversed(_DENSITY):
        density[positions < limit] = one_of - 1
    return np.asarray((keys & density) == 0, dtype=np.bool_)


def _with_repeats(keys: UInts, offsets: NDArray[np.int64]) -> set[int]:
    """The texts that have a key more than once."""
    texts = np.repeat(np.arange(len(offsets) - 1, dtype=np.uint64), np.diff(offsets))
    # Keys are spread over 64 bits, so that one text's, told from another's by a factor, do not meet by chance.
    told_apart = keys * (2 * texts + np.uint64(1))
    ordered = np.sort(told_apart)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    return set(texts[np.isin(told_apart, repeated)].tolist()) if repeated.size else set()


def _mended(
    batch: ShingleBatch, salted: UInts, keys: UInts, offsets: NDArray[np.int64], odd: set[int]
) -> tuple[UInts, NDArray[np.int64]]:
    """With the keys of the odd texts distinct, not too many, and not none."""
    parts = [keys[a:b] for a, b in itertools.pairwise(offsets.tolist())]
    for text in odd:
        parts[text] = _distinct(parts[text]) if parts[text].size else _least(salted[batch.part(text)])
    return np.concatenate(parts), np.concatenate(([0], np.cumsum([len(part) for part in parts])))


def _distinct(keys: UInts) -> UInts:
    return np.array(list(itertools.islice(dict.fromkeys(keys.tolist()), MOST)), dtype=np.uint64)


def _least(keys: UInts) -> UInts:
    """The smallest key of a text in which none was sampled."""
    return np.array([keys.min()], dtype=np.uint64)
