"""Passages that two texts have in common, word for word, each in its own spelling.

Words are compared as everywhere else (`dedup.text`) but remembered by where they stand in the text as it
was printed. Runs of five words that both texts have are the anchors; each is followed for as long as the
texts agree. That takes a time in proportion to the texts, where comparing all with all takes a square.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from unicodedata import category

import numpy as np

from dedup.clean import shorten
from dedup.text import classify, code_points, normalise, token_bounds

FEWEST_WORDS = 6
MOST_WORDS = 20_000
_ANCHOR = 5
# A run that a text repeats this often is a refrain; following each of its places would cost a square again.
_MOST_PLACES = 16
_CONTEXT = 8


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text in its original spelling: characters [start, end), and what stands around it.

    `before` and `after` are some words of context, with an ellipsis where the text goes on beyond them.
    """

    start: int
    end: int
    text: str
    before: str = ""
    after: str = ""

    def as_dict(self) -> dict[str, int | str]:
        """For `--json`."""
        return {"start": self.start, "end": self.end, "text": self.text}


@dataclass(frozen=True, slots=True)
class Passage:
    """What two texts have in common at one place, as each prints it, and how many words that is."""

    a: Span
    b: Span
    words: int


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a text, normalised, and where each starts and ends in it."""

    text: str
    words: list[str]
    starts: list[int]
    ends: list[int]

    def span(self, first: int, count: int) -> Span:
        last = first + count - 1
        start, end = self.starts[first], self.ends[last]
        opening, closing = first - _CONTEXT, last + _CONTEXT
        before = f"…{self.text[self.starts[opening] : start]}" if opening > 0 else self.text[:start]
        goes_on = closing < len(self.words) - 1
        after = f"{self.text[end : self.ends[closing]]}…" if goes_on else self.text[end:]
        return Span(start, end, self.text[start:end], before, after)


# Marks that are no marks to Unicode but join the letter before them: Hangul jamo, halfwidth voicing signs.
_JOINING = "\u1160-\u11ff\uff9e\uff9f"
_REFERENCE = r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)"


@cache
def _unit() -> re.Pattern[str]:
    """What normalises by itself: a character reference, or a character with its marks."""
    marks = "".join(chr(point) for point in range(0x300, 0x10000) if category(chr(point))[0] == "M")
    return re.compile(f"{_REFERENCE}|.[{marks}{_JOINING}]*", re.DOTALL)


@lru_cache(maxsize=1 << 14)
def _fold(unit: str) -> str:
    return normalise(unit)


def _units(text: str) -> list[tuple[int, int, str]]:
    """The text in pieces that normalise one by one: start, end, normalised."""
    found: list[tuple[int, int, str]] = []
    for match in _unit().finditer(text):
        unit, start = match.group(), match.start()
        if len(unit) > 1 and unit[0] == "&" and html.unescape(unit) == unit:
            found += [(start + i, start + i + 1, _fold(character)) for i, character in enumerate(unit)]
        else:
            found.append((start, match.end(), _fold(unit)))
    return found


def _words(text: str) -> _Words:
    if text.isascii() and "&" not in text:
        folded, first = text.lower(), np.arange(len(text))
        last = first + 1
    else:
        units = _units(text)
        folded = "".join(unit for _, _, unit in units)
        lengths = [len(unit) for _, _, unit in units]
        first = np.repeat(np.array([start for start, _, _ in units], dtype=np.int64), lengths)
        last = np.repeat(np.array([end for _, end, _ in units], dtype=np.int64), lengths)
    starts, ends = (bounds[:MOST_WORDS] for bounds in token_bounds(classify(code_points(folded))))
    words = [folded[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    return _Words(text, words, first[starts].tolist(), last[ends - 1].tolist())


def passages(one: str, other: str, most: int = 5) -> tuple[Passage, ...]:
    """The longest passages in common, of at least six words, in the order of the first text."""
    a, b = _words(one), _words(other)
    chosen: list[tuple[int, int, int]] = []
    for i, j, n in sorted(_runs(a.words, b.words), key=lambda run: -run[2]):
        said_before = any(start <= j and j + n <= start + length for _, start, length in chosen)
        if not said_before and len(chosen) < most:
            chosen.append((i, j, n))
    return tuple(Passage(a.span(i, n), b.span(j, n), n) for i, j, n in sorted(chosen))


def _runs(a: list[str], b: list[str]) -> list[tuple[int, int, int]]:
    """Maximal runs in common as (place in a, place in b, words); no word of `a` is in two of them."""
    anchors: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for place in range(len(b) - _ANCHOR + 1):
        places = anchors[tuple(b[place : place + _ANCHOR])]
        if len(places) < _MOST_PLACES:
            places.append(place)
    runs, i = [], 0
    while i <= len(a) - _ANCHOR:
        longest, j = max(
            ((_agree(a, i, b, j), j) for j in anchors.get(tuple(a[i : i + _ANCHOR]), ())), default=(0, 0)
        )
        if longest >= FEWEST_WORDS:
            runs.append((i, j, longest))
        i += max(longest, 1)
    return runs


def _agree(a: list[str], i: int, b: list[str], j: int) -> int:
    """How many words from these places on are the same."""
    most = min(len(a) - i, len(b) - j)
    return next((n for n in range(_ANCHOR, most) if a[i + n] != b[j + n]), most)


def abridged(text: str, most: int = 360) -> str:
    """The beginning and the end of a passage that is longer than is shown."""
    if len(text) <= most:
        return text
    end = text[-most // 3 :]
    return f"{shorten(text, most)} {end.partition(' ')[2] or end}"
