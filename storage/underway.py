"""Texts that a worker is placing, for other workers who find them in the index and must compare their own with them.

A text is in the index some tenths of a second before its article is stored. Who meets it there in between could not read it, and
would miss that the one contains the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import redis

from storage.keys import Keys
from storage.records import Body

# What a worker that died leaves goes by itself.
_SECONDS = 60


class Underway:
    """Put before a text is inserted, taken away when its article is stored."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client, self._keys = client, keys

    def put(self, bodies: Mapping[str, Body]) -> None:
        """Show texts to other workers."""
        with self._client.pipeline(transaction=False) as pipe:
            for article, body in bodies.items():
                told = json.dumps((body.text, body.outlet, body.skip))
                pipe.set(self._keys.underway(article), told, ex=_SECONDS)
            pipe.execute()

    def get(self, articles: Iterable[str]) -> dict[str, Body]:
        """Those of these texts that a worker is placing."""
        wanted = list(articles)
        if not wanted:
            return {}
        with self._client.pipeline(transaction=False) as pipe:
            for article in wanted:
                pipe.get(self._keys.underway(article))
            found = zip(wanted, pipe.execute(), strict=True)
        rows = ((article, json.loads(told)) for article, told in found if told)
        return {article: Body(text, outlet, (skip[0], skip[1])) for article, (text, outlet, skip) in rows}

    def take_away(self, articles: Iterable[str]) -> None:
        """They are stored."""
        with self._client.pipeline(transaction=False) as pipe:
            for article in articles:
                pipe.unlink(self._keys.underway(article))
            pipe.execute()
