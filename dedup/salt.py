"""What a deployment mixes into its buckets, so that nobody outside can tell which texts would share one.

Signatures are datasketch's and public: who knows the permutations can write texts whose rows are equal where he
wants them. Which rows make a band is therefore drawn by the secret, and the keys of bands and anchors start from it.
Without a secret everything is as it was published, the same on every machine (benchmarks, tests).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Salt(NamedTuple):
    """The order in which rows go into bands, the number that each band's key starts from, and the anchors' own."""

    order: NDArray[np.intp]
    bands: NDArray[np.uint64]
    anchors: np.uint64


@lru_cache(maxsize=16)
def salt_of(secret: str, rows: int, bands: int) -> Salt:
    """What follows from a secret, for signatures of so many rows; 64 bits each, by BLAKE2b."""
    if not secret:
        return Salt(np.arange(rows), np.arange(1, bands + 1, dtype=np.uint64), np.uint64(0))
    drawn = [_number(secret, "row", row) for row in range(rows)]
    return Salt(
        np.argsort(np.array(drawn, dtype=np.uint64), kind="stable"),
        np.array([_number(secret, "band", band) for band in range(bands)], dtype=np.uint64),
        np.uint64(_number(secret, "anchors", 0)),
    )


def _number(secret: str, what: str, which: int) -> int:
    key = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
    named = hashlib.blake2b(f"{what} {which}".encode(), key=key, digest_size=8)
    return int.from_bytes(named.digest(), "big")
