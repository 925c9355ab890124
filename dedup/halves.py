"""Where a set of texts would fall in two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 2


def halves(similarities: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The side of each text, given all similarities (square, symmetric, 0 on the diagonal).

    The sign of the leading eigenvector of the doubly centred matrix (classical scaling: Torgerson 1952), then two
    rounds in which each text takes the side that it is more like on average. Both sides may be one.
    """
    whole = similarities.astype(np.float64)
    np.fill_diagonal(whole, whole.max(axis=1))
    centred = whole - whole.mean(axis=0)[None, :] - whole.mean(axis=1)[:, None] + whole.mean()
    side: NDArray[np.bool_] = np.linalg.eigh(centred)[1][:, -1] > 0
    for _ in range(_ROUNDS):
        here, there = int(side.sum()), int((~side).sum())
        if not here or not there:
            break
        to_here = similarities[:, side].sum(axis=1) / np.maximum(1, here - side)
        to_there = similarities[:, ~side].sum(axis=1) / np.maximum(1, there - ~side)
        side = to_here > to_there
    return side
