"""Stories by a query, page by page: what a later page shows follows on the first however stories grew meanwhile.

A cursor says at which event of the stream the first page was made, and behind which story the next begins. Every page
is a part of the listing as it stood at that event; what is shown of its stories is how they stand now.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from newsfold.web.problems import Problem
from newsfold.web.query import Query, Sort
from newsfold.web.select import with_words
from storage.errors import HistoryGone
from storage.history import History, Past
from storage.keys import short_hash
from storage.reader import Reader
from storage.views import StorySummary

_FRESH_SECONDS: Final = 5.0
_LONG_SECONDS: Final = 0.1
_EVENT: Final = re.compile(r"[0-9]{1,15}-[0-9]{1,10}")
_OLD = "The cursor is too old: what happened since is not known any more. Begin again without one."

Place = tuple[float | str, ...]
_ORDERS: Final[dict[Sort, Callable[[Past, str], Place]]] = {
    "outlets": lambda was, story: (-was.outlets, -was.articles, story),
    "latest": lambda was, story: (-was.latest, story),
    "growth": lambda was, story: (-was.growth, -was.articles, story),
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins: the event and the time (epoch seconds) of the first page, a digest of what was asked,
    and the place of the last story shown."""

    event: str
    now: int
    digest: str
    place: Place

    def written(self) -> str:
        """The cursor as a client carries it."""
        told = json.dumps([self.event, self.now, self.digest, *self.place], separators=(",", ":"))
        return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """What `written` wrote; raises Problem (400) for anything else."""
    try:
        told = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        event, now, digest, *place = told
        numbers, story = place[:-1], place[-1]
        sound = (
            _EVENT.fullmatch(event) is not None
            and isinstance(now, int)
            and 0 <= now < 10**11
            and isinstance(story, str)
            and all(type(n) in (int, float) for n in numbers)
        )
    except (ValueError, TypeError, AttributeError, IndexError, RecursionError, binascii.Error):
        sound = False
    if not sound:
        raise Problem(400, "The cursor is none that was given out here.")
    return Cursor(event, now, digest, tuple(place))


@dataclass(frozen=True, slots=True)
class Page:
    """Stories as they stand now, how many there are on all pages, and the cursor of the next page, "" for none."""

    stories: tuple[StorySummary, ...]
    total: int
    next: str


@dataclass(frozen=True, slots=True)
class _Reading:
    """All stories as they were read, after which event, when (monotonic), and how long that took."""

    event: str = ""
    at: float = 0.0
    took: float = 0.0
    stories: tuple[StorySummary, ...] = ()


class Listing:
    """Listings of the stories that one reader sees; all stories are read again when something happened to any.

    A reading that took long serves for as long again, so that asking often while stories grow does not keep Redis busy.
    """

    def __init__(self, reader: Reader, history: History) -> None:
        self._reader, self.history = reader, history
        self._reading, self._turn = _Reading(), threading.Lock()

    def _read(self) -> _Reading:
        with self._turn:
            known, began = self._reading, time.monotonic()
            last = self.history.last()
            fresh = began - known.at < (_FRESH_SECONDS if known.event == last else known.took)
            if not known.event or not fresh:
                # The event is read before the stories: what happens meanwhile is taken back like all that comes after.
                stories = tuple(self._reader.stories())
                now = time.monotonic()
                took = now - began if now - began > _LONG_SECONDS else 0.0
                known = self._reading = _Reading(last, now, took, stories)
            return known

    def page(self, query: Query, now: int) -> Page:
        """The page that a query asks for; `now` is when the first was asked for. Raises Problem."""
        digest = short_hash(repr(replace(query, cursor="", limit=0)), 4)
        cursor = read_cursor(query.cursor) if query.cursor else None
        if cursor and cursor.digest != digest:
            raise Problem(
                400, "The cursor belongs to another query: all parameters but limit must stay as they were."
            )
        reading = self._read()
        event = cursor.event if cursor else reading.event
        placed = self._placed(query, reading, event, now)
        order = _ORDERS[query.sort]
        ranked = sorted((order(was, story.id), story) for story, was in placed)
        left = [(place, story) for place, story in ranked if cursor is None or _behind(place, cursor.place)]
        shown = left[: query.limit]
        more = len(left) > query.limit
        following = Cursor(event, now, digest, shown[-1][0]).written() if more else ""
        return Page(tuple(story for _, story in shown), len(ranked), following)

    def chosen(self, query: Query, now: int) -> list[StorySummary]:
        """All stories that a query asks for, in no order. Raises Problem."""
        reading = self._read()
        return [story for story, _ in self._placed(query, reading, reading.event, now)]

    def _placed(
        self, query: Query, reading: _Reading, event: str, now: int
    ) -> list[tuple[StorySummary, Past]]:
        """The stories that are wanted, with how they stood at the event."""
        stories = reading.stories
        try:
            past = self.history.at(event, now)
        except HistoryGone:
            raise Problem(410, _OLD) from None
        growths = dict.fromkeys((s.id for s in stories), 0)
        if query.sort == "growth":
            growths = dict(zip(growths, self.history.growths(tuple(growths), now), strict=True))
        stood = [(s, past[s.id] if s.id in past else _stands(s, growths[s.id])) for s in stories]
        return self._told(query, [(s, was) for s, was in stood if was is not None and _fits(s, was, query)])

    def _told(self, query: Query, found: list[tuple[StorySummary, Past]]) -> list[tuple[StorySummary, Past]]:
        """Those with the outlet and the words that are asked for, which the summaries alone do not tell."""
        if query.outlet:
            printed = self._reader.outlets(story.id for story, _ in found)
            wanted = query.outlet.casefold()
            found = [p for p, row in zip(found, printed, strict=True) if wanted in map(str.casefold, row)]
        if query.words:
            found.sort(key=lambda pair: (-pair[1].latest, pair[0].id))  # leads are read of the latest
            kept = {
                story.id for story in with_words(self._reader, [story for story, _ in found], query.words)
            }
            found = [pair for pair in found if pair[0].id in kept]
        return found


def _behind(place: Place, last: Place) -> bool:
    try:
        return place > last
    except TypeError:  # a cursor of another order, made by hand
        raise Problem(400, "The cursor is none that was given out here.") from None


def _stands(story: StorySummary, growth: int) -> Past:
    first, latest = (moment.timestamp() if moment else 0.0 for moment in (story.first, story.latest))
    return Past(story.articles, story.outlets, story.groups, first, latest, growth)


def _fits(story: StorySummary, was: Past, query: Query) -> bool:
    return (
        (not query.lang or story.lang == query.lang)
        and was.outlets >= query.min_outlets
        and was.groups >= query.min_groups
        and (query.since is None or was.latest >= query.since.timestamp())
        and (query.until is None or was.first < query.until.timestamp())
    )


def languages(stories: Sequence[StorySummary]) -> tuple[str, ...]:
    """The languages that stories are in, by name."""
    return tuple(sorted({story.lang for story in stories}))


def moment(now: int) -> datetime:
    """Epoch seconds as a time."""
    return datetime.fromtimestamp(now, UTC)
