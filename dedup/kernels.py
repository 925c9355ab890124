"""The inner loops of hashing and signing, compiled where numba is installed (`newsfold[fast]`); the only importer of it.

numpy does the same, to the same bits, in passes over whole arrays; a compiled loop keeps each number in a register until
it is done with it, and takes about a third of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_UInts = NDArray[np.uint64]
_Rows = NDArray[np.uint32]
_Ints = NDArray[np.int64]

# Importing numba takes as long as it saves over some 50,000 articles, which give it five thousand numbers each: a process
# that has had a good part of that will have the rest.
WORTH = 100_000_000


@dataclass(frozen=True, slots=True)
class Kernels:
    """The functions below, compiled."""

    token_hashes: Callable[[NDArray[Any], _Ints, _Ints, _UInts], _UInts]
    prefix_sums: Callable[[_UInts, _UInts], _UInts]
    span_hashes: Callable[[_UInts, _UInts, _Ints, _Ints], _UInts]
    shingles: Callable[[NDArray[np.uint8], _Ints, int, int, int], tuple[_Ints, _Ints, _Ints]]
    minima: Callable[[_Rows, _Ints, _Rows, _Rows], _Rows]


_off = 0
_seen = 0


@contextmanager
def without_kernels() -> Iterator[None]:
    """Do without what is compiled, so that both can be compared."""
    global _off  # noqa: PLW0603
    _off += 1
    try:
        yield
    finally:
        _off -= 1


def kernels(size: int) -> Kernels | None:
    """What is compiled, for work on so many numbers more; None where numpy does it: without numba, and while there was little."""
    global _seen  # noqa: PLW0603
    if _off:
        return None
    _seen += size
    return _compiled() if _seen >= WORTH else None


@cache
def _compiled() -> Kernels | None:
    try:
        import numba
    except ImportError:
        return None

    def compile_(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(cache=True, nogil=True)(function)
        except RuntimeError:  # there is no folder that could keep what is compiled
            return numba.njit(nogil=True)(function)

    return Kernels(*map(compile_, _FUNCTIONS))


# Arithmetic is modulo 2⁶⁴ and 2³²; numba would widen 32 bits to 64, hence the casts.


def _token_hashes(points: NDArray[Any], starts: _Ints, ends: _Ints, up: _UInts) -> _UInts:
    """The hash of each token, of the numbers of its characters plus one, finished as in MurmurHash3."""
    found = np.empty(len(starts), np.uint64)
    for k in range(len(starts)):
        value, start = np.uint64(0), starts[k]
        for place in range(start, ends[k]):
            value += (np.uint64(points[place]) + np.uint64(1)) * up[place - start]
        value ^= value >> np.uint64(33)
        value *= np.uint64(0xFF51AFD7ED558CCD)
        value ^= value >> np.uint64(33)
        value *= np.uint64(0xC4CEB9FE1A85EC53)
        found[k] = value ^ (value >> np.uint64(33))
    return found


def _prefix_sums(values: _UInts, up: _UInts) -> _UInts:
    """The sums of `values[k] * up[k]` over the first 0, 1, … of them."""
    sums = np.empty(len(values) + 1, np.uint64)
    total = np.uint64(0)
    sums[0] = total
    for k in range(len(values)):
        total += values[k] * up[k]
        sums[k + 1] = total
    return sums


def _span_hashes(sums: _UInts, down: _UInts, starts: _Ints, ends: _Ints) -> _UInts:
    """The hash of each span, given prefix sums, finished likewise."""
    found = np.empty(len(starts), np.uint64)
    for k in range(len(starts)):
        value = (sums[ends[k]] - sums[starts[k]]) * down[starts[k]]
        value ^= value >> np.uint64(33)
        value *= np.uint64(0xFF51AFD7ED558CCD)
        value ^= value >> np.uint64(33)
        value *= np.uint64(0xC4CEB9FE1A85EC53)
        found[k] = value ^ (value >> np.uint64(33))
    return found


def _shingles(
    classes: NDArray[np.uint8], offsets: _Ints, unspaced: int, words: int, characters: int
) -> tuple[_Ints, _Ints, _Ints]:
    """Where the shingles of each text start and end, and how many there are before each text."""
    starts, ends = np.empty(len(classes), np.int64), np.empty(len(classes), np.int64)
    before = np.empty(len(offsets), np.int64)
    count = 0
    for text in range(len(offsets) - 1):
        before[text] = count
        start, last = offsets[text], offsets[text + 1]
        while start < last:
            end = start + 1
            while end < last and classes[end] == classes[start]:
                end += 1
            width = min(characters if classes[start] == unspaced else words, end - start)
            for place in range(start, end - width + 1):
                starts[count], ends[count] = place, place + width
                count += 1
            start = end
    before[-1] = count
    return starts[:count], ends[:count], before


def _minima(mixed: _Rows, offsets: _Ints, factors: _Rows, summands: _Rows) -> _Rows:
    """The least value of every permutation (across) in every text (down); all ones for a text without shingles."""
    found = np.empty((len(offsets) - 1, len(factors)), np.uint32)
    least = np.empty(len(factors), np.uint32)
    for text in range(len(found)):
        least[:] = np.uint32(0xFFFFFFFF)
        for shingle in range(offsets[text], offsets[text + 1]):
            for row in range(len(factors)):
                value = np.uint32(np.uint32(factors[row] * mixed[shingle]) + summands[row])
                least[row] = min(least[row], value)
        found[text] = least
    return found


# In the order of `Kernels`.
_FUNCTIONS: tuple[Callable[..., Any], ...] = (_token_hashes, _prefix_sums, _span_hashes, _shingles, _minima)
