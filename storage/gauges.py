"""Figures for those who watch over a newsfold: how much there is, how late the schedule is, what Redis takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis

from storage.keys import Keys
from storage.memory import memory_of
from storage.plain import text_of

# Every state that a feed can be in, so that a state nobody is in is told as 0.
FEED_STATES = ("new", "well", "failing", "gone", "moved")
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Gauges:
    """`late` is for how many seconds the feed that is due longest has been so; `events` is what the stream holds,
    `events_total` what was ever written to it; memory is in bytes, its limit 0 for none."""

    articles: int
    groups: int
    stories: int
    feeds: Mapping[str, int]
    due: int
    late: float
    pages: int
    events: int
    events_total: int
    memory: int
    memory_limit: int


def read_gauges(client: redis.Redis, keys: Keys, now: datetime) -> Gauges:
    """The figures of now."""
    moment = now.timestamp()
    pipe = client.pipeline(transaction=False)
    pipe.zcard(keys.articles)
    pipe.zrange(keys.stories, 0, -1)
    pipe.hkeys(keys.feeds)
    pipe.zcount(keys.feeds_due, "-inf", int(moment))
    pipe.zrange(keys.feeds_due, 0, 0, withscores=True)
    pipe.zcard(keys.pages_due)
    pipe.exists(keys.events)
    articles, stories, feeds, due, first, pages, any_events = pipe.execute()
    memory = memory_of(client)
    stream = client.xinfo_stream(keys.events) if any_events else {"length": 0, "entries-added": 0}
    counts = _rows(client, [(keys.story(text_of(story)), ("groups",)) for story in stories])
    states = _rows(client, [(keys.feed(text_of(feed)), ("result", "streak")) for feed in feeds])
    found = Counter(_state(*row) for row in states)
    return Gauges(
        articles=articles,
        groups=sum(int(text_of(row[0] or b"0")) for row in counts),
        stories=len(stories),
        feeds={state: found[state] for state in FEED_STATES},
        due=due,
        late=max(0.0, moment - first[0][1]) if first else 0.0,
        pages=pages,
        events=int(stream["length"]),
        events_total=int(stream["entries-added"]),
        memory=memory.used,
        memory_limit=memory.limit,
    )


def _rows(client: redis.Redis, wanted: Sequence[tuple[str, tuple[str, ...]]]) -> list[list[Any]]:
    """Fields of many hashes, in pages, so that no answer is too large."""
    found: list[list[Any]] = []
    for start in range(0, len(wanted), _PAGE):
        pipe = client.pipeline(transaction=False)
        for key, names in wanted[start : start + _PAGE]:
            pipe.hmget(key, *names)
        found += pipe.execute()
    return found


def _state(result: bytes | None, streak: bytes | None) -> str:
    told = text_of(result or b"")
    if told in ("gone", "moved"):
        return told
    if int(text_of(streak or b"0")):
        return "failing"
    return "well" if told else "new"
