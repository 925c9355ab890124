"""How a story spread, as drawings need it: places in percent of the width, and the same in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from storage.outlines import StoryOutline
from storage.views import ArticleView

# The right end is left for the last number reached.
_WIDTH: Final = 97.0
_HEIGHT: Final = 30.0
_TICKS: Final = tuple(
    timedelta(minutes=m) for m in (1, 5, 15, 30, 60, 180, 360, 720, 1_440, 2_880, 10_080, 20_160, 40_320, 131_400, 525_600)
)  # fmt: skip
_MOST_TICKS: Final = 5


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of time in which a number of outlets had printed the story: left end and width in percent, height in
    pixels from the base."""

    x: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Dot:
    """An article at its time, in percent; `y` is in pixels from the top."""

    x: float
    y: float
    is_origin: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """The outlets that had printed a story as time went on, and where a new text appeared."""

    steps: tuple[Step, ...]
    dots: tuple[Dot, ...]
    first: datetime
    latest: datetime
    sentence: str


def spread(story: StoryOutline) -> Spread | None:
    """How a story spread; None where it did not, or nobody knows when."""
    dated = [(article.time, article) for article in story.articles if article.time]
    if len(dated) < 2 or dated[0][0] == dated[-1][0]:
        return None
    first, latest = dated[0][0], dated[-1][0]
    reached = _reached(dated)
    outlets = reached[-1][1]
    places = [place(moment, first, latest) for moment, _ in reached]
    ends = [*places[1:], 100.0]
    steps = tuple(
        Step(x, round(end - x, 2), _height(count, outlets))
        for x, end, (_, count) in zip(places, ends, reached, strict=True)
    )
    counts = dict(reached)
    origins = {text.group.articles[0].id for text in story.texts}
    dots = tuple(
        Dot(place(moment, first, latest), _HEIGHT + 6 - _height(counts[moment], outlets), is_origin=True)
        for moment, article in dated
        if article.id in origins
    )
    return Spread(steps, dots, first, latest, _sentence(story, dated, reached))


def _reached(dated: Sequence[tuple[datetime, ArticleView]]) -> list[tuple[datetime, int]]:
    """How many outlets had printed by each time at which one did."""
    seen: set[str] = set()
    reached: dict[datetime, int] = {}
    for moment, article in dated:
        seen.add(article.outlet or article.id)
        reached[moment] = len(seen)
    return list(reached.items())


def place(moment: datetime, first: datetime, latest: datetime) -> float:
    """Where a time stands between two others, in percent of the width."""
    return round(1 + (_WIDTH - 1) * ((moment - first) / (latest - first)), 2)


def _height(count: int, most: int) -> float:
    return round(_HEIGHT * count / most, 1)


def _sentence(
    story: StoryOutline,
    dated: Sequence[tuple[datetime, ArticleView]],
    reached: Sequence[tuple[datetime, int]],
) -> str:
    first, latest = dated[0][0], dated[-1][0]
    outlets = reached[-1][1]
    name = dated[0][1].outlet or "An outlet that is not named"
    said = f"{name} first, at {clock(first)}"
    if outlets > 1:
        half = next(moment for moment, count in reached if count * 2 >= outlets)
        within = (
            f"; half of {outlets} outlets within {duration(half - first)}"
            if outlets > 3 and half > first
            else ""
        )
        said += f"{within}; the last of {outlets} outlets after {duration(reached[-1][0] - first)}"
    whole = sum(text.size for text in story.texts)
    return f"{said}; {whole} articles in {duration(latest - first)}."


def ticks(first: datetime, latest: datetime) -> list[tuple[float, str]]:
    """A few round times between two, each with its place in percent and how it is written."""
    size = next((tick for tick in _TICKS if (latest - first) / tick <= _MOST_TICKS), _TICKS[-1])
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = midnight + size * max(0, -((midnight - first) // size))
    found = []
    while moment <= latest:
        written = (
            f"{moment:%H:%M}" if size < timedelta(days=1) and moment.hour + moment.minute else day(moment)
        )
        found.append((place(moment, first, latest), written))
        moment += size
    return found


def day(moment: datetime) -> str:
    """A day of the month: 5 Nov."""
    return f"{moment.day} {moment:%b}"


def clock(moment: datetime | None) -> str:
    """A time as a person reads it, in UTC."""
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC" if moment else "time not known"


def duration(length: timedelta) -> str:
    """A length of time in its largest unit."""
    minutes = max(0, round(length.total_seconds() / 60))
    for size, word in ((1_440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size * 2 or (minutes >= size and (size < 1_440)):
            number = round(minutes / size)
            return f"{number} {word}{'' if number == 1 else 's'}"
    return "less than a minute"
