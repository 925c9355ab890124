"""Indexing what is stored under other parameters, while readers go on reading and old runs are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby, islice

import redis

from dedup.fingerprint import fingerprint
from dedup.thresholds import MinHashConfig
from storage.index import Index
from storage.keys import Keys
from storage.reader import Reader
from storage.schema import drop_index, index_name, stored_index, switch_index, with_secret
from storage.search import Search
from storage.views import ArticleView

_BATCH = 64


def rebuild(
    client: redis.Redis, keys: Keys, config: MinHashConfig, retention: int,
    done: Callable[[int], None] = lambda _: None,
) -> int:  # fmt: skip
    """Index every stored article anew, then put that index in force; returns how many there were.

    Stories, groups and articles stay as they are, and what was corrected by hand; what comes later is compared under
    the new parameters. Running it again is safe: a rebuild that was broken off is begun anew. The secret stays, unless
    another is configured. `done` hears how many articles each step did.
    """
    started = datetime.now(UTC)
    config = with_secret(client, keys, config)
    old, new = stored_index(client, keys), index_name(config, keys)
    index, reader = Index(client, keys, retention=retention, config=config), Reader(client, keys)
    if new != old:
        drop_index(client, keys, new)
    search = Search(client, keys)
    search.drop()
    seen = _insert(index, search, config, reader.all_articles(), done)
    switch_index(client, keys, config)
    # What old runs placed meanwhile; from here on they are refused.
    late = (a for a in reader.all_articles(since=started) if a.id not in seen)
    seen |= _insert(index, search, config, late, done)
    if new != old:
        drop_index(client, keys, old)
    return len(seen)


def _insert(
    index: Index, search: Search, config: MinHashConfig, articles: Iterable[ArticleView],
    done: Callable[[int], None],
) -> set[str]:  # fmt: skip
    seen: set[str] = set()
    for batch in _batches(articles):
        for (lang, moment), group in groupby(sorted(batch, key=_place), key=_place):
            same = list(group)
            prints = fingerprint([a.body for a in same], config, [a.skip for a in same])
            index.insert_and_read(lang, [a.id for a in same], prints, moment, rebuilding=True)
            search.enter(lang, same, moment, index.retention)
        seen |= {article.id for article in batch}
        done(len(batch))
    return seen


def _place(article: ArticleView) -> tuple[str, datetime]:
    """Articles of one language and day share a call, and a slice that goes when they do."""
    seen = article.seen or datetime.now(UTC)
    return article.lang, seen.replace(hour=0, minute=0, second=0, microsecond=0)


def _batches(articles: Iterable[ArticleView]) -> Iterator[list[ArticleView]]:
    remaining = iter(articles)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
