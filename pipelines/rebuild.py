"""Indexing what is stored under other parameters, while readers go on reading and old runs are refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby, islice

import redis

from dedup.fingerprint import fingerprint
from dedup.thresholds import MinHashConfig
from storage.index import Index
from storage.keys import Keys
from storage.reader import Reader
from storage.schema import drop_index, index_name, stored_index, switch_index, with_secret
from storage.views import ArticleView

_BATCH = 64


def rebuild(client: redis.Redis, keys: Keys, config: MinHashConfig, retention: int) -> int:
    """Index every stored article anew, then put that index in force; returns how many there were.

    Stories, groups and articles stay as they are; what comes later is compared under the new parameters.
    Running it again is safe: a rebuild that was broken off is begun anew. The secret stays, unless another is configured.
    """
    started = datetime.now(UTC)
    config = with_secret(client, keys, config)
    old, new = stored_index(client, keys), index_name(config)
    index, reader = Index(client, keys, retention=retention, config=config), Reader(client, keys)
    if new != old:
        drop_index(client, keys, new)
    seen = _insert(index, config, reader.all_articles())
    switch_index(client, keys, config)
    # What old runs placed meanwhile; from here on they are refused.
    late = (a for a in reader.all_articles(since=started) if a.id not in seen)
    seen |= _insert(index, config, late)
    if new != old:
        drop_index(client, keys, old)
    return len(seen)


def _insert(index: Index, config: MinHashConfig, articles: Iterable[ArticleView]) -> set[str]:
    seen: set[str] = set()
    for batch in _batches(articles):
        for (lang, moment), group in groupby(sorted(batch, key=_place), key=_place):
            same = list(group)
            prints = fingerprint([a.body for a in same], config, [a.skip for a in same])
            index.insert_and_read(lang, [a.id for a in same], prints, moment, rebuilding=True)
        seen |= {article.id for article in batch}
    return seen


def _place(article: ArticleView) -> tuple[str, datetime]:
    """Articles of one language and day share a call, and a slice that goes when they do."""
    seen = article.seen or datetime.now(UTC)
    return article.lang, seen.replace(hour=0, minute=0, second=0, microsecond=0)


def _batches(articles: Iterable[ArticleView]) -> Iterator[list[ArticleView]]:
    remaining = iter(articles)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
