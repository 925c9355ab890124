"""From a page's blocks to an article's segments: headline once, repeats and furniture set apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dedup.headline import repeats_headline
from dedup.markers import is_marker, is_stray
from dedup.model import Place, Repeat, Said, Segment, SegmentKind
from dedup.text import tokens

LONGEST_HEADLINE = 240
_FEWEST_HEADLINE_TOKENS = 3
_FEWEST_REPEATED_TOKENS = 8


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned body: its headline, its segments in order, and what it says twice."""

    title: str
    segments: tuple[Segment, ...]
    repeats: tuple[Repeat, ...]
    headline_in_text: bool = False


def clean(title: str, blocks: Iterable[tuple[Place, str]]) -> Cleaned:
    """Sort a page's blocks into text, headline, repeats and furniture.

    Without a title, the first line serves that is no furniture and short enough to be one; a text of a
    single long line keeps it as text, its beginning shown for a headline.
    """
    kept = [(place, text.strip()) for place, text in blocks if text.strip()]
    if title.strip():
        return _sort(title.strip(), kept, headline_in_text=False)
    first = next((i for i, (_, text) in enumerate(kept) if not _is_furniture("paragraph", text)), None)
    if first is None:
        return Cleaned("", tuple(Segment("furniture", place, text) for place, text in kept), ())
    line = kept[first][1]
    if len(kept) > first + 1 and _could_be_headline(line):
        return _sort(line, kept, headline_in_text=True)
    # A beginning shown for a headline is no headline that the text could repeat.
    return replace(_sort("", kept, headline_in_text=False), title=shorten(line))


def shorten(text: str, most: int = 120) -> str:
    """The beginning of a text, whole words, with an ellipsis where something is left out."""
    if len(text) <= most:
        return text
    head, _, _ = text[:most].rpartition(" ")
    return (head or text[:most]).rstrip(" ,;:–-") + "…"


def _could_be_headline(line: str) -> bool:
    return len(line) <= LONGEST_HEADLINE and len(tokens(line)) >= _FEWEST_HEADLINE_TOKENS


def _is_furniture(place: Place, text: str) -> bool:
    return is_marker(text) or (place in ("paragraph", "heading") and is_stray(text))


class _Sorter:
    """Walks the blocks once, remembering what has been said."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.segments: list[Segment] = []
        self.repeats: list[Repeat] = []
        self._texts: dict[tuple[str, ...], int] = {}

    def add(self, place: Place, text: str) -> None:
        kind, of, similarity = self._judge(place, text)
        if kind == "repeat":
            self.repeats.append(Repeat(len(self.segments), place, of, similarity, text))
        self.segments.append(Segment(kind, place, text))

    def _judge(self, place: Place, text: str) -> tuple[SegmentKind, Said, float]:
        similarity = repeats_headline(self.title, text)
        if similarity:
            # Above the first paragraph it is where a page prints its headline, once.
            above = not self._texts and not any(s.kind == "headline" for s in self.segments)
            return ("headline" if above else "repeat"), "headline", similarity
        if _is_furniture(place, text):
            return "furniture", "paragraph", 0.0
        words = tuple(tokens(text))
        if words in self._texts and len(words) >= _FEWEST_REPEATED_TOKENS:
            return "repeat", "paragraph", 1.0
        self._texts[words] = len(self.segments)
        return "text", "paragraph", 0.0


def _sort(title: str, blocks: list[tuple[Place, str]], *, headline_in_text: bool) -> Cleaned:
    sorter = _Sorter(title)
    for place, text in blocks:
        sorter.add(place, text)
    return Cleaned(title, tuple(sorter.segments), tuple(sorter.repeats), headline_in_text)
