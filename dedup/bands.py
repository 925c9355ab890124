"""Bands of a signature as 64-bit bucket keys (locality-sensitive hashing, Leskovec et al., ch. 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dedup.salt import salt_of
from dedup.shingles import mix64

_FACTOR = np.uint64(0x9FB21C651E98DF25)


def band_keys(signatures: NDArray[np.uint32], bands: int, rows: int, secret: str = "") -> NDArray[np.uint64]:
    """The keys of every signature as an array of texts × `bands`.

    The band's index is mixed in, so that equal rows in different bands never share a bucket, and the deployment's
    secret (`dedup.salt`).
    """
    salt = salt_of(secret, signatures.shape[1], bands)
    used = signatures[:, salt.order[: bands * rows]].reshape(len(signatures), bands, rows).astype(np.uint64)
    keys = np.broadcast_to(salt.bands, used.shape[:2]).copy()
    for row in range(rows):
        keys = mix64(keys * _FACTOR + used[:, :, row])
    return keys
