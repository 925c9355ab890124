"""Anchors: a sample of a text's shingles as lookup keys, shared by a cut or teaser and where it comes from.

A teaser of thirty words and its article of five hundred have a Jaccard similarity near 0 and share no
band. They share shingles; which ones are indexed is decided by the shingle's own hash (Broder's "0 mod m"
sampling, 1997), so that both texts choose the same. The beginning, where teasers come from, is sampled
more densely than the rest; as 64 and 16 are multiples of 4, what is chosen later in one text is chosen
at the beginning of another as well.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from dedup.shingles import ShingleBatch, UInts

# Up to this word of a text: one shingle of so many. A text of 130 words has about 20 anchors, one of 500 about
# 43. In a prototype on the synthetic reprints this lost .0008 of ARI against indexing every shingle.
_DENSITY = ((64, 4), (600, 16))
_BEYOND = 64
MOST = 96


def anchor_keys(batch: ShingleBatch) -> list[bytes]:
    """The anchors of each text: distinct 64-bit keys, big-endian, one after another; at least one."""
    texts = np.repeat(np.arange(len(batch.offsets) - 1), np.diff(batch.offsets))
    positions = batch.starts - batch.first[texts]
    chosen = np.flatnonzero(_sampled(batch.keys, positions))
    cuts = np.searchsorted(chosen, batch.offsets).tolist()
    keys = batch.keys[chosen].astype(">u8").tobytes()
    found = [keys[8 * a : 8 * b] for a, b in itertools.pairwise(cuts)]
    return [_distinct(blob) if blob else _least(batch, text) for text, blob in enumerate(found)]


def _sampled(keys: UInts, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    density = np.full(len(keys), _BEYOND - 1, dtype=np.uint64)
    for limit, one_of in reversed(_DENSITY):
        density[positions < limit] = one_of - 1
    return np.asarray((keys & density) == 0, dtype=np.bool_)


def _distinct(blob: bytes) -> bytes:
    keys = dict.fromkeys(blob[at : at + 8] for at in range(0, len(blob), 8))
    return b"".join(itertools.islice(keys, MOST))


def _least(batch: ShingleBatch, text: int) -> bytes:
    """The smallest key of a text in which none was sampled; none for a text without words."""
    keys = batch.keys[batch.offsets[text] : batch.offsets[text + 1]]
    return keys.min().astype(">u8").tobytes() if keys.size else b""
