"""Paragraphs and standfirsts that a page prints twice, or nearly so.

Candidates share the word shingles that texts are compared with; likeness is then judged on the finer ones
of headlines, as a standfirst has few words.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from dedup.headline import cuts_short, likeness

FEWEST_TOKENS = 8
NEAR = 0.9
_WIDTH = 3
# How many of a paragraph's shingles are looked up, and how many paragraphs are kept for one.
_MOST_SHINGLES = 48
_MOST_KEPT = 4
_COMPARED = 2
_CUT = 0.99


@dataclass(slots=True)
class _Said:
    segment: int
    text: str
    words: list[str]


class Paragraphs:
    """What an article has said so far, and in which segment."""

    def __init__(self) -> None:
        self._said: list[_Said] = []
        self._numbers: dict[tuple[str, ...], list[int]] = {}

    def add(self, segment: int, text: str, words: list[str]) -> tuple[int, float]:
        """Which of this segment and an earlier one says again what the other says, and how alike they are.

        It is the later one, unless the earlier is its beginning cut short. (-1, 0.0) for a paragraph that
        says something new, which is remembered.
        """
        said = _Said(segment, text, words)
        if len(said.words) < FEWEST_TOKENS:
            return -1, 0.0
        shingles = _shingles(said.words)
        shared = Counter(number for shingle in shingles for number in self._numbers.get(shingle, ()))
        for number, _ in shared.most_common(_COMPARED):
            earlier = self._said[number]
            if cuts_short(earlier.text, text):
                self._said[number] = said
                return earlier.segment, _CUT
            if similarity := _likeness(earlier, said):
                return segment, similarity
        self._remember(said, shingles)
        return -1, 0.0

    def _remember(self, said: _Said, shingles: list[tuple[str, ...]]) -> None:
        for shingle in shingles:
            kept = self._numbers.setdefault(shingle, [])
            if len(kept) < _MOST_KEPT:
                kept.append(len(self._said))
        self._said.append(said)


def _shingles(words: list[str]) -> list[tuple[str, ...]]:
    count = min(len(words) - _WIDTH + 1, _MOST_SHINGLES)
    return list(dict.fromkeys(tuple(words[i : i + _WIDTH]) for i in range(count)))


def _likeness(earlier: _Said, said: _Said) -> float:
    if cuts_short(said.text, earlier.text):
        return _CUT
    short, long = sorted((len(earlier.words), len(said.words)))
    similarity = likeness(earlier.words, said.words) if short >= NEAR * long else 0.0
    return similarity if similarity >= NEAR else 0.0
