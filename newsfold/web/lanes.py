"""The timeline of a story's page: a lane for each text, a mark for each article, as places in percent and pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from newsfold.safetext import one_line
from newsfold.web.spread import Dot, place, ticks
from storage.outlines import StoryOutline, TextOutline
from storage.views import ArticleView

MOST_LANES: Final = 10
_LANE: Final = 36
# The label of a lane stands above its line.
_LINE: Final = 26
_NAME: Final = 34
# Marks closer than so many percent would be one.
_APART: Final = 0.9


@dataclass(frozen=True, slots=True)
class Lane:
    """One text: its number on the page, who printed it first, its marks; `y` is that of its line, in pixels."""

    number: str
    name: str
    y: int
    start: float
    end: float
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Lanes:
    """All lanes, with round times below them as (place, how written)."""

    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    height: int


def lanes(story: StoryOutline) -> Lanes | None:
    """The timeline of a story; None where there are not two times to draw."""
    times = [article.time for article in story.articles if article.time]
    if len(times) < 2 or times[0] == times[-1]:
        return None
    first, latest = times[0], times[-1]
    drawn = [
        _lane(index, _label(index, text), text.group.articles, first, latest)
        for index, text in enumerate(story.texts[:MOST_LANES])
    ]
    if rest := [article for text in story.texts[MOST_LANES:] for article in text.group.articles]:
        label = ("", f"{len(story.texts) - MOST_LANES} more texts")
        drawn.append(_lane(MOST_LANES, label, rest, first, latest))
    height = len(drawn) * _LANE + 24
    return Lanes(tuple(drawn), tuple(ticks(first, latest)), height)


def _label(index: int, text: TextOutline) -> tuple[str, str]:
    name = one_line(text.group.articles[0].outlet) or "no outlet"
    name = name if len(name) <= _NAME else name[: _NAME - 1] + "…"
    others = text.size - 1
    return str(index + 1), name + (f" and {others} reprint{'' if others == 1 else 's'}" if others else "")


def _lane(
    index: int, label: tuple[str, str], articles: Iterable[ArticleView], first: datetime, latest: datetime
) -> Lane:
    y = index * _LANE + _LINE
    origin, *reprints = [place(article.time, first, latest) for article in articles if article.time] or [0.0]
    dots = [Dot(x, y, is_origin=False) for x in _apart(reprints)]
    # The origin is drawn last, over reprints of its own minute.
    marks = (*dots, Dot(origin, y, is_origin=True))
    xs = (origin, *reprints)
    return Lane(*label, y, min(xs), max(xs), marks)


def _apart(places: Iterable[float]) -> Iterator[float]:
    """Places that can be told apart."""
    last = -_APART
    for x in sorted(places):
        if x - last >= _APART:
            yield x
            last = x
