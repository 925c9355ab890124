"""Texts that a worker is placing, for other workers who find them in the index and must compare their own with them.

A text is in the index some tenths of a second before its article is stored. Who meets it there in between could not read it, and
would miss that the one contains the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import cast

import msgpack
import redis

from storage.functions import Command
from storage.keys import Keys
from storage.records import Body

# What a worker that died leaves goes when nobody has placed anything for so long.
_SECONDS = 60


class Underway:
    """Put before a text is inserted, taken away when its article is stored: one hash, as a command for each text costs more.

    Both go the way of inserting and storing, so that neither is waited for.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client, self._key = client, keys.underway

    def ask_put(self, bodies: Mapping[str, Body]) -> Iterator[Command]:
        """Show texts to other workers."""
        told = (
            (
                article.encode(),
                msgpack.packb(_told(body), unicode_errors="surrogatepass"),
            )
            for article, body in bodies.items()
        )
        yield Command("HSET", self._key, *chain.from_iterable(told))
        yield Command("EXPIRE", self._key, b"%d" % _SECONDS)

    def get(self, articles: Iterable[str]) -> dict[str, Body]:
        """Those of these texts that a worker is placing."""
        wanted = list(articles)
        found = cast("list[bytes | None]", self._client.hmget(self._key, wanted)) if wanted else []
        rows = (
            (name, msgpack.unpackb(told, unicode_errors="surrogatepass"))
            for name, told in zip(wanted, found, strict=True)
            if told
        )
        return {
            name: Body(text, outlet, (skip[0], skip[1]), frozenset(stub) if stub else None)
            for name, (text, outlet, skip, stub) in rows
        }

    def ask_take_away(self, articles: Iterable[str]) -> Command:
        """They are stored."""
        return Command("HDEL", self._key, *(article.encode() for article in articles))


def _told(body: Body) -> tuple[object, ...]:
    return body.text, body.outlet, body.skip, None if body.stub is None else sorted(body.stub)
