"""Exact similarity of texts, on the same shingles as the signatures."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.fingerprint import MOST_CHARACTERS
from dedup.shingles import ShingleBatch, Skip, shingle_batch, tokenise
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
    """A text's shingles in order: hash, first and last word of each."""

    hashes: NDArray[np.uint32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]

    @classmethod
    def whole(cls, batch: ShingleBatch) -> ShingledText:
        """Those of a whole batch, as if it were one text."""
        return cls(batch.hashes, batch.starts.astype(np.int32), batch.ends.astype(np.int32))

    def cut(self, part: slice) -> ShingledText:
        """Some of the shingles."""
        return ShingledText(self.hashes[part], self.starts[part], self.ends[part])

    @property
    def distinct(self) -> NDArray[np.uint32]:
        """The distinct hashes, sorted; sorting is three times as fast as `np.unique` for a text."""
        ordered = np.sort(self.hashes)
        fresh = np.ones(len(ordered), dtype=np.bool_)
        np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
        return ordered[fresh]

    @property
    def words(self) -> int:
        """How many words (or characters of an unspaced script) the shingles span."""
        return int(self.ends[-1] - self.starts[0]) if len(self.ends) else 0

    def part(self, head: int, tail: int) -> ShingledText:
        """The text without its first `head` and last `tail` shingles."""
        return self.cut(slice(head, max(head, len(self.hashes) - tail)))


def shingle_texts(
    texts: Sequence[str], config: MinHashConfig, skips: Sequence[Skip] = ()
) -> list[ShingledText]:
    """The shingles of every text, without the words that `skips` leaves out at its beginning and end."""
    if not texts:
        return []
    cut = [text[:MOST_CHARACTERS] for text in texts]
    batch = shingle_batch(tokenise(cut, skips), config.word_shingle, config.char_shingle)
    whole = ShingledText.whole(batch)
    return [whole.cut(slice(a, b)) for a, b in itertools.pairwise(batch.offsets.tolist())]


def overlap(one: ShingledText, other: ShingledText, *, one_outlet: bool = False) -> Overlap:
    """Compare two texts; of texts of `one_outlet`, what they share at their edges only does not count."""
    if one_outlet:
        one, other = _without_edges(one, other)
    shorter, longer = (one, other) if one.words <= other.words else (other, one)
    few, many = shorter.distinct, longer.distinct
    shared = int(_found(few, many).sum())
    ones, others = (few, many) if shorter is one else (many, few)
    return Overlap(
        one=ones.size,
        other=others.size,
        shared=shared,
        words=shorter.words,
        covered=_covered(shorter, many) if shared else 0,
    )


def overlaps(pairs: Sequence[tuple[ShingledText, ShingledText]], one_outlet: Sequence[bool]) -> list[Overlap]:
    """`overlap` of many pairs, in one go for those that need no look at their edges."""
    edged = {p: overlap(*pairs[p], one_outlet=True) for p, edges in enumerate(one_outlet) if edges}
    plain = [p for p in range(len(pairs)) if p not in edged]
    found = dict(zip(plain, _plain_overlaps([pairs[p] for p in plain]), strict=True)) if plain else {}
    return [edged[p] if p in edged else found[p] for p in range(len(pairs))]


def _plain_overlaps(pairs: Sequence[tuple[ShingledText, ShingledText]]) -> list[Overlap]:
    shelf = _Shelf([text for pair in pairs for text in pair])
    given = shelf.places(pairs)
    words = shelf.words[given]
    ordered = np.where((words[:, 0] <= words[:, 1])[:, None], given, given[:, ::-1])
    shared, covered = shelf.compare(ordered)
    rows = zip(*shelf.sizes[given].T.tolist(), shared, words.min(axis=1).tolist(), covered, strict=True)
    return [Overlap(*row) for row in rows]


