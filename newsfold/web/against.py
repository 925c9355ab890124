"""A story's texts against each other: what each pair has word for word in common, and one pair whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from newsfold.passages import Passage, passages
from storage.views import ArticleView

# So many texts are compared with each other, and of each so many characters.
MOST_TEXTS: Final = 6
_READ: Final = 20_000
_MOST_PASSAGES: Final = 60
_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `number` is that of the passage it is, 0 where the other text has no such words."""

    text: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """One of two texts compared: its article, and its paragraphs in pieces."""

    article: ArticleView
    paragraphs: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts compared; passages are in the order of the first, numbered from 1."""

    one: Side
    other: Side
    passages: tuple[Passage, ...]

    @property
    def words(self) -> int:
        """How many words are in common, in passages of six or more."""
        return sum(passage.words for passage in self.passages)

    @property
    def longest(self) -> tuple[Passage, ...]:
        """The longest passages, in the order of the first text."""
        most = sorted(self.passages, key=lambda passage: -passage.words)[:_SHOWN]
        return tuple(passage for passage in self.passages if passage in most)


def pair(one: ArticleView, other: ArticleView) -> Pair:
    """Two articles, what they have in common marked in both."""
    a, b = one.body[:_READ], other.body[:_READ]
    common = passages(a, b, _MOST_PASSAGES)
    left = _paragraphs(a, [(p.a.start, p.a.end, n) for n, p in enumerate(common, 1)])
    right = _paragraphs(b, [(p.b.start, p.b.end, n) for n, p in enumerate(common, 1)])
    return Pair(Side(one, left), Side(other, right), common)


def _paragraphs(text: str, marks: Sequence[tuple[int, int, int]]) -> tuple[tuple[Piece, ...], ...]:
    """A text in paragraphs and these in pieces, by the passages in it as (start, end, number)."""
    at, rows = 0, []
    for paragraph in text.split("\n"):
        end = at + len(paragraph)
        if paragraph.strip():
            rows.append(tuple(_pieces(text, at, end, marks)))
        at = end + 1
    return tuple(rows)


def _pieces(text: str, at: int, end: int, marks: Sequence[tuple[int, int, int]]) -> list[Piece]:
    found = []
    for start, stop, number in sorted(marks):
        start, stop = max(start, at), min(stop, end)
        if start >= stop:
            continue
        found += [Piece(text[at:start]), Piece(text[start:stop], number)]
        at = stop
    return [piece for piece in (*found, Piece(text[at:end])) if piece.text]


def matrix(articles: Sequence[ArticleView]) -> dict[tuple[int, int], int]:
    """Words in common of each two of the articles, by their positions, both ways round."""
    shared = {}
    for (i, one), (j, other) in combinations(enumerate(articles[:MOST_TEXTS]), 2):
        words = sum(p.words for p in passages(one.body[:_READ], other.body[:_READ], _MOST_PASSAGES))
        shared[i, j] = shared[j, i] = words
    return shared
