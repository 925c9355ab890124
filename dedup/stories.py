"""Which texts tell one event, decided one new text at a time among those that share its rare terms.

A text joins the story that it is most like on average, if it is more like that story than texts in its neighbourhood
are like each other (crowded topics ask for more, as in local scaling: Zelnik-Manor and Perona 2004). A first guess is
made with few texts known, so each arrival looks again at what is next to it: neighbours move to a story that they fit
better, a story falls in two where its halves are less like each other than each is in itself, and two stories whose
texts are like each other on average become one. One bridging text cannot unite two stories, as averages decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dedup.halves import halves
from dedup.model import Change, StoryDecision
from dedup.terms import SLOTS, TermVector
from dedup.thresholds import StoryConfig


@dataclass(frozen=True, slots=True)
class Told:
    """A text among stories: its group's id, its time in epoch seconds, its vector, and how crowded it is where it is.

    `slots` and `weights` are what `TermVector` has under these names.
    """

    group: str
    time: int
    slots: NDArray[np.uint16]
    weights: NDArray[np.float32]
    density: float = 0.0


@dataclass(slots=True)
class Ledger:
    """The story of every group in sight, and how many groups each story has, kept up to date through a batch."""

    story: dict[str, str] = field(default_factory=dict)
    size: dict[str, int] = field(default_factory=dict)
    # One vector at a time is spread out here, by slot, to be compared with many.
    scratch: NDArray[np.float32] = field(default_factory=lambda: np.zeros(SLOTS, np.float32))

    def join(self, group: str, story: str) -> None:
        """Put a group into a story."""
        self.story[group] = story
        self.size[story] = self.size.get(story, 0) + 1

    def apply(self, change: Change) -> None:
        """Move a group to another story."""
        old = self.story[change.group]
        self.size[old] = max(0, self.size.get(old, 1) - 1)
        self.join(change.group, change.story)


def decide_story(
    own: Told, vector: TermVector, around: Sequence[Told], ledger: Ledger, seen: int,
    config: StoryConfig, name: Callable[[str], str],
) -> StoryDecision:  # fmt: skip
    """The story of a text, and what its arrival changes around it.

    `around` are the candidates, `seen` is how many texts the stream has had; the ledger is brought up to date. A text
    whose group has a story in the ledger already was reworded, and stays there unless it fits another better.
    `name` makes the id of a new story from what founds it: a group, or a group and the story that it leaves.
    """
    scene = _Scene(own, around, ledger, seen, config, name)
    here = len(around)
    best, score = scene.enter(here) if own.group not in ledger.story else scene.stay_or_move(here)
    density = scene.density(here, scene.stories[here])
    scene.densities[here] = density
    if around:
        scene.look_again()
    story = scene.stories[here]
    nearest, terms = scene.nearest(here, best, vector)
    return StoryDecision(
        story, bool(best) and story == best, score, nearest, terms, density, tuple(scene.changes)
    )


class _Scene:
    """A new text, the last of `told`, among its candidates."""

    def __init__(
        self, own: Told, around: Sequence[Told], ledger: Ledger, seen: int, config: StoryConfig,
        name: Callable[[str], str],
    ) -> None:  # fmt: skip
        self.told = [*around, own]
        self.ledger, self.config, self._name = ledger, config, name
        self.stories: list[str] = [ledger.story[told.group] for told in around]
        self.stories.append(ledger.story.get(own.group, ""))
        self.changes: list[Change] = []
        self.densities = [told.density for told in self.told]
        width = max(len(told.slots) for told in self.told)
        self._slots = np.zeros((len(self.told), width), np.uint16)
        self._weights = np.zeros((len(self.told), width), np.float32)
        for i, told in enumerate(self.told):
            self._slots[i, : len(told.slots)] = told.slots
            self._weights[i, : len(told.weights)] = told.weights
        self._rows: dict[int, NDArray[np.float32]] = {}
        self.needed = config.similarity + config.growth * max(
            0.0, math.log10(max(1, seen) / config.usual_stream)
        )
        self._ranks = max(
            config.fewest_ranks, round(config.density_ranks * min(1.0, seen / config.usual_stream))
        )

    def row(self, i: int) -> NDArray[np.float32]:
        """The similarity of one text to all, 0 to itself."""
        if i not in self._rows:
            told = self.told[i]
            scratch = self.ledger.scratch
            scratch[told.slots] = told.weights
            row = (scratch[self._slots] * self._weights).sum(axis=1)
            scratch[told.slots] = 0.0
            row[i] = 0.0
            self._rows[i] = row
        return self._rows[i]

    def enter(self, i: int) -> tuple[str, float]:
        """Put a text that has no story where it fits best, or into one of its own; returns the best fit and its score."""
        best, score = _best(self.scores(i))
        joins = bool(best) and score >= self.needed
        self.stories[i] = best if joins else self._name(self.told[i].group)
        self.ledger.join(self.told[i].group, self.stories[i])
        return best, score

    def stay_or_move(self, i: int) -> tuple[str, float]:
        """The same for a text that was in a story before its words changed."""
        mine, scores = self.stories[i], self.scores(i)
        if mine not in scores and self.ledger.size.get(mine, 1) > 1:
            # It shares nothing with what else is in its story.
            self._move(i, "")
            scores = self.scores(i)
        self._reconsider(i)
        return _best(scores)

    def _ordered(self, i: int) -> tuple[list[int], list[float]]:
        row = self.row(i)
        order = np.argsort(-row, kind="stable").tolist()
        order.remove(i)
        return order, row.tolist()

    def density(self, i: int, story: str) -> float:
        """The mean similarity of a text to the texts most like it in other stories."""
        order, row = self._ordered(i)
        return self._crowd(order, row, story)

    def _crowd(self, order: list[int], row: list[float], story: str) -> float:
        total, left = 0.0, self._ranks
        for k in order:
            if self.stories[k] != story:
                total += row[k]
                left -= 1
                if not left:
                    break
        return total / self._ranks

    def scores(self, i: int) -> dict[str, float]:
        """How well a text fits each story around it, itself left out; at or above `similarity` it belongs."""
        order, row = self._ordered(i)
        mine = self.stories[i]
        members: dict[str, list[int]] = {}
        for k in order:
            story = self.stories[k]
            # No story scores more than its likest text, so that the rest need not be looked at.
            if story and (story in members or story == mine or row[k] >= self.needed):
                members.setdefault(story, []).append(k)
        return {story: self._fit(i, story, found, order, row) for story, found in members.items()}

    def _fit(self, i: int, story: str, found: list[int], order: list[int], row: list[float]) -> float:
        config = self.config
        size = max(len(found), self.ledger.size.get(story, 0) - (self.stories[i] == story))
        unseen = (size - len(found)) * row[found[-1]] * config.unseen
        mean = (sum(row[k] for k in found) + unseen) / size
        likeness = mean + config.nearest * (row[found[0]] - mean)
        crowd = self._crowd(order, row, story) + sum(self.densities[k] for k in found) / len(found)
        return likeness - config.crowd * crowd

    def nearest(self, i: int, story: str, vector: TermVector) -> tuple[str, tuple[tuple[str, float], ...]]:
        """The group of a story that is most like a text, and the terms that say so."""
        row = self.row(i)
        found = [k for k, s in enumerate(self.stories[:-1]) if s == story or not story]
        if not found:
            return "", ()
        k = max(found, key=lambda k: (float(row[k]), k))
        other = dict(zip(self.told[k].slots.tolist(), self.told[k].weights.tolist(), strict=True))
        both = [
            (term.text, round(weight * other[term.slot], 4))
            for term, weight in zip(vector.terms, vector.weights.tolist(), strict=True)
            if term.slot in other
        ]
        return self.told[k].group, tuple(sorted(both, key=lambda item: (-item[1], item[0]))[:8])

    # --- what the arrival changes

    def look_again(self) -> None:
        """Moves, splits and unions around the new text; `changes` has them in the order in which they are to be made."""
        for i in self._unsettled():
            self._reconsider(i)
        self._split()
        self._unite()

    def _unsettled(self) -> list[int]:
        """The nearest neighbours of the new text, then others of their stories."""
        here = len(self.told) - 1
        order, row = self._ordered(here)
        near = [k for k in order[: self.config.neighbours] if row[k] > self.config.near]
        stories = {self.stories[k] for k in near} | {self.stories[here]}
        mates = [k for k in order if self.stories[k] in stories and k not in near]
        return near + mates[: self.config.mates]

    def _reconsider(self, i: int) -> None:
        config, mine = self.config, self.stories[i]
        scores = self.scores(i)
        alone = self.ledger.size.get(mine, 1) <= 1
        fits = scores.pop(mine, None)
        if fits is None and not alone:
            return  # what else is in its story is not in sight
        stays = self.needed if alone or fits is None else fits + config.gain
        best, score = _best(scores)
        if best and score >= self.needed and score > stays:
            self._move(i, best)
        elif not alone and fits is not None and fits < self.needed - config.leave:
            self._move(i, "")

    def _move(self, i: int, story: str) -> None:
        change = Change(self.told[i].group, self.stories[i], story or self._apart(i))
        self.ledger.apply(change)
        self.stories[i] = change.story
        self.changes.append(change)

    def _apart(self, i: int) -> str:
        return self._name(f"{self.told[i].group} {self.stories[i]}")

    def _members(self, story: str) -> list[int]:
        return [k for k, s in enumerate(self.stories) if s == story]

    def _between(self, some: Sequence[int], others: Sequence[int]) -> float:
        """The mean similarity of texts to others."""
        found = list(others)
        return float(sum(float(self.row(i)[found].sum()) for i in some)) / (len(some) * len(found))

    def _within(self, some: Sequence[int]) -> float:
        """The mean similarity of texts among each other."""
        if len(some) < 2:
            return self.config.usual_within
        rows = np.stack([self.row(i)[list(some)] for i in some])
        return float(rows.sum()) / (len(some) * (len(some) - 1))

    def _split(self) -> None:
        """Part the story of the new text where its halves are less like each other than each is in itself."""
        config, story = self.config, self.stories[-1]
        members = self._members(story)
        size = self.ledger.size.get(story, 0)
        if size not in config.split_at or len(members) < config.in_sight * size:
            return
        gram = np.stack([self.row(i)[members] for i in members])
        sides = halves(gram)
        one = [k for k, side in zip(members, sides, strict=True) if side]
        other = [k for k, side in zip(members, sides, strict=True) if not side]
        if min(len(one), len(other)) < config.fewest_half:
            return
        if self._between(one, other) < config.halves * min(self._within(one), self._within(other)):
            smaller = min(one, other, key=lambda side: (len(side), side))
            target = self._apart(smaller[0])
            for i in smaller:
                self._move(i, target)

    def _unite(self) -> None:
        """Unite stories with the one of the new text where their texts are like each other on average."""
        mine = self.stories[-1]
        row = self.row(len(self.told) - 1).tolist()
        members: dict[str, list[int]] = {}
        for k, story in enumerate(self.stories):
            members.setdefault(story, []).append(k)
        for story, others in sorted(members.items()):
            if story == mine or len(others) < self.ledger.size.get(story, 0):
                continue  # some are not in sight
            if max(row[k] for k in others) < self.needed + self.config.union:
                continue
            if self._are_one(members[mine], others, mine, story):
                for i in others:
                    self._move(i, mine)
                members[mine] = sorted(members[mine] + others)

    def _are_one(self, own: list[int], others: list[int], mine: str, story: str) -> bool:
        config = self.config
        known = len(own) * len(others)
        pairs = max(known, self.ledger.size.get(mine, 0) * self.ledger.size.get(story, 0))
        between = self._between(own, others)
        least = min(float(self.row(i)[others].min()) for i in own)
        mean = (between * known + (pairs - known) * least * config.unseen) / pairs
        crowd = sum(sum(self.densities[k] for k in side) / len(side) for side in (own, others))
        if mean - config.crowd * crowd < self.needed + config.union:
            return False
        if min(len(own), len(others)) < config.fewest_half:
            return True
        return between >= (config.halves + config.gain) * min(self._within(own), self._within(others))


def _best(scores: Mapping[str, float]) -> tuple[str, float]:
    """The best fit and its score; no story where there is none."""
    return max(scores.items(), key=lambda item: (item[1], item[0]), default=("", 0.0))
