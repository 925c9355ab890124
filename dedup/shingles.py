"""Shingle hashes of whole batches of texts, by polynomial hashes over prefix sums.

The hash of a span [i, j) is (S[j] - S[i]) · B⁻ⁱ modulo 2⁶⁴, where S are prefix sums of x_k · Bᵏ (Karp
and Rabin 1987, with B odd, so that it has an inverse). That makes hashing every token and every shingle
of a batch a handful of array operations, and a span's hash independent of where in the batch it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernels
from dedup.text import CHARACTER, Points, read_batch, token_bounds

UInts = NDArray[np.uint64]
Skip = tuple[int, int]

_BASE_CHARACTER = 0x9E3779B97F4A7C15
_BASE_TOKEN = 0xC2B2AE3D27D4EB4F


@dataclass(frozen=True, slots=True, eq=False)
class ShingleBatch:
    """The shingles of a batch of texts: text i has `hashes[offsets[i]:offsets[i + 1]]` (uint32).

    `exact[i]` is a 64-bit hash of all tokens of text i in order (0 when it has none). `keys` are the 64 bits
    that `hashes` are the upper half of; shingle k spans the tokens `starts[k]` to `ends[k]` (exclusive) of
    the batch, and the tokens of text i begin at `first[i]`.
    """

    hashes: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    exact: UInts
    keys: UInts
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    first: NDArray[np.int64]

    def part(self, i: int) -> slice:
        """Where the shingles of text i are."""
        return slice(int(self.offsets[i]), int(self.offsets[i + 1]))


class _Powers:
    """Powers of an odd base and of its inverse modulo 2⁶⁴, grown as longer batches need them."""

    def __init__(self, base: int) -> None:
        self._base, self._inverse = base, pow(base, -1, 1 << 64)
        self._up = self._down = np.ones(1, dtype=np.uint64)

    def upto(self, count: int) -> tuple[UInts, UInts]:
        if len(self._up) < count:
            size = max(count, 2 * len(self._up))
            self._up, self._down = self._series(self._base, size), self._series(self._inverse, size)
        return self._up[:count], self._down[:count]

    @staticmethod
    def _series(base: int, size: int) -> UInts:
        series = np.full(size, base, dtype=np.uint64)
        series[0] = 1
        return np.cumprod(series, dtype=np.uint64)


_CHARACTER_POWERS = _Powers(_BASE_CHARACTER)
_TOKEN_POWERS = _Powers(_BASE_TOKEN)


def mix64(values: UInts) -> UInts:
    """The finalizer of MurmurHash3 (a bijection): spreads the polynomial's low bits over all 64."""
    return _mix64_in_place(values.copy())


def _mix64_in_place(values: UInts) -> UInts:
    shifted = values >> np.uint64(33)
    values ^= shifted
    values *= np.uint64(0xFF51AFD7ED558CCD)
    values ^= np.right_shift(values, np.uint64(33), out=shifted)
    values *= np.uint64(0xC4CEB9FE1A85EC53)
    values ^= np.right_shift(values, np.uint64(33), out=shifted)
    return values


