"""Exact similarity of texts, on the same shingles as the signatures."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.fingerprint import MOST_CHARACTERS
from dedup.shingles import shingle_batch, tokenise
from dedup.thresholds import MinHashConfig


@dataclass(frozen=True, slots=True)
class Overlap:
    """How two sets of shingles overlap: sizes, what they share, and the ratios (0 where a set is empty)."""

    one: int
    other: int
    shared: int

    @property
    def jaccard(self) -> float:
        """Shared shingles over all shingles of both."""
        union = self.one + self.other - self.shared
        return self.shared / union if union else 0.0

    @property
    def containment(self) -> float:
        """Share of the smaller set that the larger one has."""
        smaller = min(self.one, self.other)
        return self.shared / smaller if smaller else 0.0


def shingle_sets(texts: list[str], config: MinHashConfig) -> list[NDArray[np.uint32]]:
    """The distinct shingle hashes of every text, sorted."""
    batch = shingle_batch(
        tokenise([text[:MOST_CHARACTERS] for text in texts]), config.word_shingle, config.char_shingle
    )
    cuts = batch.offsets.tolist()
    return [np.unique(batch.hashes[a:b]) for a, b in itertools.pairwise(cuts)]


def overlap(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> Overlap:
    """Compare two sets as `shingle_sets` gives them."""
    shared = np.intersect1d(one, other, assume_unique=True).size
    return Overlap(one.size, other.size, int(shared))
