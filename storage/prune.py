"""Forgetting what was met before a time, and tidying what points to articles that expired meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import redis

from storage.functions import Functions
from storage.keys import Keys
from storage.plain import text_of

_AT_ONCE = 100
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went, or would go: articles, those that had expired but were still counted, texts, stories, and events."""

    articles: int
    stale: int
    groups: int
    stories: int
    events: int


class Pruner:
    """Prunes one Redis, a batch of stories at a time, so that nobody waits for it."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client, self._keys = client, keys
        self._functions = Functions(client, keys.prefix)

    def prune(
        self, before: datetime, *, dry_run: bool = False, done: Callable[[int], None] = lambda _: None
    ) -> Pruned:
        """Forget the articles met before that time, and the texts and stories that nothing is left of.

        With `dry_run` nothing is changed. `done` hears of each batch of stories.
        """
        low = int(before.timestamp())
        old = {text_of(i) for i in self._client.zrangebyscore(self._keys.articles, "-inf", f"({low}")}
        stale = groups = stories = 0
        for batch in _batches(self._stories()):
            found = [one for one in self._looked_at(batch, old) if one.gone or one.groups_gone]
            stale += sum(len(one.gone - old) for one in found)
            if dry_run:
                groups += sum(one.groups_gone for one in found)
                stories += sum(one.is_gone for one in found)
            else:
                went = self._forget(found, old)
                groups, stories = groups + went[0], stories + went[1]
            done(len(batch))
        if not dry_run:
            groups += self._forget_loose(old)
        return Pruned(len(old), stale, groups, stories, self._trim(low, dry_run=dry_run))

    def _stories(self) -> Iterator[str]:
        for identity, _ in self._client.zscan_iter(self._keys.stories, count=_PAGE):
            yield text_of(identity)

    def _looked_at(self, ids: Sequence[str], old: set[str]) -> list[_Looked]:
        """What of some stories is gone, or goes."""
        pipe = self._client.pipeline(transaction=False)
        for identity in ids:
            pipe.hget(self._keys.story(identity), "lang")
            pipe.zrange(self._keys.story_articles(identity), 0, -1)
            pipe.zrange(self._keys.story_groups(identity), 0, -1)
        rows = pipe.execute()
        members = self._members([text_of(group) for row in rows[2::3] for group in row])
        articles = {text_of(a) for row in rows[1::3] for a in row}.union(*members.values())
        alive = self._alive(sorted(articles)) - old
        found = []
        for identity, lang, whole, groups in zip(ids, rows[::3], rows[1::3], rows[2::3], strict=True):
            gone = {text_of(a) for a in whole} - alive
            lost = sum(not alive & members[text_of(group)] for group in groups)
            found.append(_Looked(identity, text_of(lang or b"und"), gone, lost, lost == len(groups)))
        return found

    def _members(self, groups: Sequence[str]) -> dict[str, set[str]]:
        pipe = self._client.pipeline(transaction=False)
        for group in groups:
            pipe.zrange(self._keys.group_articles(group), 0, -1)
        rows = pipe.execute() if groups else []
        return {group: {text_of(a) for a in row} for group, row in zip(groups, rows, strict=True)}

    def _alive(self, articles: Sequence[str]) -> set[str]:
        """Those of the articles that have not expired."""
        pipe = self._client.pipeline(transaction=False)
        for article in articles:
            pipe.exists(self._keys.article(article))
        return {a for a, there in zip(articles, pipe.execute() if articles else (), strict=True) if there}

    def _forget(self, found: Sequence[_Looked], old: set[str]) -> tuple[int, int]:
        groups = stories = 0
        by_lang: dict[str, list[_Looked]] = defaultdict(list)
        for one in found:
            by_lang[one.lang].append(one)
        for lang, some in by_lang.items():
            articles = sorted({a for one in some for a in one.gone & old})
            went = self._call(lang, articles, [one.id for one in some])
            groups, stories = groups + went[0], stories + went[1]
        return groups, stories

    def _forget_loose(self, old: set[str]) -> int:
        """The old articles that are in no story."""
        left = [a for a in sorted(old) if self._client.zscore(self._keys.articles, a) is not None]
        by_lang: dict[str, list[str]] = defaultdict(list)
        for article in left:
            lang = self._client.hget(self._keys.article(article), "lang")
            by_lang[text_of(lang or b"und")].append(article)
        return sum(
            self._call(lang, some[at : at + _PAGE], [])[0]
            for lang, some in by_lang.items()
            for at in range(0, len(some), _PAGE)
        )

    def _call(self, lang: str, articles: Sequence[str], stories: Sequence[str]) -> tuple[int, int]:
        pipe = self._client.pipeline(transaction=False)
        for article in articles:
            pipe.hget(self._keys.article(article), "url")
        urls = [text_of(url or b"") for url in (pipe.execute() if articles else [])]
        flat = [x for a, url in zip(articles, urls, strict=True) for x in (a, self._keys.url(url))]
        call = {"articles": flat, "stories": list(stories)}
        groups, gone = self._functions.call("forget", self._keys.index(lang), call)
        return int(groups), int(gone)

    def _trim(self, low: int, *, dry_run: bool) -> int:
        if dry_run:
            return len(self._client.xrange(self._keys.events, max=f"{low * 1000 - 1}") or ())
        return int(self._client.xtrim(self._keys.events, minid=f"{low * 1000}", approximate=False))


@dataclass(frozen=True, slots=True)
class _Looked:
    """A story with those of its articles that are gone or go, and what goes with them."""

    id: str
    lang: str
    gone: set[str]
    groups_gone: int
    is_gone: bool


def _batches(stories: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(stories, _AT_ONCE)):
        yield batch
