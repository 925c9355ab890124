"""The index of groups and stories: insert and read, then link; each one call for a batch, and atomic.

Redis stores and unites; what is one text and what is one event is decided in `dedup`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import redis

from dedup.fingerprint import Fingerprints
from dedup.model import Article, Candidates
from dedup.thresholds import MinHashConfig
from storage.bridged import Bridging
from storage.buckets import Found, Inserted, Prints, Stood, inserted, insertion, read_prints, stood_of
from storage.cluster import cluster_of
from storage.codec import article_record, content
from storage.functions import Call, Copying, Functions, T
from storage.keys import Keys, group_id
from storage.line import Line
from storage.nodes import Nodes
from storage.outlets import Outlets
from storage.pending import After, Done, Pending
from storage.plain import iso
from storage.records import BODY_FIELDS, PLACED, Body, Link, Linked, Record, bodies_of, link_doc, linked
from storage.schema import changed_meanwhile, index_name
from storage.search import word_record
from storage.spread import Spread
from storage.told import Telling
from storage.underway import Underway

DAY = 86_400
# The retention is cut into so many slices of time; what is older goes a slice at a time.
SLICES = 6


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
        window: int = 3 * DAY,
    ) -> None:
        self._client, self._keys = client, keys
        self._functions = Functions(client, keys.prefix, changed_meanwhile)
        self._retention, self._events = retention, events
        config = config or MinHashConfig()
        self._index, self._secret = index_name(config, keys), config.secret
        cluster = cluster_of(client)
        self._spread = Spread(Nodes(cluster, self._functions), keys, self._index) if cluster else None
        self._prints: dict[str, Prints] = defaultdict(Prints)
        self.underway = Underway(client, keys)
        self.outlets = Outlets(client, keys, retention=retention)
        self.telling = Telling(keys, window=window)
        self.bridging = Bridging(keys, self.telling, retention=retention)

    @property
    def retention(self) -> int:
        """How many seconds everything lives."""
        return self._retention

    def run(self, call: Call[T]) -> T:
        """Make one call (`ask_…`) and wait for its answer.

        Raises SchemaMismatch when the index has been rebuilt under other parameters meanwhile.
        """
        return self._functions.run(call)

    def line(self) -> Line:
        """A connection for calls that are sent ahead (`ask_…`); their results raise what `run` raises."""
        return Line(self._functions)

    def _slice(self, now: datetime) -> int:
        """The slice of time that what is inserted now belongs to."""
        return int(now.timestamp()) // self._width

    @property
    def _width(self) -> int:
        return max(1, self._retention // SLICES)

    def insert_and_read(
        self, lang: str, ids: Sequence[str], prints: Fingerprints, now: datetime, *, rebuilding: bool = False
    ) -> tuple[tuple[Found, ...], Candidates]:
        """Put texts (article ids, fingerprints) into their buckets and bring back who shares one.

        Raises SchemaMismatch when the index has been rebuilt under other parameters meanwhile.
        """
        with self.line() as line:
            found = self.enter(line, lang, ids, prints, now, rebuilding=rebuilding).result()
            missing = self.fetch(line, lang, found)
            return found.found, self.candidates(lang, prints, found, missing.result() if missing else {})

    def enter(
        self, line: Line, lang: str, ids: Sequence[str], prints: Fingerprints, now: datetime, *, rebuilding: bool = False,
    ) -> Pending[Inserted]:  # fmt: skip
        """Put texts into their buckets and bring back the numbers of who shares one."""
        times = self._times(now)
        call = {
            "index": self._index,
            "secret": self._secret,
            "rebuilding": rebuilding,
            "here": str(times["slice"]),
            **times,
        }
        arguments, blobs = insertion(ids, prints)

        def read(answer: Sequence[Any]) -> Inserted:
            found, last = inserted(answer, prints)
            self._prints[lang].add(last, arguments["prints"])
            return found

        key = self._keys.buckets(lang, self._index)
        if self._spread is None:
            return line.send(Call("insert_and_read", key, {**call, **arguments}, read, blobs))
        about = {name: arguments[name] for name in ("ids", "exact")}
        meet = Call("meet", key, {**call, **about}, lambda met: met)
        return After(
            self._meet(line, meet, self._spread),
            partial(self._enter_shards, self._spread, lang, prints, arguments["prints"], times, read),
        )

    def _times(self, now: datetime) -> dict[str, int]:
        """The slice of time that is written, the oldest that is read, and how long a slice lives."""
        oldest = self._slice(now - timedelta(seconds=self._retention))
        return {"slice": self._slice(now), "oldest": oldest, "slice_ttl": self._retention + self._width}

    def _meet(self, line: Line, meet: Call[Any], spread: Spread) -> Pending[Any]:
        """What is known of articles, and their numbers: copied first, for those that a failover takes back are given twice."""
        met = line.send(meet)
        copied = line.send(Copying()) if spread.has_copies(meet.key) else None

        def when_copied(found: Any) -> Any:
            if copied:
                copied.result()
            return found

        return After(met, when_copied)

    def _enter_shards(
        self, spread: Spread, lang: str, prints: Fingerprints, packed: Sequence[bytes], times: Mapping[str, int],
        read: Callable[[Sequence[Any]], Inserted], met: Sequence[Any],
    ) -> Inserted:  # fmt: skip
        known, fresh, last = met
        rows = spread.enter(lang, prints, packed, fresh, last, times)
        return read((known, last, rows or [[times["slice"], [], []]], b""))

    def fetch(self, line: Line, lang: str, found: Inserted) -> Pending[Mapping[int, bytes]] | None:
        """The fingerprints, by number, that are not at hand; None where all are."""
        numbers = self._prints[lang].missing(found.shared)
        if not numbers:
            return None
        if self._spread:
            return Done(self._spread.fetch(lang, numbers, found.slices))
        call = {"slices": found.slices, "numbers": [number.to_bytes(4, "big") for number in numbers]}
        return line.send(Call("prints", self._keys.buckets(lang, self._index), call, read_prints))

    def candidates(
        self, lang: str, prints: Fingerprints, found: Inserted, fetched: Mapping[int, bytes]
    ) -> Candidates:
        """Who shares a bucket with the articles of a batch, given the fingerprints that had to be fetched."""
        return self._prints[lang].candidates(found.shared, fetched, prints.sketches.shape[1])

    def bodies(self, articles: Sequence[str]) -> dict[str, Body]:
        """The texts of stored articles, as they are compared; those that expired are left out."""
        return self.run(self.ask_texts(articles, ()))[0] if articles else {}

    def ask_texts(
        self, articles: Sequence[str], held: Sequence[str]
    ) -> Call[tuple[dict[str, Body], dict[str, int]]]:
        """The same, and how many shingles the longest text has in the group of each of other articles.

        That is 0 for a group that is not linked yet.
        """
        call = {
            "articles": list(articles),
            "fields": list(BODY_FIELDS),
            "groups": [group_id(article) for article in held],
        }

        def read(answer: Sequence[Any]) -> tuple[dict[str, Body], dict[str, int]]:
            rows, longest = answer
            return bodies_of(articles, rows or ()), dict(zip(held, longest or (), strict=True))

        return Call("texts", self._keys.schema, call, read)

    def ask_stood(self, articles: Sequence[str]) -> Call[dict[str, Stood]]:
        """Where articles stand at this time; those that are not there are left out."""

        def read(rows: Sequence[Any]) -> dict[str, Stood]:
            found = zip(articles, map(stood_of, rows or ()), strict=True)
            return {article: stood for article, stood in found if stood}

        return Call("stood", self._keys.schema, {"ids": list(articles)}, read)

    def record(
        self, article: Article, text: str, exact: int, shingles: int, urls: Sequence[str], page: str
    ) -> Record:
        """An article made ready to be stored, which can be done before it is known where."""
        digest = content(article)
        fields = article_record(article, text, exact, shingles, digest)
        words = word_record(article.title, text, article.lang)
        return Record(article, fields, digest, shingles, tuple(map(self._keys.url, urls)), page, words)

    def ask_link(
        self, lang: str, links: Sequence[Link], now: datetime, *, stories: bool = True, mark: bytes = b""
    ) -> Call[list[Linked]]:
        """Store articles where they belong, uniting what their matches unite; without `stories`, groups only.

        `mark` is what inserting them gave; the call raises ServerEmptied when they are not there any more.
        """
        here = str(self._slice(now))
        call = {
            **(
                {"mark": mark, "slice": here, "buckets": self._keys.buckets(lang, self._index)}
                if mark
                else {}
            ),
            "index": self._index,
            "now": int(now.timestamp()),
            "at": iso(now),
            "ttl": self._retention,
            "cap": self._events,
            "told_ttl": self.telling.ttl,
            "lang": lang,
            "placed": PLACED,
            "docs": [link_doc(link, here, stories) for link in links],
        }
        return Call("link", self._keys.index(lang), call, lambda answers: [linked(row) for row in answers])
