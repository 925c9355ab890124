"""Reading what was stored, by id, prefix or URL; merged ids lead to where they went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import redis

from storage.cluster import keys_of
from storage.functions import Functions
from storage.gauges import Gauges, read_gauges
from storage.history import History
from storage.keys import Keys
from storage.memory import memory_of
from storage.outlines import Outlines, StoryOutline
from storage.plain import iso, text_of
from storage.rows import article_of, feed_of, summary_of
from storage.schema import contract_fault
from storage.views import ArticleView, FeedView, GroupView, Stats, StorySummary, StoryView

if TYPE_CHECKING:
    from dedup.terms import Frequencies
    from storage.outlets import FurnitureSeen

Kind = Literal["story", "group", "article", "feed"]
_PAGE = 500
# A story that grows while it is read is read again, so many times at most.
_LOOKS = 10
HOUR = 3600
# Stories with the score of the link to them.
Related = tuple[tuple[StorySummary, float], ...]
_BESIDE = (":articles", ":groups", ":outlets", ":entries", ":related")


class Reader:
    """Read-only view of one Redis."""

    def __init__(self, client: redis.Redis, keys: Keys | None = None) -> None:
        self._client, self._keys = client, keys or keys_of(client)
        self._outlines = Outlines(self._client, self._keys)

    def _hashes(self, keys: Sequence[str]) -> list[dict[str, str]]:
        pipe = self._client.pipeline(transaction=False)
        for key in keys:
            pipe.hgetall(key)
        return [{text_of(k): text_of(v) for k, v in row.items()} for row in pipe.execute()] if keys else []

    def _hash(self, key: str) -> dict[str, str]:
        return self._hashes([key])[0]

    def secret(self) -> str:
        """What is mixed into the buckets (`dedup.salt`); not to be shown."""
        return text_of(self._client.hget(self._keys.schema, "secret") or b"")

    # --- finding

    def resolve(self, kind: Kind, wanted: str) -> list[str]:
        """The ids that an id or its beginning leads to: none, one, or several where it is ambiguous."""
        # Beside a story lie its lists: `story:{id}:articles` is no story.
        if not wanted.endswith(_BESIDE) and self._client.exists(f"{self._keys.prefix}:{kind}:{wanted}"):
            return [self._follow(kind, wanted)]
        head = f"{self._keys.prefix}:{kind}:"
        escaped = "".join(f"\\{c}" if c in "*?[]\\^" else c for c in wanted)
        found = {
            key[len(head) :]
            for raw in self._client.scan_iter(match=f"{head}{escaped}*", count=5_000)
            if (key := text_of(raw)).startswith(head)
        }
        ids = {i for i in found if not i.endswith(_BESIDE)}
        return sorted({self._follow(kind, identity) for identity in ids})

    def _follow(self, kind: Kind, identity: str) -> str:
        for _ in range(64):
            into = self._client.hget(f"{self._keys.prefix}:{kind}:{identity}", "merged_into")
            if into is None:
                break
            identity = text_of(into)
        return identity

    def settled(self, kind: Kind, identity: str) -> str:
        """The id that an id leads to now, whether or not there is such a record."""
        return self._follow(kind, identity)

    def by_url(self, url: str) -> str | None:
        """The article at a canonical URL."""
        found = self._client.get(self._keys.url(url))
        return text_of(found) if found is not None else None

    # --- stories

    def stories(self, since: datetime | None = None, *, hidden: bool = False) -> list[StorySummary]:
        """All stories that grew since, latest first; those that an operator hid only with `hidden`."""
        low = since.timestamp() if since else "-inf"
        ids = [text_of(i) for i in self._client.zrevrangebyscore(self._keys.stories, "+inf", low)]
        summaries = []
        for start in range(0, len(ids), _PAGE):
            summaries += self.summaries(ids[start : start + _PAGE])
        return summaries if hidden else [story for story in summaries if not story.hidden]

    def summaries(self, ids: Sequence[str]) -> list[StorySummary]:
        """Those of the stories that exist, in the order asked for."""
        rows = self._hashes([self._keys.story(identity) for identity in ids])
        now = int(text_of(self._client.time()[0]))
        pipe = self._client.pipeline(transaction=False)
        for identity in ids:
            pipe.zcount(self._keys.story_articles(identity), now - HOUR, "+inf")
        growths = pipe.execute() if ids else []
        return [
            summary_of(row, growth) for row, growth in zip(rows, growths, strict=True) if "created" in row
        ]

    def story(self, identity: str) -> StoryView | None:
        """One story with its groups and articles, all as they were at one time; None where it does not exist (any more)."""
        row, view = self._hash(self._keys.story(identity)), None
        for _ in range(_LOOKS):  # whatever changes in a story changes its hash
            view, before = self._story(identity), row
            row = self._hash(self._keys.story(identity))
            if row == before:
                break
        return view

    def _story(self, identity: str) -> StoryView | None:
        found = self.summaries([identity])
        if not found:
            return None
        ids = [text_of(i) for i in self._client.zrange(self._keys.story_groups(identity), 0, -1)]
        groups = [group for group in map(self.group, ids) if group and group.articles]
        groups.sort(key=lambda group: (-len(group.articles), iso(group.articles[0].time), group.id))
        (outlets,) = self.outlets([identity])
        (related,) = self.related([identity])
        return StoryView(found[0], tuple(groups), outlets, related)

    def outlines(self, summaries: Sequence[StorySummary], most: int = 200) -> list[StoryOutline]:
        """Stories as a front page shows them, each with its earliest `most` articles, without their texts."""
        ids = [summary.id for summary in summaries]
        texts = self._outlines.texts(ids, most)
        parts = (summaries, texts, self.outlets(ids), self.leads(summaries), self.related(ids))
        return [StoryOutline(*story) for story in zip(*parts, strict=True)]

    def outlets(self, stories: Iterable[str]) -> list[dict[str, int]]:
        """Of each story its outlets with their articles, most first."""
        return self._outlines.outlets(stories)

    def leads(self, summaries: Iterable[StorySummary]) -> list[str]:
        """Of each story the beginning of its representative's text."""
        return self.beginnings(summary.representative for summary in summaries)

    def beginnings(self, articles: Iterable[str]) -> list[str]:
        """Of each article the beginning of its text, "" where it has expired."""
        return self._outlines.leads(articles)

    def related(self, stories: Sequence[str]) -> list[Related]:
        """Of each story those on the same event in other languages, best first, by the links of its groups."""
        links = self._outlines.links(stories)
        places = {group: self._story_of(group) for group in {group for one in links for group in one}}
        found = {summary.id: summary for summary in self.summaries(sorted({*places.values()} - {""}))}
        return [_ranked(story, linked, places, found) for story, linked in zip(stories, links, strict=True)]

    def _story_of(self, group: str) -> str:
        """The story that a group is in now, "" where it has expired."""
        row = self._hash(self._keys.group(self._follow("group", group)))
        return self._follow("story", row.get("story", "")) if row.get("story") else ""

    def group(self, identity: str) -> GroupView | None:
        """One group with its articles."""
        row = self._hash(self._keys.group(identity))
        if "created" not in row:
            return None
        ids = [text_of(i) for i in self._client.zrange(self._keys.group_articles(identity), 0, -1)]
        articles = sorted(self.articles(ids), key=lambda a: (a.id != row["origin"], iso(a.time), a.id))
        return GroupView(identity, row["story"], row["origin"], tuple(articles))

    # --- articles

    def articles(self, ids: Sequence[str]) -> list[ArticleView]:
        """Those of the articles that have not expired, in the order asked for."""
        return [
            article_of(row) for row in self._hashes([self._keys.article(i) for i in ids]) if "group" in row
        ]

    def article(self, identity: str) -> ArticleView | None:
        """One article."""
        found = self.articles([identity])
        return found[0] if found else None

    def all_articles(self, since: datetime | None = None) -> Iterator[ArticleView]:
        """Every article, in the order they were met; with `since`, those met then or later."""
        low: int | str = int(since.timestamp()) if since else "-inf"
        start = 0
        while ids := self._client.zrangebyscore(self._keys.articles, low, "+inf", start=start, num=_PAGE):
            yield from self.articles([text_of(identity) for identity in ids])
            start += _PAGE

    # --- outlets, feeds and figures

    def furniture(self, outlet: str) -> list[FurnitureSeen]:
        """The learnt furniture of an outlet: language, place, words, and how often and when it was seen."""
        from storage.outlets import (
            furniture_seen,  # loads numpy, as the next does; what else is read needs none
        )

        return furniture_seen(self._client, self._keys, outlet)

    def frequencies(self, lang: str, window: int, now: datetime) -> Frequencies:
        """In how many texts of late each term stood, in a language."""
        from storage.told import Telling

        call = Telling(self._keys, window=window).ask_frequencies(lang, now)
        return Functions(self._client, self._keys.prefix).run(call).frequencies

    def feeds(self) -> list[FeedView]:
        """Every feed on the schedule, by URL."""
        ids = sorted(text_of(key) for key in self._client.hkeys(self._keys.feeds))
        rows = self._hashes([self._keys.feed(identity) for identity in ids])
        return sorted((feed_of(row) for row in rows if row), key=lambda feed: feed.url)

    def feed(self, identity: str) -> FeedView | None:
        """One feed."""
        row = self._hash(self._keys.feed(identity))
        return feed_of(row) if row else None

    def history(self) -> History:
        """The events stream looked at backwards."""
        return History(self._client, self._keys)

    def gauges(self, now: datetime) -> Gauges:
        """What those watch who run it."""
        return read_gauges(self._client, self._keys, now)

    def contract_fault(self) -> str:
        """Why what is stored cannot be read, in one sentence; empty where it can."""
        return contract_fault(self._client, self._keys)

    def stats(self, now: datetime) -> Stats:
        """How much of everything there is."""
        pipe = self._client.pipeline(transaction=False)
        pipe.zcard(self._keys.articles)
        pipe.zcard(self._keys.stories)
        pipe.hlen(self._keys.feeds)
        pipe.zcount(self._keys.feeds_due, "-inf", int(now.timestamp()))
        pipe.zcard(self._keys.pages_due)
        pipe.xlen(self._keys.events)
        articles, stories, feeds, due, pages, events = pipe.execute()
        failing = sum(1 for feed in self.feeds() if feed.streak)
        used = memory_of(self._client).used
        return Stats(articles, stories, feeds, failing, due, pages, events, used)


def _ranked(
    story: str, linked: Mapping[str, float], places: Mapping[str, str], found: Mapping[str, StorySummary]
) -> Related:
    best: dict[str, float] = {}
    for group, score in linked.items():
        other = places[group]
        if other in found and other != story:
            best[other] = max(score, best.get(other, 0.0))
    return tuple((found[o], score) for o, score in sorted(best.items(), key=lambda pair: (-pair[1], pair[0])))
