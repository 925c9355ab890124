"""What a newsroom's Redis holds, to be compared; and a reader that looks for half-written things all the while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from types import TracebackType

import redis
from redis.exceptions import RedisError

from storage.cluster import keys_of
from storage.errors import StorageError
from storage.plain import text_of
from storage.reader import Reader
from storage.views import ArticleView, StoryView

Parts = frozenset[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was stored, without what depends on the clock or on the order in which pages came.

    Which blocks are furniture is learnt as they recur, so an article's lines are told with those set apart.
    """

    articles: frozenset[tuple[str, str, str, str, str]]
    groups: Parts
    stories: Parts
    feeds: frozenset[tuple[str, str, int, str]]
    pages: int


def outcome(client: redis.Redis) -> Outcome:
    """What is stored now."""
    keys, reader = keys_of(client), Reader(client)
    articles = list(reader.all_articles())
    rows = [client.hgetall(keys.feed(feed.id)) for feed in reader.feeds()]
    return Outcome(
        frozenset((a.url, a.outlet, a.lang, a.title, _lines(a)) for a in articles),
        _parts(articles, lambda a: reader.resolve("group", a.group)[0]),
        _parts(articles, lambda a: reader.resolve("story", a.story)[0]),
        frozenset(
            (
                text_of(row[b"url"]),
                text_of(row.get(b"etag", b"")),
                int(row.get(b"entries", 0)),
                text_of(row[b"result"]),
            )
            for row in rows
            if b"result" in row
        ),
        client.zcard(keys.pages_due),
    )


def _lines(article: ArticleView) -> str:
    furniture = [text for _, kind, _, text in article.aside if kind == "furniture"]
    return "\n".join(sorted([*article.text.split("\n\n"), *furniture]))


def _parts(articles: list[ArticleView], place: Callable[[ArticleView], str]) -> Parts:
    found: dict[str, set[str]] = {}
    for article in articles:
        found.setdefault(place(article), set()).add(article.url)
    return frozenset(map(frozenset, found.values()))


def broken(reader: Reader) -> Iterator[str]:
    """What does not hold of what can be read now, as sentences."""
    for summary in reader.stories():
        if view := reader.story(summary.id):
            yield from broken_story(view)
    for article in reader.all_articles():
        yield from _broken_article(reader, article)


def broken_story(view: StoryView) -> Iterator[str]:
    """A story counts what it has, shows one of its articles, and all of them know where they are."""
    name, members = view.summary.id, [a for group in view.groups for a in group.articles]
    figures = {
        "articles": (view.summary.articles, len(members)),
        "groups": (view.summary.groups, len(view.groups)),
        "outlets": (view.summary.outlets, len(view.outlets)),
        "articles by outlet": (sum(view.outlets.values()), len(members)),
    }
    for what, (said, there) in figures.items():
        if said != there:
            yield f"story {name} says {said} {what} and has {there}"
    if view.summary.representative not in {a.id for a in members}:
        yield f"story {name} shows {view.summary.representative}, which it does not have"
    for group in view.groups:
        if group.origin not in {a.id for a in group.articles}:
            yield f"group {group.id} begins with {group.origin}, which it does not have"
        for article in group.articles:
            if not (article.title and article.text and article.url):
                yield f"article {article.id} is half there"


def _broken_article(reader: Reader, article: ArticleView) -> Iterator[str]:
    for _ in range(5):  # what lies between two looks may have moved it
        now = reader.article(article.id)
        group = reader.group(_one(reader, "group", now.group)) if now else None
        if (
            now
            and group
            and article.id in {a.id for a in group.articles}
            and _one(reader, "story", now.story)
        ):
            break
    else:
        yield f"article {article.id} is in no group and story that can be read"
    if article.url and reader.by_url(article.url) != article.id:
        yield f"{article.url} does not lead to article {article.id}"


def _one(reader: Reader, kind: str, identity: str) -> str:
    return next(iter(reader.resolve(kind, identity)), "")  # type: ignore[arg-type]


class Watch:
    """A reader beside the crawls, in a thread with a connection of its own: what it finds broken is in `found`."""

    def __init__(self, client: redis.Redis) -> None:
        self.looks, self.found = 0, list[str]()
        self._client, self._over, self._turn = client, threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def empty(self) -> None:
        """Forget everything, between two looks."""
        with self._turn:
            self._client.flushall()

    def _look(self) -> None:
        reader = Reader(self._client)
        while not self._over.wait(0.02):
            with self._turn, suppress(StorageError, RedisError):  # a server in trouble comes back
                self.found += broken(reader)
                self.looks += 1


def likeness(one: Parts, other: Parts) -> float:
    """How far two partitions tell the same: the F1 of the pairs that each puts together; 1 where they are equal."""
    a, b = _pairs(one), _pairs(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a or b else 1.0


def _pairs(parts: Parts) -> set[tuple[str, str]]:
    return {pair for part in parts for pair in combinations(sorted(part), 2)}
