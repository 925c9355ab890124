"""MinHash signatures of batches, bit-identical to datasketch's; its only importer.

For each permutation k the signature holds min over shingles of a_k · fmix32(h) + b_k modulo 2³², which is
what `datasketch.MinHash(scheme="affine32").update_batch` computes one text at a time (datasketch 2.0,
minhash.py). Doing it over many texts at once leaves numpy's per-call cost behind.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from datasketch import LeanMinHash, MinHash
from numpy.typing import NDArray

Rows = NDArray[np.uint32]

# Shingles a step: 512 × 128 rows of 4 bytes are 256 KiB, which stays in a core's second-level cache.
_STEP = 512


def _fmix32(values: Rows) -> Rows:
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


@lru_cache(maxsize=8)
def _permutations(num_perm: int, seed: int) -> tuple[Rows, Rows]:
    factors, offsets = MinHash(num_perm=num_perm, seed=seed, scheme="affine32").permutations
    return factors.astype(np.uint32), offsets.astype(np.uint32)


def sign(hashes: Rows, offsets: NDArray[np.int64], num_perm: int = 128, seed: int = 1) -> Rows:
    """The signatures of a batch as an array of texts × `num_perm`.

    Text i has the shingle hashes `hashes[offsets[i]:offsets[i + 1]]`; without any, its row is all ones,
    as an empty `MinHash` is.
    """
    signatures = np.full((len(offsets) - 1, num_perm), 0xFFFFFFFF, dtype=np.uint32)
    factors, shifts = _permutations(num_perm, seed)
    mixed = _fmix32(hashes)
    buffer = np.empty((_STEP, num_perm), dtype=np.uint32)
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    for start in range(0, len(mixed), _STEP):
        part = mixed[start : start + _STEP]
        rows = buffer[: len(part)]
        np.multiply(part[:, None], factors, out=rows)
        rows += shifts
        owners = owner[start : start + _STEP]
        first = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1])))
        texts = owners[first]
        signatures[texts] = np.minimum(signatures[texts], np.minimum.reduceat(rows, first, axis=0))
    return signatures


def as_lean_minhash(signature: bytes, seed: int = 1) -> LeanMinHash:
    """The signature as datasketch's own type, for use with its other tools."""
    rows = np.frombuffer(signature, dtype="<u4")
    return LeanMinHash(seed=seed, hashvalues=rows, scheme="affine32")


def estimate_jaccard(one: bytes, many: list[bytes]) -> NDArray[np.float64]:
    """Estimated Jaccard similarity of one signature with each of many; standard error √(J(1-J)/rows)."""
    if not many:
        return np.zeros(0)
    rows = np.frombuffer(one, dtype="<u4")
    others = np.frombuffer(b"".join(many), dtype="<u4").reshape(len(many), -1)
    return np.asarray((others == rows).mean(axis=1), dtype=np.float64)
