"""In how many texts of late each term stood, as it is stored: a table, and the terms of the latest texts in a list beside it.

A table of 65,536 counts the server would have to change number by number; a list it has only to lengthen. Who reads both adds
the one to the other, and puts the sum in force once the list is long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.terms import SLOTS, Frequencies
from storage.functions import Call

Counts = NDArray[np.uint32]

# Bytes of a list that are to be added to the table: as many as that has, some six hundred texts.
MOST_LATE = 2 * SLOTS
_MOST_COUNT = (1 << 16) - 1


@dataclass(frozen=True, slots=True)
class Late:
    """What was read, and the call that puts the sum in force; None while the list is short."""

    frequencies: Frequencies
    fold: Call[int] | None


def counts_of(table: bytes, late: bytes) -> Counts:
    """A table with a list added: how many texts have each slot."""
    counts = np.zeros(SLOTS, np.uint32)
    stored = np.frombuffer(table[: len(table) // 2 * 2], ">u2")
    counts[: len(stored)] = stored
    if late:
        counts += np.bincount(np.frombuffer(late, "<u2"), minlength=SLOTS).astype(np.uint32)
    return counts


def packed_counts(counts: Counts) -> bytes:
    """The table as it is stored."""
    return np.minimum(counts, _MOST_COUNT).astype(">u2").tobytes()