class _Shelf:
    """The distinct shingles of several texts in one sorted array, each under its text's number."""

    def __init__(self, texts: Sequence[ShingledText]) -> None:
        self._numbers = {id(text): number for number, text in enumerate({id(t): t for t in texts}.values())}
        unique = list({id(text): text for text in texts}.values())
        self.words = np.array([text.words for text in unique])
        self._lengths = np.array([len(text.hashes) for text in unique])
        self._first = np.cumsum(self._lengths) - self._lengths
        self._starts = np.concatenate([text.starts for text in unique])
        self._ends = np.concatenate([text.ends for text in unique])
        tags = np.arange(len(unique) + 1, dtype=np.uint64) << np.uint64(32)
        keys = np.concatenate([text.hashes for text in unique]) | np.repeat(tags[:-1], self._lengths)
        order = np.argsort(keys)
        ordered = keys[order]
        fresh = np.ones(len(keys), dtype=np.bool_)
        np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
        self._keys = ordered[fresh]
        # Which of the distinct ones each shingle is.
        self._which = np.empty(len(keys), dtype=np.int64)
        self._which[order] = np.cumsum(fresh) - 1
        self._bounds = np.searchsorted(self._keys, tags)
        self.sizes = np.diff(self._bounds)

    def places(self, pairs: Sequence[tuple[ShingledText, ShingledText]]) -> NDArray[np.int64]:
        """The numbers of each pair's texts."""
        return np.array([(self._numbers[id(a)], self._numbers[id(b)]) for a, b in pairs])

    def compare(self, pairs: NDArray[np.int64]) -> tuple[list[int], list[int]]:
        """How many distinct shingles of the first text the second has, and how many words of it they cover."""
        ones, others = pairs.T
        at, ends = _stretches(self._bounds[ones], self.sizes[ones])
        tags = (others - ones).astype(np.uint64) << np.uint64(32)
        wanted = self._keys[at] + np.repeat(tags, self.sizes[ones])
        where = np.searchsorted(self._keys, wanted)
        where[where == len(self._keys)] = 0
        there = self._keys[where] == wanted
        shared = np.diff(np.concatenate(([0], np.cumsum(there)))[ends], prepend=0)
        return shared.tolist(), self._covered(ones, there, ends - self.sizes[ones]).tolist()

    def _covered(
        self, ones: NDArray[np.int64], there: NDArray[np.bool_], first: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """As `_covered` of one pair: `there` says of the distinct shingles of each text whether they are shared."""
        at, _ = _stretches(self._first[ones], self._lengths[ones])
        pair = np.repeat(np.arange(len(ones)), self._lengths[ones])
        hits = np.flatnonzero(there[self._which[at] + (first - self._bounds[ones])[pair]])
        at, pair = at[hits], pair[hits]
        starts = self._starts[at]
        covers = self._ends[at] - starts
        steps = np.diff(starts)
        bridged = (steps <= GAP) & (pair[1:] == pair[:-1])
        covers[:-1][bridged] = steps[bridged]
        covered = np.bincount(pair, covers, len(ones)).astype(np.int64)
        return np.asarray(np.minimum(self.words[ones], covered), dtype=np.int64)


def _stretches(
    starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The indices of several stretches, one after another, and where each ends in that list."""
    ends = np.cumsum(sizes)
    return np.arange(ends[-1]) + np.repeat(starts - (ends - sizes), sizes), ends


def _found(hashes: NDArray[np.uint32], within: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which of the hashes are among others, which are sorted."""
    if not within.size:
        return np.zeros(len(hashes), dtype=np.bool_)
    at = np.minimum(np.searchsorted(within, hashes), len(within) - 1)
    return np.asarray(within[at] == hashes, dtype=np.bool_)


def _covered(shorter: ShingledText, distinct: NDArray[np.uint32]) -> int:
    """The words of the shorter text in passages that both have, bridging gaps of at most `GAP` words."""
    hits = _found(shorter.hashes, distinct)
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
