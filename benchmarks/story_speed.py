"""Text to story in Redis: articles a second, time an article and memory, among many active articles.

The articles are Reuters-21578, as often as it takes, each copy with all but its common words spelled in a way of its
own: so a copy has the stories and reprints of the original and shares with the others what strangers share. Five
in six of each copy fill the index, dated over the last two days; the sixth is what is measured, and so meets the
vocabulary, stories and reprints of the copy that it is from. Everything goes through `pipelines.ingest`, as a file of
`newsfold ingest` does.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
_LETTERS = "bcdfghjklmnpqrstvwxz"


class Spelling(dict[str, str]):
    """How a copy writes each word: as it is where it is common, otherwise with an ending of the copy's own."""

    def __init__(self, copy: int, common: frozenset[str]) -> None:
        super().__init__()
        self._number, self._common = str(copy), common
        self._ending = _LETTERS[copy // len(_LETTERS) % len(_LETTERS)] + _LETTERS[copy % len(_LETTERS)]

    def __missing__(self, part: str) -> str:
        word = part.lower()
        if word in self._common or len(word) < 2 or not word.isalnum():
            made = part
        elif word.isdigit():
            made = part + self._number
        else:
            made = part + (self._ending.upper() if part.isupper() else self._ending)
        self[part] = made
        return made


def unwrapped(text: str) -> str:
    """A newswire text with a line a paragraph, as files for `newsfold ingest` have it."""
    return _WRAP.sub(" ", text)


def parts(text: str) -> list[str]:
    """Words and what stands between them, alternating; joined they are the text."""
    return _PARTS.findall(text)


def common_words(texts: Iterable[Sequence[str]], share: float = COMMON_SHARE) -> frozenset[str]:
    """The words, lower case, that stand in more than this share of the texts."""
    listed = list(texts)
    held = Counter(word for text in listed for word in {part.lower() for part in text if part.isalnum()})
    return frozenset(word for word, texts_with in held.items() if texts_with > share * len(listed))


class Copies:
    """Articles without end, those that fill the index and those that are measured."""

    def __init__(self, rows: Sequence[Row]) -> None:
        both = ((parts(row["title"] or ""), parts(unwrapped(row["text"] or ""))) for row in rows)
        self._rows = [(title, text) for title, text in both if any(map(str.isalnum, title + text))]
        self._common = common_words(title + text for title, text in self._rows)

    def filling(self) -> Iterator[Row]:
        """Five in six of each copy."""
        return (row for number, row in self._all() if number % FRESH)

    def fresh(self) -> Iterator[Row]:
        """The sixth of each copy."""
        return (row for number, row in self._all() if number % FRESH == 0)

    def _all(self) -> Iterator[tuple[int, Row]]:
        for copy in count(1):
            spelling = Spelling(copy, self._common)
            for number, (title, text) in enumerate(self._rows):
                words = ["".join(map(spelling.__getitem__, some)) for some in (title, text)]
                outlet = f"outlet{(copy + number) % OUTLETS}.example"
                identity = f"{copy}-{number}"
                yield number, {
                    "id": identity, "title": words[0], "text": words[1], "lang": "en",
                    "outlet": outlet, "url": f"https://{outlet}/{identity}",
                }  # fmt: skip


def _dated(rows: Iterable[Row], total: int, now: datetime) -> Iterator[Row]:
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
        self._rows = _dated(copies.filling(), size, datetime.now(UTC))
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
