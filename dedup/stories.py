"""Which texts tell one event, decided one new text at a time among those that share its rare terms.

A text joins the story that it is most like on average, if it is more like that story than texts in its neighbourhood
are like each other (crowded topics ask for more, as in local scaling: Zelnik-Manor and Perona 2004). A first guess is
made with few texts known, so each arrival looks again at what is next to it: neighbours move to a story that they fit
better, a story falls in two where its halves are less like each other than each is in itself, and two stories whose
texts are like each other on average become one. One bridging text cannot unite two stories, as averages decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dedup.halves import halves
from dedup.model import Change, StoryDecision
from dedup.neighbourhood import Neighbourhood
from dedup.scene import Scene
from dedup.terms import TermVector
from dedup.thresholds import StoryConfig

_TERMS_TOLD = 8


def decide_story(
    own: int, vector: TermVector, candidates: Sequence[int], around: Neighbourhood, seen: int,
    config: StoryConfig, name: Callable[[str], str],
) -> StoryDecision:  # fmt: skip
    """The story of a text, and what its arrival changes around it.

    `own` and `candidates` are rows of the neighbourhood, which is brought up to date; `seen` is how many texts the stream
    has had. A text that has a story already was reworded, and stays there unless it fits another better. `name`
    makes the id of a new story from what founds it: a group, or a group and the story that it leaves.
    """
    arrival = _Arrival(Scene(around, [*candidates, own], seen, config), name)
    scene = arrival.scene
    best, score = arrival.stay_or_move() if around.stories[own] else arrival.enter()
    density = scene.crowd(scene.here, scene.stories[scene.here])
    scene.densities[scene.here] = around.densities[own] = density
    # Where it is put first; if it is moved from there at once, `changes` say so.
    story = scene.stories[scene.here]
    if candidates:
        arrival.look_again()
    group, terms = _nearest(scene, best, vector)
    return StoryDecision(
        story, bool(best) and story == best, score, group, terms, density, tuple(arrival.changes)
    )


class _Arrival:
    """What a text that has come makes of the scene; `changes` are in the order in which they are to be made."""

    def __init__(self, scene: Scene, name: Callable[[str], str]) -> None:
        self.scene, self._name = scene, name
        self.changes: list[Change] = []

    def enter(self) -> tuple[str, float]:
        """Put a text that has no story where it fits best, or into one of its own; returns the best fit and its score."""
        scene, here = self.scene, self.scene.here
        best, score = scene.best(here)
        row = scene.rows[here]
        joins = bool(best) and score >= scene.needed
        scene.put(here, best if joins else self._name(scene.around.groups[row]))
        scene.around.join(row, scene.stories[here])
        return best, score

    def stay_or_move(self) -> tuple[str, float]:
        """The same for a text that was in a story before its words changed."""
        scene, here = self.scene, self.scene.here
        mine, found = scene.stories[here], scene.best(here)
        fits = scene.fit(here, mine)
        if fits is None and scene.size(mine) > 1:
            # It shares nothing with what else is in its story.
            self._move(here, "")
        self._reconsider(here)
        return found if fits is None or (found[0] and found[::-1] > (fits, mine)) else (mine, fits)

    def look_again(self) -> None:
        """Moves, splits and unions around the new text."""
        for i in self._unsettled():
            if not self._any_fixed([i]):
                self._reconsider(i)
        self._split()
        self._unite()

    def _unsettled(self) -> list[int]:
        """The nearest neighbours of the new text, then others of their stories."""
        scene, config = self.scene, self.scene.config
        order, row = [k for k in scene.order(scene.here) if k != scene.here], scene.row(scene.here)
        near = [k for k in order[: config.neighbours] if row[k] > config.near]
        stories = {scene.stories[k] for k in near} | {scene.stories[scene.here]}
        mates = [k for k in order if scene.stories[k] in stories and k not in near]
        return near + mates[: config.mates]

    def _reconsider(self, i: int) -> None:
        scene, config = self.scene, self.scene.config
        mine = scene.stories[i]
        alone, fits = scene.size(mine) <= 1, scene.fit(i, mine)
        if fits is None and not alone:
            return  # what else is in its story is not in sight
        stays = scene.needed if alone or fits is None else fits + config.gain
        best, score = scene.best(i, max(scene.needed, stays), scene.needed)
        if best and score > stays:
            self._move(i, best)
        elif not alone and fits is not None and fits < scene.needed - config.leave:
            self._move(i, "")

    def _move(self, i: int, story: str) -> None:
        scene = self.scene
        self.changes.append(scene.around.move(scene.rows[i], story or self._apart(i)))
        scene.put(i, self.changes[-1].story)

    def _apart(self, i: int) -> str:
        return self._name(f"{self.scene.around.groups[self.scene.rows[i]]} {self.scene.stories[i]}")

    def _any_fixed(self, members: Sequence[int]) -> bool:
        """Whether an operator put one of these texts where it is."""
        return any(self.scene.rows[i] in self.scene.around.fixed for i in members)

    def _split(self) -> None:
        """Part the story of the new text where its halves are less like each other than each is in itself."""
        scene, config, story = self.scene, self.scene.config, self.scene.stories[self.scene.here]
        members, size = scene.members(story), scene.size(story)
        if size not in config.split_at or len(members) < max(2, config.in_sight * size):
            return
        if self._any_fixed(members):
            return
        sides = halves(scene.like[np.ix_(members, members)])
        one = [k for k, side in zip(members, sides, strict=True) if side]
        other = [k for k, side in zip(members, sides, strict=True) if not side]
        if min(len(one), len(other)) < config.fewest_half:
            return
        if scene.between(one, other) < config.halves * min(scene.within(one), scene.within(other)):
            smaller = min(one, other, key=lambda side: (len(side), side))
            target = self._apart(smaller[0])
            for i in smaller:
                self._move(i, target)

    def _unite(self) -> None:
        """Unite stories with the one of the new text where their texts are like each other on average."""
        scene = self.scene
        mine, least = scene.stories[scene.here], scene.needed + scene.config.union
        near = {s for s, value in zip(scene.stories, scene.row(scene.here), strict=True) if value >= least}
        for story in sorted(near - {mine}):
            others = scene.members(story)
            if self._any_fixed(others):
                continue
            # Some of a larger story may not be in sight.
            if len(others) >= scene.size(story) and scene.are_one(scene.members(mine), others):
                for i in others:
                    self._move(i, mine)


def _nearest(scene: Scene, story: str, vector: TermVector) -> tuple[str, tuple[tuple[str, float], ...]]:
    """The group of a story, or of any, that is most like the text that has come, and the terms that say so."""
    row = scene.row(scene.here)
    found = [k for k, other in enumerate(scene.stories[:-1]) if other == story or not story]
    if not found:
        return "", ()
    k = max(found, key=lambda k: (row[k], k))
    shares = scene.shared(scene.here, k)
    both = [(term.text, round(shares[term.slot], 4)) for term in vector.terms if term.slot in shares]
    return scene.around.groups[scene.rows[k]], tuple(
        sorted(both, key=lambda item: (-item[1], item[0]))[:_TERMS_TOLD]
    )
