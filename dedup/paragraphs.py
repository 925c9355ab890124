"""Paragraphs and standfirsts that a page prints twice, or nearly so.

Candidates share the word shingles that texts are compared with; likeness is then judged on the finer ones
of headlines, as a standfirst has few words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dedup.headline import cuts_short, likeness

FEWEST_TOKENS = 8
NEAR = 0.9
_WIDTH = 3
# How many of a paragraph's shingles are looked up (a copy as near as that has most of its first ones), and how many
# paragraphs are kept for one.
_MOST_SHINGLES = 16
_MOST_KEPT = 4
_COMPARED = 2
_CUT = 0.99
# So many in a row are a body that is printed again; of single ones there are not many on a page.
_RUN = 4
# A caption or a line of furniture may stand between two of them, in both copies.
_STEP = 3
_MOST_SINGLE = 3


@dataclass(slots=True)
class _Said:
    segment: int
    text: str
    words: list[str]


class Again(NamedTuple):
    """A segment, the one whose words it says again, and how alike they are (0–1)."""

    segment: int
    of: int
    similarity: float


class Paragraphs:
    """What an article has said so far, and in which segment."""

    def __init__(self) -> None:
        self._said: list[_Said] = []
        self._numbers: dict[tuple[str, ...], list[int]] = {}

    def add(self, segment: int, text: str, words: list[str]) -> Again | None:
        """Which of this segment and an earlier one says again what the other says.

        It is the later one, unless the earlier is its beginning cut short. None for a paragraph that says
        something new, which is remembered.
        """
        said = _Said(segment, text, words)
        if len(said.words) < FEWEST_TOKENS:
            return None
        shingles = _shingles(said.words)
        for number in self._sharing(shingles):
            earlier = self._said[number]
            if cuts_short(earlier.text, text):
                self._said[number] = said
                return Again(earlier.segment, segment, _CUT)
            if similarity := _likeness(earlier, said):
                return Again(segment, earlier.segment, similarity)
        self._remember(said, shingles)
        return None

    def _sharing(self, shingles: Mapping[tuple[str, ...], None]) -> list[int]:
        """The paragraphs to compare with: those that share most."""
        if self._numbers.keys().isdisjoint(shingles):  # nearly always
            return []
        shared = Counter(number for shingle in shingles for number in self._numbers.get(shingle, ()))
        return [number for number, _ in shared.most_common(_COMPARED)]

    def _remember(self, said: _Said, shingles: Mapping[tuple[str, ...], None]) -> None:
        number = len(self._said)
        for shingle in shingles:
            kept = self._numbers.get(shingle)
            if kept is None:
                self._numbers[shingle] = [number]
            elif len(kept) < _MOST_KEPT:
                kept.append(number)
        self._said.append(said)


def printed_twice(found: Iterable[Again]) -> list[Again]:
    """Those of a page's repeats that are the page's doing: a whole body in a row, or few, each said twice.

    An interview that asks everybody the same, a plan with one meal on several days mean what they say again.
    """
    runs: list[list[Again]] = []
    for again in sorted(found):
        last = runs[-1][-1] if runs else None
        if last and again.segment - last.segment == again.of - last.of <= _STEP:
            runs[-1].append(again)
        else:
            runs.append([again])
    bodies = [again for run in runs if len(run) >= _RUN for again in run]
    others = [again for run in runs if len(run) < _RUN for again in run]
    times = Counter(again.of for again in others if again.similarity != _CUT)
    single = [again for again in others if times[again.of] <= 1]
    return sorted([*bodies, *(single if len(others) <= _MOST_SINGLE else ())])


def _shingles(words: Sequence[str]) -> Mapping[tuple[str, ...], None]:
    begin = words[: _MOST_SHINGLES + _WIDTH - 1]
    return dict.fromkeys(zip(*(begin[i:] for i in range(_WIDTH)), strict=False))


def _likeness(earlier: _Said, said: _Said) -> float:
    if cuts_short(said.text, earlier.text):
        return _CUT
    short, long = sorted((len(earlier.words), len(said.words)))
    similarity = likeness(earlier.words, said.words) if short >= NEAR * long else 0.0
    return similarity if similarity >= NEAR else 0.0
