"""The index of groups and stories: insert and read, then link; each one call for a batch, and atomic.

Redis stores and unites; what is one text and what is one event is decided in `dedup`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis

from dedup.model import Article, Candidate, Fingerprint, Neighbour
from storage.codec import article_fields, body, compact, exact_hex, iso, text_of
from storage.functions import Functions
from storage.keys import Keys, group_id, story_id

DAY = 86_400


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
        self, client: redis.Redis, keys: Keys, *, retention: int = 30 * DAY, events: int = 10_000
    ) -> None:
        self._client, self._keys = client, keys
        self._functions = Functions(client, keys.prefix)
        self._retention, self._events = retention, events

    def insert_and_read(
        self, lang: str, docs: Sequence[tuple[str, Fingerprint]], now: datetime
    ) -> list[Found]:
        """Put texts (article id, fingerprint) into their buckets and bring back who shares one."""
        call = {
            "now": int(now.timestamp()),
            "ttl": self._retention,
            "docs": [_print(article, fingerprint) for article, fingerprint in docs],
        }
        answers = self._functions.call("insert_and_read", self._keys.index(lang), call)
        return [
            Found(text_of(exact), text_of(group), tuple(_candidate(row) for row in rows or ()))
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
                    "vector": compact(query.vector),
                }
                for query in queries
            ],
        }
        answers = self._functions.call("neighbours", self._keys.index(lang), call)
        return [tuple(_neighbour(row) for row in rows or ()) for rows in answers]

    def bodies(self, articles: Sequence[str]) -> dict[str, str]:
        """The texts of stored articles, as they are compared; those that expired are left out."""
        pipe = self._client.pipeline(transaction=False)
        for article in articles:
            pipe.hmget(self._keys.article(article), ["title", "text", "headline_in_text"])
        names = ("title", "text", "headline_in_text")
        found = {}
        for article, row in zip(articles, pipe.execute(), strict=True):
            if row[1] is not None:
                found[article] = body(dict(zip(names, map(text_of, row), strict=True)))
        return found

    def link(self, lang: str, links: Sequence[Link], now: datetime) -> list[Linked]:
        """Store articles where they belong, uniting what their matches unite."""
        call = {
            "now": int(now.timestamp()),
            "at": iso(now),
            "ttl": self._retention,
            "cap": self._events,
            "docs": [self._link_doc(link) for link in links],
        }
        answers = self._functions.call("link", self._keys.index(lang), call)
        return [
            Linked(text_of(group), text_of(story), bool(new_group), bool(new_story), text_of(verdict))
            for group, story, new_group, new_story, verdict in answers
        ]

    def _link_doc(self, link: Link) -> dict[str, object]:
        article = link.article
        group = group_id(article.id)
        placed = {
            "verdict": link.verdict,
            "similarity": f"{link.similarity:.4f}",
            "matched": link.matched,
            "score": f"{link.score:.4f}",
            "terms": compact(list(link.terms)),
        }
        return {
            "id": article.id,
            "fields": {**article_fields(article, link.fingerprint), **placed},
            "time": int(article.time.timestamp()),
            "at": iso(article.time),
            "shingles": link.fingerprint.shingles,
            "group": group,
            "own_story": story_id(group),
            "unite": list(link.unite),
            "story": link.story,
            "url_keys": [self._keys.url(url) for url in link.urls],
            "page": link.page,
        }


def _print(article: str, fingerprint: Fingerprint) -> dict[str, object]:
    return {
        "id": article,
        "group": group_id(article),
        "exact": exact_hex(fingerprint),
        "shingles": fingerprint.shingles,
        "signature": fingerprint.signature,
        "bands": [f"{key:016x}" for key in fingerprint.bands],
        "sentences": [f"{key:016x}" for key in fingerprint.sentences],
    }


def _candidate(row: Sequence[Any]) -> Candidate:
    article, group, exact, shingles, signature, bands, sentences, longest = row
    return Candidate(
        article=text_of(article),
        group=text_of(group),
        exact=int(exact, 16),
        shingles=int(shingles),
        signature=bytes(signature),
        shared_bands=int(bands),
        shared_sentences=int(sentences),
        group_shingles=int(longest),
    )


def _neighbour(row: Sequence[Any]) -> Neighbour:
    group, story, count, vector = row
    return Neighbour(text_of(group), text_of(story), int(count), json.loads(vector))
