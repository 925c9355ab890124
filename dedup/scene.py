"""A new text among its candidates: how like all of them are to each other, and how well each fits each story."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np

from dedup.days import day_shares
from dedup.neighbourhood import Floats, Neighbourhood
from dedup.thresholds import StoryConfig

# More pairs than these are looked at as an array.
_FEW = 100


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
        self._rows: dict[int, list[float]] = {}
        self._orders: dict[int, list[int]] = {}
        self._members: dict[str, list[int]] = {}
        for i, story in enumerate(self.stories):
            self._members.setdefault(story, []).append(i)
        self._crowds: dict[int, tuple[float, set[str]]] = {}

    def put(self, i: int, story: str) -> None:
        """Note that a text is in another story now."""
        self._members[self.stories[i]].remove(i)
        insort(self._members.setdefault(story, []), i)
        self.stories[i] = story
        self._crowds.clear()

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
        return list(self._members.get(story, ()))

    def crowd(self, i: int, story: str) -> float:
        """The mean likeness of a text to those most like it outside a story."""
        usual, stories = self._crowd(i)
        if story not in stories:
            return usual
        others = (k for k in self.order(i) if self.stories[k] != story)
        return self._mean(i, islice(others, self.config.density_ranks))

    def _crowd(self, i: int) -> tuple[float, set[str]]:
        """The mean likeness of a text to those most like it of all, and which stories have them."""
        if i not in self._crowds:
            nearest = self.order(i)[: self.config.density_ranks]
            self._crowds[i] = self._mean(i, nearest), {self.stories[k] for k in nearest}
        return self._crowds[i]

    def _mean(self, i: int, places: Iterable[int]) -> float:
        row = self.row(i)
        return sum([row[k] for k in places]) / self.config.density_ranks

    def best(self, i: int, above: float = -1.0, least: float = -1.0) -> tuple[str, float]:
        """The story around a text that it fits best, of those that it is not in, and how well; "" where none is that good.

        At or above `needed` it belongs. Only stories with a text which alone would do are looked at: none scores more than
        its likest text, less what the text's surroundings cost. Those that it is less like than `least` are not meant.
        """
        row, order, best = self.row(i), self.order(i), ("", above)
        passed, costs = {"", self.stories[i]}, 0.0
        for place, k in enumerate(order):
            if place == self.config.density_ranks:
                # No story that is met from here on has one of the texts that crowd it.
                costs = self.config.crowd * self._crowd(i)[0]
            if row[k] < self.needed or row[k] - costs < best[1]:
                break
            if (story := self.stories[k]) not in passed:
                passed.add(story)
                score = self.fit(i, story, least)
                if score is not None and (score, story) > best[::-1]:
                    best = story, score
        return best if best[0] else ("", 0.0)

    def fit(self, i: int, story: str, least: float = -1.0) -> float | None:
        """How well a text fits a story, itself left out.

        None where nothing else of it is in sight, or what is there is less like it than `least`.
        """
        members = self._members.get(story, [])
        others = [k for k in members if k != i] if self.stories[i] == story else members
        if not others:
            return None
        likeness = self._likeness(i, story, others)
        if likeness < least:
            return None
        density = sum([self.densities[k] for k in others]) / len(others)
        return likeness - self.config.crowd * (self.crowd(i, story) + density)

    def _likeness(self, i: int, story: str, found: Sequence[int]) -> float:
        config, row = self.config, self.row(i)
        size = max(len(found), self.size(story) - (self.stories[i] == story))
        if size == 1:
            return row[found[0]]
        values = [row[k] for k in found]
        unseen = (size - len(found)) * min(values) * config.unseen
        mean = (sum(values) + unseen) / size
        return mean + config.nearest * (max(values) - mean)

    def between(self, some: Sequence[int], others: Sequence[int]) -> float:
        """The mean likeness of texts to others."""
        return self._between(some, others)[0]

    def _between(self, some: Sequence[int], others: Sequence[int]) -> tuple[float, float]:
        """The mean likeness of texts to others, and the least."""
        if len(some) * len(others) > _FEW:
            block = self.like[np.ix_(some, others)]
            return float(block.mean()), float(block.min())
        values = [row[k] for row in map(self.row, some) for k in others]
        return sum(values) / len(values), min(values)

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
        between, least = self._between(own, others)
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
    found, days, meanings = around.cosines(rows), around.days(rows), around.meanings(rows)
    if np.count_nonzero(days) > 1:
        found += day_shares(days, found, config)
        np.maximum(found, 0.0, out=found)
    if meanings is not None:
        beyond = np.maximum(0.0, meanings - config.usual_meaning) / (1.0 - config.usual_meaning)
        found += np.float32(config.meaning) * beyond
    found.ravel()[:: len(rows) + 1] = 0.0
    return found
