"""Sentences as lookup keys: what a teaser, a cut and a quotation share with the article they come from.

A teaser of thirty words and its article of five hundred have a Jaccard similarity near 0 and share no
band; they share a sentence.
"""

from __future__ import annotations

import numpy as np

from dedup.shingles import TokenBatch
from dedup.text import CHARACTER

MIN_WORDS, MIN_CHARACTERS, MOST = 7, 12, 48


def sentence_keys(batch: TokenBatch) -> list[tuple[int, ...]]:
    """The 64-bit keys of each text's sentences of at least 7 words or 12 characters, at most 48 a text."""
    bounds = np.unique(np.concatenate((batch.offsets, batch.sentence_starts)))
    starts, ends = bounds[:-1], bounds[1:]
    long_enough = ends - starts >= np.where(
        batch.classes[np.minimum(starts, max(0, len(batch.classes) - 1))] == CHARACTER
        if len(batch.classes)
        else np.zeros(len(starts), dtype=bool),
        MIN_CHARACTERS,
        MIN_WORDS,
    )
    starts, ends = starts[long_enough], ends[long_enough]
    keys = batch.hasher.spans(starts, ends)
    cuts = np.searchsorted(starts, batch.offsets)
    return [
        tuple(dict.fromkeys(keys[a : min(b, a + MOST)].tolist()))
        for a, b in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)
    ]
