"""Is this segment the headline said again?

Judged on shingles of one and two tokens: a headline is too short for the longer ones that texts are
compared with. Quotation marks, dashes, case and spacing are folded before, as for every text.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from dedup.affixes import without_end
from dedup.text import tokens

NEAR = 0.75
# "Headline - Outlet", "Outlet | Headline": what may stand beside the headline, in tokens.
_MOST_EXTRA = 4
_SEPARATORS = (" - ", " – ", " — ", " | ", "｜", " · ", " : ", " :: ", " • ", " » ", ": ")
# More words beside a colon are a part of what is said, as in a subheading of its own.
_MOST_BESIDE_COLON = 2
_ELLIPSES = ("…", "...", "[…]", "[...]", "(…)", "(...)", "……")
_FEWEST_CUT = 4
# Of a title of 10,000 characters no segment is a repeat that does not show it here.
_LONGEST = 1_000
# One word is too little to tell a headline by, unless it is all there is.
_FEWEST_OTHER = 3
# "The post Headline appeared first on Outlet", in any language; characters that are tokens count half.
_MOST_AROUND = 10.0
# A paragraph that begins with the words of a cut title is no headline.
_LONGEST_TITLE = 240


def shingles(words: list[str]) -> frozenset[tuple[str, ...]]:
    """The distinct tokens and pairs of neighbouring tokens."""
    return frozenset([(word,) for word in words] + list(itertools.pairwise(words)))


def likeness(one: list[str], other: list[str]) -> float:
    """Jaccard similarity of two token lists' shingles, 1.0 only where they are equal in order."""
    if one == other:
        return 1.0 if one else 0.0
    a, b = shingles(one), shingles(other)
    return min(0.99, len(a & b) / len(a | b)) if a and b else 0.0


class Headlines:
    """What an article is called: its title, and what else page and feed say instead of it."""

    def __init__(self, titles: Iterable[str]) -> None:
        first, *others = (_Title.read(title[:_LONGEST]) for title in titles)
        distinct = {
            tuple(title.words): title for title in reversed(others) if len(title.words) >= _FEWEST_OTHER
        }
        self._titles = list({**distinct, tuple(first.words): first}.values())
        self._longest = max(len(title.words) for title in self._titles)

    def repeated_by(self, text: str, words: list[str] | None = None) -> float:
        """How surely a segment is a headline said again: 0 for no, else the similarity that says so."""
        if len(text) > _LONGEST:
            return 0.0
        segment = tokens(text) if words is None else words
        if len(segment) > 2 * self._longest + _MOST_EXTRA:
            return 0.0
        return max(title.repeated_by(text, segment) for title in self._titles)

    def framed_by(self, words: list[str]) -> float:
        """How like a headline a line is that has all of it between a few other words, 0 for one that has not.

        So feeds say at the end of a teaser where the article stands; whoever quotes a headline begins or ends with it.
        """
        return max(title.framed_by(words) for title in self._titles)


@dataclass(frozen=True, slots=True)
class _Title:
    """One headline as it is written, in words, and in words without what an outlet sets beside it."""

    text: str
    words: list[str]
    known: frozenset[str]
    parts: list[list[str]]

    @classmethod
    def read(cls, text: str) -> _Title:
        words = tokens(text)
        parts = [part for part in _parts(text) if len(part) >= _FEWEST_CUT]
        return cls(text, words, frozenset(words), parts)

    def repeated_by(self, text: str, segment: list[str]) -> float:
        if len(segment) > 2 * len(self.words) + _MOST_EXTRA or self.known.isdisjoint(segment):
            return 0.0
        direct = likeness(self.words, segment)
        if direct >= NEAR:
            return direct
        if _is_cut(self.words, segment, text) or _is_cut(segment, self.words, self.text):
            return max(direct, min(len(self.words), len(segment)) / max(len(self.words), len(segment)))
        said = any(likeness(self.words, part) >= NEAR for part in _parts(text))
        return direct if said or any(likeness(part, segment) >= NEAR for part in self.parts) else 0.0

    def framed_by(self, line: list[str]) -> float:
        size = len(self.words)
        if size < _FEWEST_CUT or len(line) < size + 2 or len(line) > size + 2 * _MOST_AROUND:
            return 0.0
        for start in range(1, len(line) - size):
            if line[start : start + size] == self.words:
                around = line[:start] + line[start + size :]
                few = sum(1.0 if len(word) > 1 else 0.5 for word in around) <= _MOST_AROUND
                return likeness(self.words, line) if few else 0.0
        return 0.0


def repeats_headline(headline: str, text: str) -> float:
    """How surely a segment is the headline said again: 0 for no, else the similarity that says so.

    It is when it is equal or nearly so (`NEAR`), when it is the headline with an outlet's name beside it,
    or the headline cut with an ellipsis. The phrase within a longer sentence is not.
    """
    return Headlines([headline]).repeated_by(text)


def as_printed(title: str, lines: Iterable[str]) -> str:
    """A given title as one of the article's own lines prints it.

    That is whole where the title is cut, not all in capitals, and without what follows it ("Headline - Outlet").
    """
    words = tokens(title)
    for line in lines:
        if len(line) > _LONGEST_TITLE or not words:
            continue
        if cuts_short(title, line) or (title.isupper() and words == tokens(line)):
            return line
        if (shorter := without_end(title)) and tokens(shorter) == tokens(line):
            return shorter
    return title


def cuts_short(cut: str, whole: str) -> bool:
    """Whether `cut` is the beginning of `whole`, broken off with an ellipsis."""
    return (
        cut.rstrip().endswith(_ELLIPSES)
        and len(cut) < len(whole)
        and _is_cut(tokens(whole), tokens(cut), cut)
    )


def _is_cut(whole: list[str], cut: list[str], written: str) -> bool:
    """Whether `cut`, as written, is the beginning of `whole`, broken off with an ellipsis, even in a word."""
    if not written.rstrip().endswith(_ELLIPSES) or not _FEWEST_CUT <= len(cut) <= len(whole):
        return False
    last = len(cut) - 1
    return whole[:last] == cut[:last] and whole[last].startswith(cut[last])


def _parts(text: str) -> list[list[str]]:
    """The segment without what stands before or after a separator, where that is short."""
    parts = []
    for separator in _SEPARATORS:
        if separator not in text:
            continue
        for head, tail in (text.rpartition(separator)[::2], text.partition(separator)[::2]):
            if head and tail:
                long, short = sorted((tokens(head), tokens(tail)), key=len, reverse=True)
                if len(short) <= (_MOST_BESIDE_COLON if separator.strip() == ":" else _MOST_EXTRA):
                    parts.append(long)
    return parts
