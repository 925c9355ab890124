"""Reading what was stored, by id, prefix or URL; merged ids lead to where they went."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

import redis

from dedup.terms import Frequencies
from storage.codec import skip_of
from storage.functions import Functions
from storage.keys import Keys
from storage.outlets import FurnitureSeen, furniture_seen
from storage.plain import from_iso, iso, text_of
from storage.told import Telling
from storage.views import ArticleView, FeedView, GroupView, Stats, StorySummary, StoryView

Kind = Literal["story", "group", "article", "feed"]
_PAGE = 500
_VALIDATORS = (("etag", "ETag"), ("modified", "Last-Modified"), ("body_hash", "a digest of the body"))
HOUR = 3600
_BESIDE = (":articles", ":groups", ":outlets", ":entries", ":related")


class Reader:
    """Read-only view of one Redis."""

    def __init__(self, client: redis.Redis, keys: Keys | None = None) -> None:
        self._client, self._keys = client, keys or Keys()

    def _hashes(self, keys: Sequence[str]) -> list[dict[str, str]]:
        pipe = self._client.pipeline(transaction=False)
        for key in keys:
            pipe.hgetall(key)
        return [{text_of(k): text_of(v) for k, v in row.items()} for row in pipe.execute()] if keys else []

    def _hash(self, key: str) -> dict[str, str]:
        return self._hashes([key])[0]

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

    def by_url(self, url: str) -> str | None:
        """The article at a canonical URL."""
        found = self._client.get(self._keys.url(url))
        return text_of(found) if found is not None else None

    # --- stories

    def stories(self, since: datetime | None = None) -> list[StorySummary]:
        """All stories that grew since, latest first."""
        low = since.timestamp() if since else "-inf"
        ids = [text_of(i) for i in self._client.zrevrangebyscore(self._keys.stories, "+inf", low)]
        summaries = []
        for start in range(0, len(ids), _PAGE):
            summaries += self._summaries(ids[start : start + _PAGE])
        return summaries

    def _summaries(self, ids: Sequence[str]) -> list[StorySummary]:
        rows = self._hashes([self._keys.story(identity) for identity in ids])
        now = int(text_of(self._client.time()[0]))
        pipe = self._client.pipeline(transaction=False)
        for identity in ids:
            pipe.zcount(self._keys.story_articles(identity), now - HOUR, "+inf")
        growths = pipe.execute() if ids else []
        return [_summary(row, growth) for row, growth in zip(rows, growths, strict=True) if "created" in row]

    def story(self, identity: str) -> StoryView | None:
        """One story with its groups and articles; None where it does not exist (any more)."""
        found = self._summaries([identity])
        if not found:
            return None
        ids = [text_of(i) for i in self._client.zrange(self._keys.story_groups(identity), 0, -1)]
        groups = [group for group in map(self.group, ids) if group and group.articles]
        groups.sort(key=lambda group: (-len(group.articles), iso(group.articles[0].time), group.id))
        outlets = self._hash(self._keys.story_outlets(identity))
        counts = sorted(((name, int(n)) for name, n in outlets.items()), key=lambda pair: (-pair[1], pair[0]))
        return StoryView(found[0], tuple(groups), dict(counts), self._related(identity, ids))

    def _related(self, story: str, groups: Sequence[str]) -> tuple[tuple[StorySummary, float], ...]:
        """The stories on the same event in other languages, by the links of this story's groups."""
        pipe = self._client.pipeline(transaction=False)
        for group in groups:
            pipe.zrange(self._keys.group_related(group), 0, -1, withscores=True)
        best: dict[str, float] = {}
        for links in pipe.execute() if groups else []:
            for group, score in links:
                row = self._hash(self._keys.group(self._follow("group", text_of(group))))
                if other := self._follow("story", row.get("story", "")):
                    best[other] = max(score, best.get(other, 0.0))
        best.pop(story, None)
        found = {summary.id: summary for summary in self._summaries(sorted(best))}
        ranked = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple((found[other], score) for other, score in ranked if other in found)

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
        return [_article(row) for row in self._hashes([self._keys.article(i) for i in ids]) if "group" in row]

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
        return furniture_seen(self._client, self._keys, outlet)

    def frequencies(self, lang: str, window: int, now: datetime) -> Frequencies:
        """In how many texts of late each term stood, in a language."""
        call = Telling(self._keys, window=window).ask_frequencies(lang, now)
        return Functions(self._client, self._keys.prefix).run(call)

    def feeds(self) -> list[FeedView]:
        """Every feed on the schedule, by URL."""
        ids = sorted(text_of(key) for key in self._client.hkeys(self._keys.feeds))
        rows = self._hashes([self._keys.feed(identity) for identity in ids])
        return sorted((_feed(row) for row in rows if row), key=lambda feed: feed.url)

    def feed(self, identity: str) -> FeedView | None:
        """One feed."""
        row = self._hash(self._keys.feed(identity))
        return _feed(row) if row else None

    def stats(self, now: datetime) -> Stats:
        """How much of everything there is."""
        pipe = self._client.pipeline(transaction=False)
        pipe.zcard(self._keys.articles)
        pipe.zcard(self._keys.stories)
        pipe.hlen(self._keys.feeds)
        pipe.zcount(self._keys.feeds_due, "-inf", int(now.timestamp()))
        pipe.zcard(self._keys.pages_due)
        pipe.xlen(self._keys.events)
        pipe.info("memory")
        articles, stories, feeds, due, pages, events, memory = pipe.execute()
        failing = sum(1 for feed in self.feeds() if feed.streak)
        used = int(memory.get("used_memory", 0))
        return Stats(articles, stories, feeds, failing, due, pages, events, used)


