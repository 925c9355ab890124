"""MinHash signatures of batches, bit-identical to datasketch's; its only importer.

For each permutation k the signature holds min over shingles of a_k · fmix32(h) + b_k modulo 2³², which is
what `datasketch.MinHash(scheme="affine32").update_batch` computes one text at a time (datasketch 2.0,
minhash.py). Doing it over many texts at once leaves numpy's per-call cost behind.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernels

if TYPE_CHECKING:
    from datasketch import LeanMinHash

Rows = NDArray[np.uint32]

# Elements of working memory, 512 KiB: it stays in a core's second-level cache, and calls are few.
_BLOCK = 1 << 17
_EMPTY = 0xFFFFFFFF


def _fmix32(values: Rows) -> Rows:
    mixed = values >> np.uint32(16)
    mixed ^= values
    mixed *= np.uint32(0x85EBCA6B)
    shifted = mixed >> np.uint32(13)
    mixed ^= shifted
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= np.right_shift(mixed, np.uint32(16), out=shifted)
    return mixed


@lru_cache(maxsize=8)
def _permutations(num_perm: int, seed: int) -> tuple[Rows, Rows]:
    """The factors (odd) and the summands of all permutations, as columns.

    Drawn here as datasketch draws them, for with it comes scipy: a third of a second for every command that places.
    """
    draw = np.random.RandomState(seed)  # numpy promises that its numbers stay the same
    factors = draw.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return factors[:, None], draw.randint(0, 1 << 32, num_perm, dtype=np.uint32)[:, None]


def sign(hashes: Rows, offsets: NDArray[np.int64], num_perm: int = 128, seed: int = 1) -> Rows:
    """The signatures of a batch as an array of texts × `num_perm`.

    Text i has the shingle hashes `hashes[offsets[i]:offsets[i + 1]]`; without any, its row is all ones,
    as an empty `MinHash` is.
    """
    fast = kernels(len(hashes))
    if fast:
        factors, summands = _permutations(num_perm, seed)
        return fast.minima(_fmix32(hashes), offsets, factors.ravel(), summands.ravel())
    signatures = np.full((len(offsets) - 1, num_perm), _EMPTY, dtype=np.uint32)
    filled = np.flatnonzero(offsets[1:] > offsets[:-1])
    if filled.size:
        signatures[filled] = _minima(_fmix32(hashes), offsets[filled], _permutations(num_perm, seed)).T
    return signatures


def _minima(mixed: Rows, firsts: NDArray[np.int64], permutations: tuple[Rows, Rows]) -> Rows:
    """The least value of every permutation (down) in every text (across), none of them empty.

    A few permutations of all shingles at a time, not all permutations of a few shingles: so each text is
    one contiguous stretch of a row, which numpy reduces with vector instructions.
    """
    factors, summands = permutations
    minima = np.empty((len(factors), len(firsts)), dtype=np.uint32)
    height = max(1, min(len(factors), _BLOCK // len(mixed)))
    block = np.empty((height, len(mixed)), dtype=np.uint32)
    for top in range(0, len(factors), height):
        part = slice(top, top + height)
        rows = np.multiply(factors[part], mixed, out=block[: len(factors[part])])
        rows += summands[part]
        np.minimum.reduceat(rows, firsts, axis=1, out=minima[part])
    return minima


def as_lean_minhash(signature: bytes, seed: int = 1) -> LeanMinHash:
    """The signature as datasketch's own type, for use with its other tools."""
    from datasketch import LeanMinHash

    rows = np.frombuffer(signature, dtype="<u4")
    return LeanMinHash(seed=seed, hashvalues=rows, scheme="affine32")


def sketch(signatures: Rows) -> NDArray[np.uint8]:
    """A byte of each row: a quarter of the size, for comparing only (b-bit minwise hashing, Li and König 2010).

    The byte is a multiplicative hash of the row. Its own lowest byte would not do: modulo 2⁸ an affine
    permutation sees only the lowest byte of the shingle's hash, so that two shingles would agree in all rows.
    """
    return ((signatures * np.uint32(0x9E3779B1)) >> np.uint32(24)).astype(np.uint8)


def estimate_jaccard(one: bytes, many: list[bytes]) -> NDArray[np.float64]:
    """Estimated Jaccard similarity of one sketch with each of many; standard error √(J(1-J)/rows).

    One in 256 different rows has the same byte; that is taken out again.
    """
    if not many:
        return np.zeros(0)
    rows = np.frombuffer(one, dtype=np.uint8)
    others = np.frombuffer(b"".join(many), dtype=np.uint8).reshape(len(many), -1)
    return jaccard_of_rows(rows, others)


def jaccard_of_rows(ones: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The same of the rows of two arrays, pair by pair, or of one row with many."""
    equal = np.asarray((others == ones).mean(axis=1), dtype=np.float64)
    return np.maximum(0.0, (equal - 1 / 256) / (1 - 1 / 256))
