"""Exact similarity of texts, on the same shingles as the signatures."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.fingerprint import MOST_CHARACTERS
from dedup.shingles import Skip, shingle_batch, tokenise
from dedup.thresholds import MinHashConfig

# Shared shingles this close together (in words, or characters of unspaced scripts) are one shared passage:
# a word that was edited or misread breaks three shingles of three words, and no more than that.
GAP = 5
# What two texts of one outlet share at their very beginnings and ends is its furniture while it is short.
_LONGEST_EDGE = 48
_LEAST_REST = 0.4


@dataclass(frozen=True, slots=True)
class Overlap:
    """How two texts overlap: distinct shingles of each and of both, and words of the shorter one.

    `covered` of its `words` lie in passages that both have. All ratios are 0 where there is nothing.
    """

    one: int
    other: int
    shared: int
    words: int
    covered: int

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

    @property
    def coverage(self) -> float:
        """Share of the shorter text's words that lie in shared passages."""
        return self.covered / self.words if self.words else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class ShingledText:
    """A text's shingles in order: hash, first and last word of each; `distinct` are the hashes, sorted."""

    hashes: NDArray[np.uint32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    distinct: NDArray[np.uint32]

    @classmethod
    def of(
        cls, hashes: NDArray[np.uint32], starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> ShingledText:
        """With the distinct hashes worked out; sorting is three times as fast as `np.unique` for a text."""
        ordered = np.sort(hashes)
        fresh = np.ones(len(ordered), dtype=np.bool_)
        np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
        return cls(hashes, starts, ends, ordered[fresh])

    @property
    def words(self) -> int:
        """How many words (or characters of an unspaced script) the shingles span."""
        return int(self.ends[-1] - self.starts[0]) if len(self.ends) else 0

    def part(self, head: int, tail: int) -> ShingledText:
        """The text without its first `head` and last `tail` shingles."""
        kept = slice(head, max(head, len(self.hashes) - tail))
        return ShingledText.of(self.hashes[kept], self.starts[kept], self.ends[kept])


def shingle_texts(
    texts: Sequence[str], config: MinHashConfig, skips: Sequence[Skip] = ()
) -> list[ShingledText]:
    """The shingles of every text, without the words that `skips` leaves out at its beginning and end."""
    cut = [text[:MOST_CHARACTERS] for text in texts]
    batch = shingle_batch(tokenise(cut, skips), config.word_shingle, config.char_shingle)
    return [
        ShingledText.of(batch.hashes[a:b], batch.starts[a:b], batch.ends[a:b])
        for a, b in itertools.pairwise(batch.offsets.tolist())
    ]


def overlap(one: ShingledText, other: ShingledText, *, one_outlet: bool = False) -> Overlap:
    """Compare two texts; of texts of `one_outlet`, what they share at their edges only does not count."""
    if one_outlet:
        one, other = _without_edges(one, other)
    shorter, longer = (one, other) if one.words <= other.words else (other, one)
    shared = int(_found(shorter.distinct, longer.distinct).sum())
    return Overlap(
        one=one.distinct.size,
        other=other.distinct.size,
        shared=shared,
        words=shorter.words,
        covered=_covered(shorter, longer) if shared else 0,
    )


def _found(hashes: NDArray[np.uint32], within: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which of the hashes are among others, which are sorted."""
    if not within.size:
        return np.zeros(len(hashes), dtype=np.bool_)
    at = np.minimum(np.searchsorted(within, hashes), len(within) - 1)
    return np.asarray(within[at] == hashes, dtype=np.bool_)


def _covered(shorter: ShingledText, longer: ShingledText) -> int:
    """The words of the shorter text in passages that both have, bridging gaps of at most `GAP` words."""
    hits = _found(shorter.hashes, longer.distinct)
    starts, ends = shorter.starts[hits], shorter.ends[hits]
    steps = starts[1:] - starts[:-1]
    within = np.where(steps <= GAP, steps, (ends - starts)[:-1]).sum()
    return min(shorter.words, int(within + ends[-1] - starts[-1]))


def _without_edges(one: ShingledText, other: ShingledText) -> tuple[ShingledText, ShingledText]:
    """Both texts without a short beginning and a short end that they share, unless that is most of one.

    Before an outlet's header and footer have been seen often enough to be learnt, they are all that two of
    its short articles may have in common. A teaser is the beginning of its article and stays whole.
    """
    size = min(len(one.hashes), len(other.hashes))
    head = _common(one.hashes[:size], other.hashes[:size])
    tail = _common(one.hashes[: -size - 1 : -1], other.hashes[: -size - 1 : -1])
    # A shingle reaches into the words behind its first one.
    head_words = int(one.ends[head - 1] - one.starts[0]) if head else 0
    tail_words = int(one.ends[-1] - one.starts[-tail]) if tail else 0
    rest = min(one.words, other.words) - head_words - tail_words
    if not (head or tail) or max(head_words, tail_words) > _LONGEST_EDGE or rest <= 0:
        return one, other
    if not (head and tail) and rest < _LEAST_REST * min(one.words, other.words):
        return one, other
    return one.part(head_words, tail_words), other.part(head_words, tail_words)


def _common(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> int:
    """How many hashes two sequences of one length begin with alike."""
    different = np.flatnonzero(one != other)
    return int(different[0]) if different.size else len(one)
