"""Stories as they stood at an event of the stream, so that a listing read page by page stays right while they grow.

The stream tells what happened since; taken back event by event, it gives what each story held then. So nothing is
kept for whoever reads page by page, and any server of the same Redis can go on with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import redis

from storage.errors import HistoryGone
from storage.keys import Keys
from storage.plain import text_of

BEGINNING = "0-0"
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Past:
    """What a story held: counts, its earliest and latest article in epoch seconds, and articles of the hour before."""

    articles: int
    outlets: int
    groups: int
    first: float
    latest: float
    growth: int


@dataclass(slots=True)
class _Member:
    outlet: str
    group: str
    time: float


class History:
    """The events stream of one Redis, looked at backwards."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client, self._keys = client, keys

    def last(self) -> str:
        """The id of the latest event; BEGINNING where there was none."""
        found = self._client.xrevrange(self._keys.events, count=1)
        return text_of(found[0][0]) if found else BEGINNING

    def since(self, event: str) -> list[dict[str, str]]:
        """What happened after an event; raises HistoryGone where some of it was dropped."""
        pipe = self._client.pipeline(transaction=True)
        pipe.xrange(self._keys.events, event, "+")
        pipe.xlen(self._keys.events)
        entries, length = pipe.execute()
        if event == BEGINNING:
            gone = bool(length) and self._dropped_any()
        else:
            gone = not entries or text_of(entries.pop(0)[0]) != event
        if gone:
            raise HistoryGone(f"events since {event} were dropped")
        return [{text_of(k): text_of(v) for k, v in fields.items()} for _, fields in entries]

    def _dropped_any(self) -> bool:
        info = self._client.xinfo_stream(self._keys.events)
        return int(info["entries-added"]) > int(info["length"])

    def at(self, event: str, now: float) -> Mapping[str, Past | None]:
        """Every story that something happened to since an event, as it stood then; None for one that was not there.

        `now` is when, in epoch seconds, which the last hour counts from. Raises HistoryGone.
        """
        happened = self.since(event)
        touched = sorted({told[name] for told in happened for name in ("story", "from") if told.get(name)})
        members = self._members(touched)
        stories: dict[str, set[str]] = {story: set(held) for story, held in members.items()}
        known = {article: member for held in members.values() for article, member in held.items()}
        _take_back(happened, stories, known)
        return {story: _past([known[a] for a in stories[story]], now) for story in touched}

    def growths(self, stories: Sequence[str], now: float) -> list[int]:
        """Of each story how many of its articles are of the hour before `now`."""
        pipe = self._client.pipeline(transaction=False)
        for story in stories:
            pipe.zcount(self._keys.story_articles(story), now - _HOUR, "+inf")
        return list(pipe.execute()) if stories else []

    def _members(self, stories: Sequence[str]) -> dict[str, dict[str, _Member]]:
        pipe = self._client.pipeline(transaction=False)
        for story in stories:
            pipe.zrange(self._keys.story_articles(story), 0, -1, withscores=True)
        times = [{text_of(a): float(t) for a, t in rows} for rows in pipe.execute()] if stories else []
        articles = sorted({article for held in times for article in held})
        for article in articles:
            pipe.hmget(self._keys.article(article), "outlet", "group")
        rows = pipe.execute() if articles else []
        facts = dict(zip(articles, rows, strict=True))
        return {
            story: {a: _member(facts[a], time) for a, time in held.items()}
            for story, held in zip(stories, times, strict=True)
        }


def _member(row: Sequence[bytes | None], time: float) -> _Member:
    outlet, group = (text_of(value or b"") for value in row)
    return _Member(outlet, group, time)


def _take_back(
    happened: Sequence[Mapping[str, str]], stories: dict[str, set[str]], known: Mapping[str, _Member]
) -> None:
    """Undo events, the latest first: articles leave, groups go back to where they were."""
    held: defaultdict[str, set[str]] = defaultdict(set, stories)
    for told in reversed(happened):
        kind = told.get("type", "")
        article = told.get("article", "")
        if kind == "article.added":
            for articles in held.values():
                articles.discard(article)
        elif kind == "article.moved" and article in known:
            known[article].group = told["from"]
        elif kind == "article.revised" and article in known:
            held[told["story"]].add(article)  # which it may have left for its new words
        elif kind == "group.moved":
            moved = {a for a in held[told["story"]] if known[a].group == told["group"]}
            held[told["story"]] -= moved
            held[told["from"]] |= moved
    stories.update(held)


def _past(members: Iterable[_Member], now: float) -> Past | None:
    held = list(members)
    if not held:
        return None
    times = [member.time for member in held]
    return Past(
        articles=len(held),
        outlets=len({member.outlet for member in held} - {""}),
        groups=len({member.group for member in held}),
        first=min(times),
        latest=max(times),
        growth=sum(time >= now - _HOUR for time in times),
    )
