"""Texts in sight of a batch, in columns, and how like they are to each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dedup.days import Days
from dedup.model import Change
from dedup.terms import SLOTS

Floats = NDArray[np.float32]
Slots = NDArray[np.uint16]


class Neighbourhood:
    """Known texts by row, each with its group's id, its time in epoch seconds, its vector, how crowded it is where it
    is, and its story; and how many groups each story has. All of it is kept up to date through a batch.

    `slots` and `weights` are, a row each, what `TermVector` has under these names, padded with weights of 0; `meanings`
    are unit vectors of an embedding model (rows of 0 where a text has none), or None where there is no model.
    """

    def __init__(self, slots: Slots, weights: Floats, meanings: Floats | None = None) -> None:
        self.groups: list[str] = []
        self.times: list[int] = []
        self.densities: list[float] = []
        self.stories: list[str] = []
        self.size: dict[str, int] = {}
        self.fixed: frozenset[int] = frozenset()
        self._slots, self._weights, self._meanings = slots, weights, meanings
        self._days = np.zeros(len(slots), np.uint8)
        self._columns = np.zeros(SLOTS, np.intp)

    @classmethod
    def of(
        cls, slots: Slots, weights: Floats, meanings: Floats | None, *, groups: Sequence[str], times: Sequence[int],
        densities: Sequence[float], stories: Sequence[str], size: Mapping[str, int], days: Sequence[int] = (),
        fixed: Iterable[int] = (),
    ) -> Neighbourhood:  # fmt: skip
        """Texts that are known already; the arrays may have more rows than there are texts, for those to come.

        The rows in `fixed` are where an operator put them.
        """
        found = cls(slots, weights, meanings)
        found.groups, found.times, found.stories = list(groups), list(times), list(stories)
        found.densities, found.size, found.fixed = list(densities), dict(size), frozenset(fixed)
        found._days[: len(days)] = days
        return found

    @classmethod
    def empty(cls, rows: int, width: int, meaning: int = 0) -> Neighbourhood:
        """Room for so many texts of at most `width` terms."""
        meanings = np.zeros((rows, meaning), np.float32) if meaning else None
        return cls(np.zeros((rows, width), np.uint16), np.zeros((rows, width), np.float32), meanings)

    def add(
        self, group: str, time: int, slots: Slots, weights: Floats, story: str = "", days: int = 0,
        meaning: Floats | None = None,
    ) -> int:  # fmt: skip
        """Enter a text; returns its row. A text that has no story yet joins one with `join`."""
        row = len(self.groups)
        self._days[row] = days
        self._slots[row, : len(slots)] = slots
        self._weights[row, : len(weights)] = weights
        if self._meanings is not None and meaning is not None:
            self._meanings[row] = meaning
        self.groups.append(group)
        self.times.append(time)
        self.densities.append(0.0)
        self.stories.append(story)
        return row

    def join(self, row: int, story: str) -> None:
        """Put a text into a story."""
        self.stories[row] = story
        self.size[story] = self.size.get(story, 0) + 1

    def move(self, row: int, story: str) -> Change:
        """Put a text into another story."""
        left = self.stories[row]
        self.size[left] = max(0, self.size.get(left, 1) - 1)
        self.join(row, story)
        return Change(self.groups[row], left, story)

    def vector(self, row: int) -> tuple[Slots, Floats]:
        """The slots of a text and their weights."""
        kept = self._weights[row] > 0
        return self._slots[row][kept], self._weights[row][kept]

    def cosines(self, rows: Sequence[int]) -> Floats:
        """How like texts are to each other by their terms: square, symmetric, 0 on the diagonal."""
        slots, weights = self._slots[rows], self._weights[rows]
        # Terms that two texts have are columns of a small matrix; what one text has alone adds nothing.
        ordered = np.sort(slots, axis=None)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        shared = twice[np.concatenate(([True], twice[1:] != twice[:-1]))] if len(twice) else twice
        width = len(shared) + 1
        self._columns[shared] = np.arange(1, width)
        places = self._columns[slots] + np.arange(0, len(rows) * width, width)[:, None]
        self._columns[shared] = 0
        spread = np.zeros((len(rows), width), np.float32)
        # Of two terms of a text in one slot the weightier counts: what is put last stays.
        spread.ravel()[places[:, ::-1]] = weights[:, ::-1]
        spread[:, 0] = 0.0
        found: Floats = spread @ spread.T
        found.ravel()[:: len(rows) + 1] = 0.0
        return found

    def days(self, rows: Sequence[int]) -> Days:
        """The weekdays that each of the texts names."""
        found: Days = self._days[rows]
        return found

    def meanings(self, rows: Sequence[int]) -> Floats | None:
        """How like texts are by an embedding model, between -1 and 1; None where there is no model."""
        if self._meanings is None:
            return None
        chosen = self._meanings[rows]
        found: Floats = chosen @ chosen.T
        np.fill_diagonal(found, 0.0)
        return found