def _summary(row: dict[str, str], growth: int) -> StorySummary:
    return StorySummary(
        id=row["id"],
        lang=row.get("lang", ""),
        headline=row.get("headline", ""),
        url=row.get("url", ""),
        outlet=row.get("outlet", ""),
        representative=row.get("representative", ""),
        articles=int(row.get("articles", 0)),
        outlets=int(row.get("outlets", 0)),
        groups=int(row.get("groups", 0)),
        first=from_iso(row.get("first", "")),
        latest=from_iso(row.get("latest", "")),
        seen=from_iso(row.get("seen", "")),
        growth=growth,
        wire=row.get("wire", ""),
    )


def _article(row: dict[str, str]) -> ArticleView:
    return ArticleView(
        id=row["id"],
        url=row.get("url", ""),
        outlet=row.get("outlet", ""),
        lang=row.get("lang", ""),
        title=row.get("title", ""),
        published=from_iso(row.get("published", "")),
        seen=from_iso(row.get("seen", "")),
        group=row.get("group", ""),
        story=row.get("story", ""),
        verdict=row.get("verdict", ""),
        similarity=float(row.get("similarity", 0)),
        matched=row.get("matched", ""),
        score=float(row.get("score", 0)),
        beside=row.get("beside", ""),
        terms=tuple((term, share) for term, share in json.loads(row.get("terms", "[]"))),
        text=row.get("text", ""),
        repeats=int(row.get("repeats", 0)),
        repeated=tuple(json.loads(row.get("repeated", "[]"))),
        aside=tuple((i, kind, place, text) for i, kind, place, text in json.loads(row.get("aside", "[]"))),
        authors=tuple(json.loads(row.get("authors", "[]"))),
        image=row.get("image", ""),
        source=row.get("source", ""),
        revisions=int(row.get("revisions", 0)),
        headline_in_text=row.get("headline_in_text") == "1",
        skip=skip_of(row),
        wire=row.get("wire", ""),
        source_url=row.get("source_url", ""),
        page=row.get("page", "article"),
        taken_from=json.loads(row.get("taken_from", "{}")),
    )


def _feed(row: dict[str, str]) -> FeedView:
    return FeedView(
        id=row.get("id", ""),
        url=row.get("url", ""),
        title=row.get("given_title") or row.get("title", ""),
        lang=row.get("given_lang") or row.get("lang", ""),
        kind=row.get("kind", ""),
        folder=row.get("folder", ""),
        result=row.get("result", ""),
        status=int(row.get("status", 0)),
        error=row.get("error", ""),
        failure=row.get("failure", ""),
        streak=int(row.get("streak", 0)),
        entries=int(row.get("entries", 0)),
        polled=from_iso(row.get("polled", "")),
        good=from_iso(row.get("good", "")),
        failed=from_iso(row.get("failed", "")),
        news=from_iso(row.get("news", "")),
        next=from_iso(row.get("next", "")),
        rule=row.get("rule", ""),
        bounds=json.loads(row.get("bounds", "{}")),
        spread=int(row.get("spread", 0)),
        gap=int(row.get("gap", 0)),
        interval=int(row.get("interval", 0)),
        offers=tuple(json.loads(row.get("offers", "[]"))),
        notes=tuple(json.loads(row.get("notes", "[]"))),
        given=row.get("given_url", ""),
        moved_to=row.get("moved_to", ""),
        moved_polls=int(row.get("moved_polls", 0)),
        validators=tuple(name for field, name in _VALIDATORS if row.get(field)),
        hub=row.get("hub", ""),
        subscribed=row.get("subscribed", ""),
    )
