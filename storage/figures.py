"""How much there is of everything, and how it is spread over languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis

from storage.keys import Keys
from storage.memory import memory_of
from storage.reader import HOUR, Reader
from storage.views import Stats

_DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Figures:
    """The totals; articles of the last hour and day, and since when there are any; of each language the stories,
    texts and articles; stories of several outlets; corrections; when a feed was last polled; memory and its limit."""

    totals: Stats
    last_hour: int
    last_day: int
    oldest: datetime | None
    newest: datetime | None
    languages: Mapping[str, tuple[int, int, int]]
    texts: int
    shared: int
    hidden: int
    corrections: int
    last_poll: datetime | None
    memory_peak: int
    memory_limit: int


def figures(client: redis.Redis, keys: Keys, now: datetime) -> Figures:
    """Count."""
    reader, moment = Reader(client, keys), int(now.timestamp())
    stories = reader.stories(hidden=True)
    counts: Counter[str] = Counter()
    for story in stories:
        counts.update(
            {f"{story.lang} 0": 1, f"{story.lang} 1": story.groups, f"{story.lang} 2": story.articles}
        )
    languages = sorted({story.lang for story in stories}, key=lambda lang: (-counts[f"{lang} 2"], lang))
    memory = memory_of(client)
    return Figures(
        totals=reader.stats(now),
        last_hour=client.zcount(keys.articles, moment - HOUR, "+inf"),
        last_day=client.zcount(keys.articles, moment - _DAY, "+inf"),
        oldest=_time(client.zrange(keys.articles, 0, 0, withscores=True)),
        newest=_time(client.zrange(keys.articles, -1, -1, withscores=True)),
        languages={
            lang: (counts[f"{lang} 0"], counts[f"{lang} 1"], counts[f"{lang} 2"]) for lang in languages
        },
        texts=sum(story.groups for story in stories),
        shared=sum(story.outlets > 1 for story in stories),
        hidden=sum(story.hidden is not None for story in stories),
        corrections=client.zcard(keys.corrections),
        last_poll=max((feed.polled for feed in reader.feeds() if feed.polled), default=None),
        memory_peak=memory.peak,
        memory_limit=memory.limit,
    )


def _time(row: Any) -> datetime | None:
    return datetime.fromtimestamp(row[0][1], UTC) if row else None
