"""Articles by the words of their headlines and leads: an index of its own, which expires with the articles."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

import redis

from dedup.search import Query, holds, search_keys
from storage.functions import Functions
from storage.keys import Keys
from storage.plain import from_iso, text_of
from storage.reader import Reader
from storage.views import ArticleView

# Chunks looked through in one call, so that Redis is not kept from others.
_CHUNKS = 32
# Of an article's terms so many are kept, those of its headline first; as in find.lua.
_TERMS = 48
# Of a word that more articles have, those that came latest are looked at.
_MOST_FOUND = 5_000
_PAGE = 100
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def packed_keys(keys: Sequence[int]) -> bytes:
    """Keys of terms as they are looked up."""
    return struct.pack(f">{len(keys)}I", *keys)


def word_record(title: str, text: str, lang: str) -> bytes:
    """What an article is found by, as it is kept."""
    return packed_keys(search_keys(title, text, lang)[:_TERMS]).ljust(4 * _TERMS, b"\0")


class Search:
    """Looks for articles in one Redis."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client, self._keys = client, keys
        self._functions = Functions(client, keys.prefix)
        self._reader = Reader(client, keys)

    @classmethod
    def beside(cls, reader: Reader) -> Search:
        """A search in the Redis that a reader reads."""
        return cls(reader._client, reader._keys)

    def find(
        self, query: Query, *, lang: str = "", outlet: str = "", since: datetime | None = None, most: int = 20
    ) -> list[ArticleView]:
        """The articles that have all parts of a query in headline or lead, the newest first."""
        found = [
            (time, article, spoken)
            for spoken in ([lang] if lang else self.languages())
            for article, time in self._times(self._ids(query, spoken), outlet).items()
            if since is None or time >= since
        ]
        found.sort(key=lambda item: item[1])
        found.sort(key=lambda item: item[0], reverse=True)
        return list(islice(self._sure(query, [(article, spoken) for _, article, spoken in found]), most))

    def enter(self, lang: str, articles: Sequence[ArticleView], now: datetime, retention: int) -> None:
        """Enter articles of one language, which placing them has done already unless the index was dropped."""
        docs = [{"id": one.id, "words": word_record(one.title, one.text, lang)} for one in articles]
        call = {"docs": docs, "lang": lang, "ttl": retention, "now": int(now.timestamp())}
        self._functions.call("enter_words", self._keys.index(lang), call)

    def drop(self) -> None:
        """Forget the index, in all languages."""
        for kind in ("words:*", "listed:*", "chunk"):
            for key in self._client.scan_iter(match=self._keys.index("*") + kind, count=1_000):
                self._client.unlink(key)

    def languages(self) -> list[str]:
        """The languages that articles were entered in."""
        return sorted(text_of(lang) for lang in self._client.zrange(self._keys.languages, 0, -1))

    def _ids(self, query: Query, lang: str) -> list[str]:
        keys, found = query.keys(lang), dict[str, None]()
        chunk: int | None = None
        while keys and chunk != -1 and len(found) < _MOST_FOUND:
            call: dict[str, object] = {"terms": packed_keys(keys), "chunks": _CHUNKS}
            if chunk is not None:
                call["chunk"] = chunk
            chunk, ids = self._functions.call("find", self._keys.index(lang), call)
            found |= dict.fromkeys(text_of(article) for article in ids or ())
        return list(found)[:_MOST_FOUND]

    def _times(self, ids: Sequence[str], outlet: str) -> Mapping[str, datetime]:
        """When those that are left of the articles (of one outlet) told their news."""
        pipe = self._client.pipeline(transaction=False)
        for article in ids:
            pipe.hmget(self._keys.article(article), "published", "seen", "outlet")
        times = {}
        for article, (published, seen, printer) in zip(ids, pipe.execute() if ids else (), strict=True):
            if seen is not None and (not outlet or text_of(printer) == outlet):
                met = from_iso(text_of(seen)) or _LONG_AGO
                times[article] = min(from_iso(text_of(published)) or met, met)
        return times

    def _sure(self, query: Query, found: Sequence[tuple[str, str]]) -> Iterator[ArticleView]:
        for start in range(0, len(found), _PAGE):
            page = found[start : start + _PAGE]
            spoken = dict(page)
            for article in self._reader.articles(list(spoken)):
                sought = query.unsure(spoken[article.id])
                if not sought or holds(article.title, article.text, sought):
                    yield article
