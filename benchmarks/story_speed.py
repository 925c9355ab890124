"""Text to story in Redis: articles a second, time an article and memory, among many active articles.

The articles are Reuters-21578, as often as it takes, each copy with its words exchanged, by a rule of the copy's own, for
others that are as common: so a copy has the stories and reprints of the original and shares with the others what strangers
share, and the vocabulary stays that of a newswire. Five in six of each copy fill the index, dated over the last two days; the
sixth is what is measured, and so meets the stories and reprints of the copy that it is from. Everything goes through `pipelines.ingest`, as a file of
`newsfold ingest` does.
"""

from __future__ import annotations

import math
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import Any

import redis

from benchmarks.harness import percentile
from benchmarks.replay import Row, encoded, take_in
from benchmarks.server import Cost, cost
from pipelines.desk import Desk, DeskOptions
from pipelines.ingest import BATCH
from pipelines.placing import Rules
from storage.connect import connect
from storage.reader import Reader

ACTIVE_DAYS = 2.0  # within any window in which a story stays open
COMMON_SHARE = 0.02  # of the texts; some 700 words of the newswire
FRESH = 6  # every sixth text of a copy is kept for measuring
OUTLETS = 200
_PARTS = re.compile(r"[A-Za-z0-9]+|[^A-Za-z0-9]+")
_WRAP = re.compile(r"\n(?! {4})")  # the wire's paragraphs are indented by four


class Exchange(dict[str, str]):
    """The word that a copy has for each word, written as that one is."""

    def __init__(self, words: Mapping[str, str]) -> None:
        super().__init__()
        self._words = words

    def __missing__(self, part: str) -> str:
        other = self._words.get(part.lower(), part.lower()) if part.isalnum() else part
        made = other.upper() if part.isupper() else other.capitalize() if part[:1].isupper() else other
        self[part] = made
        return made


class Vocabulary:
    """The words of texts, by how many texts have them; what more than `share` of them have stands in every copy."""

    def __init__(self, texts: Iterable[Sequence[str]], share: float = COMMON_SHARE) -> None:
        listed = list(texts)
        held = Counter(word for text in listed for word in {part.lower() for part in text if part.isalnum()})
        self._bands: dict[tuple[int, int], list[str]] = defaultdict(list)
        for word, texts_with in sorted(held.items()):
            if texts_with <= share * len(listed):
                # Numbers are exchanged for numbers as long: years stay years.
                digits = len(word) if word.isdecimal() else 0
                self._bands[digits, round(4 * math.log2(texts_with))].append(word)

    def copy(self, number: int) -> Exchange:
        """The exchange of one copy."""
        chance, words = random.Random(number), dict[str, str]()
        for band in self._bands.values():
            words.update(zip(band, chance.sample(band, len(band)), strict=True))
        return Exchange(words)


def unwrapped(text: str) -> str:
    """A newswire text with a line a paragraph, as files for `newsfold ingest` have it."""
    return _WRAP.sub(" ", text)


def parts(text: str) -> list[str]:
    """Words and what stands between them, alternating; joined they are the text."""
    return _PARTS.findall(text)


class Copies:
    """Articles without end, those that fill the index and those that are measured."""

    def __init__(self, rows: Sequence[Row]) -> None:
        both = ((parts(row["title"] or ""), parts(unwrapped(row["text"] or ""))) for row in rows)
        self._rows = [(title, text) for title, text in both if any(map(str.isalnum, title + text))]
        self._vocabulary = Vocabulary(title + text for title, text in self._rows)

    def filling(self) -> Iterator[Row]:
        """Five in six of each copy."""
        return (row for number, row in self._all() if number % FRESH)

    def fresh(self) -> Iterator[Row]:
        """The sixth of each copy."""
        return (row for number, row in self._all() if number % FRESH == 0)

    def _all(self) -> Iterator[tuple[int, Row]]:
        for copy in count(1):
            exchange = self._vocabulary.copy(copy)
            for number, (title, text) in enumerate(self._rows):
                words = ["".join(map(exchange.__getitem__, some)) for some in (title, text)]
                outlet = f"outlet{(copy + number) % OUTLETS}.example"
                identity = f"{copy}-{number}"
                yield number, {
                    "id": identity, "title": words[0], "text": words[1], "lang": "en",
                    "outlet": outlet, "url": f"https://{outlet}/{identity}",
                }  # fmt: skip


def dated(rows: Iterable[Row], total: int, now: datetime) -> Iterator[Row]:
    """The rows, spread over the last days."""
    for number, row in enumerate(rows):
        age = timedelta(days=ACTIVE_DAYS * (1 - number / total))
        yield {**row, "published": (now - age).isoformat()}


class Filled:
    """A server emptied and filled with articles of the last days, and a worker beside it."""

    def __init__(self, home: Path, copies: Copies, size: int, rules: Rules) -> None:
        with closing(connect(None, home)) as client:
            client.flushall()
        self.desk = Desk(DeskOptions(home=home, rules=rules))
        self._rows = dated(copies.filling(), size, datetime.now(UTC))
        self._fill(BATCH)  # what the worker and the server load once is no article's memory
        empty = used_memory(self.desk.client)
        self._fill(size - BATCH)
        self.articles = size - BATCH
        self.bytes_used = used_memory(self.desk.client) - empty

    def _fill(self, size: int) -> None:
        while size > 0:
            some = encoded(islice(self._rows, min(2_048, size)))
            take_in(self.desk, some)
            size -= len(some)

    def stories(self) -> int:
        """How many there are."""
        return Reader(self.desk.client).stats(datetime.now(UTC)).stories


def used_memory(client: redis.Redis) -> int:
    """Bytes that the server has allocated."""
    return int(client.info("memory")["used_memory"])


def timed(desk: Desk, rows: Iterator[Row], count: int) -> Cost:
    """What the next rows cost an article, as one stream."""
    lines = encoded(islice(rows, count))
    return cost(desk.client, len(lines), lambda: take_in(desk, lines))


def speed(
    home: Path, rows: Sequence[Row], size: int, rounds: int, round_articles: int, alone: int
) -> dict[str, Any]:
    """Articles a second in streams, and the time of batches that come alone, among `size` active articles."""
    copies = Copies(rows)
    begin = time.perf_counter()
    filled = Filled(home, copies, size, Rules())
    spent = time.perf_counter() - begin
    fresh, desk = copies.fresh(), filled.desk
    streams = [timed(desk, fresh, round_articles) for _ in range(rounds)]
    each = [timed(desk, fresh, BATCH).clock / 1e3 for _ in range(alone)]
    clock, worker, server = (median(costs) for costs in zip(*streams, strict=True))
    return {
        "active": size,
        "stories": filled.stories(),
        "filled_per_s": size / spent,
        "articles_per_s": 1e6 / clock,
        "worker_us": worker,
        "server_us": server,
        "p50_ms": percentile(each, 0.5),
        "p99_ms": percentile(each, 0.99),
        "batches": len(each),
        "article_bytes": filled.bytes_used / filled.articles,
    }


def memory(home: Path, rows: Sequence[Row], size: int) -> dict[str, float]:
    """Bytes of an article in its group, and of a story, by filling the server without stories and with them."""
    bare = Filled(home, Copies(rows), size, Rules(tell_stories=False))
    whole = Filled(home, Copies(rows), size, Rules())
    stories = whole.stories()
    grouped, told = (one.bytes_used / one.articles for one in (bare, whole))
    return {
        "articles": size,
        "stories": stories,
        "grouped_article_bytes": grouped,
        "article_bytes": told,
        "story_bytes": (told - grouped) * size / stories,
    }
