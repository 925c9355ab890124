"""The index of groups and stories: insert and read, then link; each one call for a batch, and atomic.

Redis stores and unites; what is one text and what is one event is decided in `dedup`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from redis.exceptions import ResponseError

from dedup.model import Article, Candidate, Fingerprint, Neighbour
from dedup.thresholds import MinHashConfig
from storage.codec import article_fields, body, compact, exact_hex, iso, skip_of, text_of
from storage.functions import Functions, packed_vector, vector_of
from storage.keys import Keys, group_id, story_id
from storage.outlets import Outlets
from storage.schema import changed_meanwhile, index_name

DAY = 86_400
# The retention is cut into so many slices of time; what is older goes a slice at a time.
SLICES = 6
_BODY_FIELDS = ("title", "text", "headline_in_text", "outlet", "skip")


@dataclass(frozen=True, slots=True)
class Body:
    """A stored article's text as it is compared, its outlet, and the words of furniture at its ends."""

    text: str
    outlet: str
    skip: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """What the index says of a text: its article's place where it is known already, and its candidates."""

    known_exact: str
    known_group: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A new group that asks for neighbours: its id, its time, its vector and the terms to look up."""

    group: str
    time: datetime
    vector: Mapping[str, float]
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """An article with what was decided about it, to be stored.

    `unite` are the groups to unite it with, `story` the story to join; both empty where it stands alone.
    `urls` are all addresses that lead to it, `page` the queued page that it settles.
    """

    article: Article
    fingerprint: Fingerprint
    unite: tuple[str, ...] = ()
    story: str = ""
    verdict: str = "new"
    similarity: float = 0.0
    matched: str = ""
    score: float = 0.0
    terms: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    page: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """Where an article ended; `verdict` is "unchanged" or "revision" where it was known before."""

    group: str
    story: str
    group_is_new: bool
    story_is_new: bool
    verdict: str


class Index:
    """Placement's view of Redis; `retention` in seconds is how long everything lives."""

    def __init__(
        self,
        client: redis.Redis,
        keys: Keys,
        *,
        retention: int = 30 * DAY,
        events: int = 10_000,
        config: MinHashConfig | None = None,
    ) -> None:
        self._client, self._keys = client, keys
        self._functions = Functions(client, keys.prefix)
        self._retention, self._events = retention, events
        self._index = index_name(config or MinHashConfig())
        self.outlets = Outlets(client, keys, retention=retention)

    def _slice(self, now: datetime) -> int:
        """The slice of time that what is inserted now belongs to."""
        return int(now.timestamp()) // self._width

    @property
    def _width(self) -> int:
        return max(1, self._retention // SLICES)

    def insert_and_read(
        self, lang: str, docs: Sequence[tuple[str, Fingerprint]], now: datetime, *, rebuilding: bool = False
    ) -> list[Found]:
        """Put texts (article id, fingerprint) into their buckets and bring back who shares one.

        Raises SchemaMismatch when the index has been rebuilt under other parameters meanwhile.
        """
        current = self._slice(now)
        call = {
            "index": self._index,
            "rebuilding": rebuilding,
            "slice": current,
            "here": str(current),
            "oldest": self._slice(now - timedelta(seconds=self._retention)),
            "slice_ttl": self._retention + self._width,
            "docs": [_print(article, fingerprint) for article, fingerprint in docs],
        }
        try:
            answers = self._functions.call("insert_and_read", self._keys.buckets(lang, self._index), call)
        except ResponseError as error:
            raise changed_meanwhile(error) from error
        return [
            Found(text_of(exact), text_of(group), tuple(map(_candidate, rows or ())))
            for exact, group, rows in answers
        ]

    def neighbours(
        self, lang: str, queries: Sequence[Query], *, window_days: float, most: int
    ) -> list[tuple[Neighbour, ...]]:
        """Enter new groups under their rare terms and bring back the groups that share them."""
        call = {
            "ttl": self._retention,
            "window": int(window_days * DAY),
            "most": most,
            "docs": [
                {
                    "group": query.group,
                    "time": int(query.time.timestamp()),
                    "terms": list(query.terms),
                    "weights": [query.vector[term] for term in query.terms],
                    "vector": packed_vector(query.vector),
                }
                for query in queries
            ],
        }
        answers = self._functions.call("neighbours", self._keys.index(lang), call)
        return [tuple(_neighbour(row) for row in rows or ()) for rows in answers]

    def bodies(self, articles: Sequence[str]) -> dict[str, Body]:
        """The texts of stored articles, as they are compared; those that expired are left out."""
        if not articles:
            return {}
        call = {"articles": list(articles), "fields": list(_BODY_FIELDS)}
        rows = self._functions.call("bodies", self._keys.schema, call)
        found = {}
        for article, row in zip(articles, rows, strict=True):
            fields = {name: text_of(v) for name, v in zip(_BODY_FIELDS, row, strict=False) if v}
            if row[1] is not False:
                found[article] = Body(body(fields), fields.get("outlet", ""), skip_of(fields))
        return found

    def link(self, lang: str, links: Sequence[Link], now: datetime, *, stories: bool = True) -> list[Linked]:
        """Store articles where they belong, uniting what their matches unite; without `stories`, groups only."""
        call = {
            "now": int(now.timestamp()),
            "at": iso(now),
            "ttl": self._retention,
            "cap": self._events,
            "docs": [self._link_doc(link, self._slice(now), stories) for link in links],
        }
        answers = self._functions.call("link", self._keys.index(lang), call)
        return [
            Linked(text_of(group), text_of(story), bool(new_group), bool(new_story), text_of(verdict))
            for group, story, new_group, new_story, verdict in answers
        ]

    def _link_doc(self, link: Link, here: int, stories: bool) -> dict[str, object]:
        article = link.article
        group = group_id(article.id)
        placed = {
            "verdict": link.verdict,
            "similarity": f"{link.similarity:.4f}",
            "matched": link.matched,
            "score": f"{link.score:.4f}",
            "terms": compact(list(link.terms)),
            "slice": here,
        }
        return {
            "id": article.id,
            "fields": {**article_fields(article, link.fingerprint), **placed},
            "time": int(article.time.timestamp()),
            "at": iso(article.time),
            "shingles": link.fingerprint.shingles,
            "group": group,
            "own_story": story_id(group) if stories else "",
            "unite": list(link.unite),
            "story": link.story,
            "url_keys": [self._keys.url(url) for url in link.urls],
            "page": link.page,
        }


def _print(article: str, fingerprint: Fingerprint) -> dict[str, object]:
    return {
        "id": article,
        "group": group_id(article),
        "exact": fingerprint.exact.to_bytes(8, "big"),
        "exact_hex": exact_hex(fingerprint),
        "shingles": fingerprint.shingles,
        "sketch": fingerprint.sketch,
        "bands": fingerprint.bands,
        "anchors": fingerprint.anchors,
    }


def _candidate(row: Sequence[Any]) -> Candidate:
    article, group, exact, shingles, sketch, bands, anchors, longest = row
    return Candidate(
        article=text_of(article),
        group=text_of(group),
        exact=int.from_bytes(exact, "big"),
        shingles=int(shingles),
        sketch=sketch,
        shared_bands=int(bands),
        shared_anchors=int(anchors),
        group_shingles=int(longest),
    )


def _neighbour(row: Sequence[Any]) -> Neighbour:
    group, story, count, vector = row
    return Neighbour(text_of(group), text_of(story), int(count), vector_of(vector))
