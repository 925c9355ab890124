"""A new text among its candidates: how like all of them are to each other, and how well each fits each story."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dedup.days import day_shares
from dedup.neighbourhood import Floats, Neighbourhood
from dedup.thresholds import StoryConfig


class Scene:
    """Some texts of a neighbourhood, by their places here: 0 to n - 1, the text that has come is the last.

    `seen` is how many texts the stream has had.
    """

    def __init__(self, around: Neighbourhood, rows: Sequence[int], seen: int, config: StoryConfig) -> None:
        self.around, self.rows, self.config = around, rows, config
        self.here = len(rows) - 1
        self.like = _likeness(around, rows, config)
        self.stories = [around.stories[row] for row in rows]
        self.densities = [around.densities[row] for row in rows]
        times = max(1, seen) / config.usual_stream
        self.needed = config.similarity + config.growth * max(0.0, math.log10(times))
        self._ranks = config.density_ranks
        self._rows: dict[int, list[float]] = {}
        self._orders: dict[int, list[int]] = {}

    def row(self, i: int) -> list[float]:
        """The likeness of one text to all, 0 to itself."""
        if i not in self._rows:
            self._rows[i] = self.like[i].tolist()
        return self._rows[i]

    def order(self, i: int) -> list[int]:
        """The texts, likest to one first; itself with those that it is not like at all."""
        if i not in self._orders:
            self._orders[i] = np.argsort(-self.like[i], kind="stable").tolist()
        return self._orders[i]

    def size(self, story: str) -> int:
        """How many groups a story has, in sight or not."""
        return self.around.size.get(story, 0)

    def members(self, story: str) -> list[int]:
        """The texts of a story that are in sight."""
        return [k for k, other in enumerate(self.stories) if other == story]

    def crowd(self, i: int, story: str) -> float:
        """The mean likeness of a text to those most like it outside a story."""
        row, total, left = self.row(i), 0.0, self._ranks
        for k in self.order(i):
            if self.stories[k] != story:
                total += row[k]
                left -= 1
                if not left:
                    break
        return total / self._ranks

    def scores(self, i: int, least: float = -1.0) -> dict[str, float]:
        """How well a text fits each story around it, itself left out; at or above `needed` it belongs.

        Of other stories only those are given that have a text which alone would do: none scores more than its likest text.
        With `least`, neither are those that cannot score as much.
        """
        row, mine, needed = self.row(i), self.stories[i], self.needed
        near = {story for story, value in zip(self.stories, row, strict=True) if value >= needed}
        near.add(mine)
        near.discard("")
        members: dict[str, list[int]] = {}
        for k, story in enumerate(self.stories):
            if story in near and k != i:
                members.setdefault(story, []).append(k)
        return {
            story: likeness - self.config.crowd * self._crowded(i, story, found)
            for story, found in members.items()
            if (likeness := self._likeness(i, story, found)) >= least or story == mine
        }

    def _likeness(self, i: int, story: str, found: Sequence[int]) -> float:
        config, row = self.config, self.row(i)
        values = [row[k] for k in found]
        size = max(len(found), self.size(story) - (self.stories[i] == story))
        unseen = (size - len(found)) * min(values) * config.unseen
        mean = (sum(values) + unseen) / size
        return mean + config.nearest * (max(values) - mean)

    def _crowded(self, i: int, story: str, found: Sequence[int]) -> float:
        return self.crowd(i, story) + sum(self.densities[k] for k in found) / len(found)

    def between(self, some: Sequence[int], others: Sequence[int]) -> float:
        """The mean likeness of texts to others."""
        return float(self.like[np.ix_(some, others)].mean())

    def within(self, some: Sequence[int]) -> float:
        """The mean likeness of texts among each other."""
        if len(some) < 2:
            return self.config.usual_within
        return float(self.like[np.ix_(some, some)].sum()) / (len(some) * (len(some) - 1))

    def are_one(self, own: Sequence[int], others: Sequence[int]) -> bool:
        """Whether two stories, the second wholly in sight, are one by the mean over all their pairs."""
        config, sides = self.config, (own, others)
        known = len(own) * len(others)
        pairs = max(known, self.size(self.stories[own[0]]) * self.size(self.stories[others[0]]))
        block = self.like[np.ix_(own, others)]
        between, least = float(block.mean()), float(block.min())
        mean = (between * known + (pairs - known) * least * config.unseen) / pairs
        crowd = sum(sum(self.densities[k] for k in side) / len(side) for side in sides)
        if mean - config.crowd * crowd < self.needed + config.union:
            return False
        if min(map(len, sides)) < config.fewest_half:
            return True
        return between >= (config.halves + config.gain) * min(map(self.within, sides))

    def shared(self, i: int, k: int) -> dict[int, float]:
        """What each slot that two texts have adds to their likeness."""
        weights = dict(zip(*(column.tolist() for column in self.around.vector(self.rows[k])), strict=True))
        slots, own = (column.tolist() for column in self.around.vector(self.rows[i]))
        return {slot: w * weights[slot] for slot, w in zip(slots, own, strict=True) if slot in weights}


def _likeness(around: Neighbourhood, rows: Sequence[int], config: StoryConfig) -> Floats:
    """The cosine of terms and what days add to it; with a model, what texts have in common beyond the usual adds, too."""
    found, meanings = around.cosines(rows), around.meanings(rows)
    found += day_shares(around.days(rows), found, config)
    np.maximum(found, 0.0, out=found)
    np.fill_diagonal(found, 0.0)
    if meanings is not None:
        beyond = np.maximum(0.0, meanings - config.usual_meaning) / (1.0 - config.usual_meaning)
        found += np.float32(config.meaning) * beyond
        np.fill_diagonal(found, 0.0)
    return found