class SpanHasher:
    """Hashes of any spans of one sequence of numbers, after one pass over it."""

    def __init__(self, values: UInts | Points, powers: _Powers) -> None:
        up, self._down = powers.upto(len(values) + 1)
        fast = kernels(len(values))
        if fast and values.dtype == np.uint64:
            self._sums = fast.prefix_sums(cast(UInts, values), up)
            return
        self._sums = np.empty(len(values) + 1, dtype=np.uint64)
        self._sums[0] = 0
        series = np.multiply(values, up[:-1], out=self._sums[1:])
        np.cumsum(series, out=series)

    def spans(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> UInts:
        """The 64-bit hash of every span [start, end)."""
        fast = kernels(len(starts))
        if fast:
            return fast.span_hashes(self._sums, self._down, starts, ends)
        sums = self._sums.take(ends)
        sums -= self._sums.take(starts)
        sums *= self._down.take(starts)
        return _mix64_in_place(sums)


@dataclass(frozen=True, slots=True, eq=False)
class TokenBatch:
    """The tokens of a batch: hash and class of each, and where each text's tokens start."""

    hasher: SpanHasher
    classes: NDArray[np.uint8]
    offsets: NDArray[np.int64]


def tokenise(texts: Sequence[str], skips: Sequence[Skip] = ()) -> TokenBatch:
    """Normalise and hash the tokens of every text of a batch.

    `skips` are, for each text, how many tokens to leave out at its beginning and at its end.
    """
    points, classes, text_ends = read_batch(list(texts))
    starts, ends = token_bounds(classes)
    offsets = np.concatenate(([0], np.searchsorted(starts, text_ends)))
    if any(map(any, skips)):
        kept = _kept(offsets, skips)
        starts, ends, offsets = starts[kept], ends[kept], np.concatenate(([0], np.cumsum(kept)))[offsets]
    return TokenBatch(SpanHasher(_hashed(points, starts, ends), _TOKEN_POWERS), classes[starts], offsets)


def _hashed(points: Points, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> UInts:
    """The hash of every token."""
    fast = kernels(len(points))
    if fast:
        return fast.token_hashes(points, starts, ends, _CHARACTER_POWERS.upto(len(points) + 1)[0])
    return SpanHasher(points + points.dtype.type(1), _CHARACTER_POWERS).spans(starts, ends)


def _kept(offsets: NDArray[np.int64], skips: Sequence[Skip]) -> NDArray[np.bool_]:
    """Which tokens are not left out; a text that would lose all of them keeps all of them."""
    kept = np.ones(int(offsets[-1]), dtype=np.bool_)
    for (head, tail), start, end in zip(skips, offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        if head + tail < end - start:
            kept[start : start + head] = False
            kept[end - tail : end] = False
    return kept


def shingle_batch(batch: TokenBatch, words: int = 3, characters: int = 5) -> ShingleBatch:
    """The shingles of every text: `words` words, or `characters` characters in unspaced scripts.

    A run of one kind of script shorter than its shingle is one shingle by itself, so a text of one word
    has a shingle too, and a text's shingles never depend on the rest of the batch.
    """
    fast = kernels(len(batch.classes))
    if fast:
        starts, ends, offsets = fast.shingles(batch.classes, batch.offsets, CHARACTER, words, characters)
    else:
        starts, ends, offsets = _shingles(batch, words, characters)
    keys = batch.hasher.spans(starts, ends)
    exact = batch.hasher.spans(batch.offsets[:-1], batch.offsets[1:])
    exact[batch.offsets[:-1] == batch.offsets[1:]] = 0
    hashes = (keys >> np.uint64(32)).astype(np.uint32)
    return ShingleBatch(hashes, offsets, exact, keys, starts, ends, batch.offsets[:-1])


def _shingles(
    batch: TokenBatch, words: int, characters: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where the shingles of each text start and end, and how many there are before each text."""
    runs = _runs(batch)
    lengths = np.diff(runs)
    widths = np.where(batch.classes[runs[:-1]] == CHARACTER, characters, words)
    counts = np.maximum(lengths - widths + 1, 1)
    before = np.concatenate(([0], np.cumsum(counts)))
    starts = np.arange(before[-1]) + np.repeat(runs[:-1] - before[:-1], counts)
    ends = starts + np.repeat(np.minimum(widths, lengths), counts)
    return starts, ends, before[np.searchsorted(runs, batch.offsets)]


def _runs(batch: TokenBatch) -> NDArray[np.int64]:
    """Where each run of one text and one kind of script starts, and where the last one ends."""
    breaks = np.flatnonzero(batch.classes[1:] != batch.classes[:-1]) + 1
    return _distinct(np.sort(np.concatenate((batch.offsets, breaks))))


def _distinct(ascending: NDArray[np.int64]) -> NDArray[np.int64]:
    """What `np.unique` gives of numbers in order, without its sorting."""
    return np.concatenate((ascending[:1], ascending[1:][ascending[1:] > ascending[:-1]]))
