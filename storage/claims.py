"""Whose word counts for an address: what one publisher's feed says may not overwrite what another has published."""

from __future__ import annotations

from collections.abc import Sequence

import redis

from crawler.urls import same_site
from storage.keys import Keys
from storage.plain import text_of


class Claims:
    """Questions about stored articles. `feed` of a stored article is set where a feed of another site alone tells of it."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client, self._keys = client, keys

    def is_anothers(self, article: str, feed: str) -> bool:
        """Whether an article is stored that is not this feed's hearsay."""
        stored = self._client.hmget(self._keys.article(article), ["id", "feed"])
        return stored[0] is not None and text_of(stored[1] or b"") != feed

    def keeps(self, article: str, url: str) -> bool:
        """Whether an article may move to this address: not to another site's."""
        stored = text_of(self._client.hget(self._keys.article(article), "url") or b"")
        return not stored or same_site(stored, url)

    def free(self, urls: Sequence[str], article: str) -> tuple[str, ...]:
        """Those of the addresses that lead to no other article."""
        found = self._client.mget([self._keys.url(url) for url in urls]) if urls else []
        return tuple(
            url for url, held in zip(urls, found, strict=True) if held is None or text_of(held) == article
        )
