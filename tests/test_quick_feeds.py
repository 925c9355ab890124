"""The quick reader finds what feedparser finds: on all real feeds, and on mutations of them."""

from __future__ import annotations

import gzip
import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.errors import CrawlerError
from crawler.model import ParsedFeed
from crawler.parse import parse_feed, xmlfeed
from crawler.parse.quick import Found

URL = "http://feeds.example/news/"
ELEMENT = re.compile(
    rb"<([\w:]+)(?:\s[^<>]*)?>[^<>]{0,300}</\1>|<[\w:]+[^<>]*/>|<([\w:]+)[^<>]*><!\[CDATA\[.{0,200}?\]\]></\2>",
    re.S,
)
NAMES = (b"title", b"link", b"guid", b"id", b"description", b"summary", b"content", b"author", b"updated", b"source",
         b"image", b"media:title", b"itunes:summary", b"dc:date", b"enclosure", b"foo", b"media:thumbnail")  # fmt: skip
ATTRIBUTES = (b' type="html"', b' type="text/plain"', b' xml:lang="fr"', b' rel="self"', b' isPermaLink="false"',
              b' href="/x"', b' xml:base="http://b.example/z/"', b' type="xhtml"', b' mode="escaped"')  # fmt: skip
TEXTS = (b"", b"Fish &amp;amp; chips", b"&lt;b&gt;x&lt;/b&gt;", b"a/b", b"http:////x.example/a?b=1&amp;c=2", b"12345",
         b"\xc3\x83\xc2\xa9t\xc3\x83\xc2\xa9 \xc2\x93q\xc2\x94", b"Tue, 2 Jan 2024 3:04:05 EST")  # fmt: skip


def bodies(data: Path) -> list[bytes]:
    paths = sorted([*data.glob("feeds/real/*.xml.gz"), *data.glob("feeds/multilingual/*.xml")])
    return [gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in paths]


def read(body: bytes) -> ParsedFeed | str:
    try:
        return parse_feed(body, URL)
    except CrawlerError as error:
        return str(error)


class Readers:
    """Both readers of one body, the quick one counted and timed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch, self._quickly = monkeypatch, xmlfeed._quickly
        self.quick, self.spent = 0, {"quick": 0.0, "feedparser": 0.0}

    def both(self, body: bytes) -> tuple[ParsedFeed | str, ParsedFeed | str]:
        return self._timed("quick", body, self._counted), self._timed("feedparser", body, lambda *_: None)

    def _counted(self, *arguments: object) -> Found | None:
        found = self._quickly(*arguments)  # type: ignore[arg-type]
        self.quick += found is not None
        return found

    def _timed(self, name: str, body: bytes, reader: Callable[..., Found | None]) -> ParsedFeed | str:
        self._patch.setattr(xmlfeed, "_quickly", reader)
        start = time.process_time()
        try:
            return read(body)
        finally:
            self.spent[name] += time.process_time() - start


@pytest.mark.slow
def test_entries_are_feedparsers_on_all_real_feeds(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readers, found = Readers(monkeypatch), bodies(data)
    different = [body[:60] for body in found for one, other in [readers.both(body)] if one != other]
    assert (len(found), different) == (139, [])
    assert readers.quick > 0.9 * len(found)


@pytest.mark.slow
def test_the_quick_reader_takes_less_than_half_the_time(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best of a few rounds of either by turns, on every fifth feed: it is a third."""
    readers, found = Readers(monkeypatch), bodies(data)[::5]
    rounds = []
    for _ in range(4):
        readers.spent = dict.fromkeys(readers.spent, 0.0)
        for body in found:
            readers.both(body)
        rounds.append(readers.spent)
    assert min(one["quick"] for one in rounds) < min(one["feedparser"] for one in rounds) / 2


def mutated(body: bytes, rng: random.Random) -> bytes:
    """A few elements taken away, doubled, moved, renamed, wrapped, given attributes or other words."""
    starts = [match.start() for match in re.finditer(rb"<(?:item|entry)[ >]", body)]
    if len(starts) > 3:
        end = max(body.rfind(b"</item>"), body.rfind(b"</entry>"))
        body = body[: starts[2]] + body[body.index(b">", end) + 1 :]
    for _ in range(rng.randint(1, 3)):
        elements = list(ELEMENT.finditer(body))
        if elements:
            body = changed(body, rng.choice(elements), rng.choice(elements), rng)
    return body


def changed(body: bytes, one: re.Match[bytes], other: re.Match[bytes], rng: random.Random) -> bytes:
    text, name = one[0], re.match(rb"<[\w:]+", one[0])[0]  # type: ignore[index]
    wrap = rng.choice((b"media:group", b"foo", b"author", b"source", b"title", b"image", b"content"))
    new = rng.choice((
        b"", text + text, text + other[0],
        text.replace(name[1:], rng.choice(NAMES)),
        b"<" + wrap + b">" + text + b"</" + wrap + b">",
        text.replace(name, name + rng.choice(ATTRIBUTES), 1),
        re.sub(rb">[^<>]+<", lambda _: b">" + rng.choice(TEXTS) + b"<", text, count=1),
    ))  # fmt: skip
    return body[: one.start()] + new + body[one.end() :]


@pytest.mark.slow
def test_entries_are_feedparsers_on_mutated_feeds(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readers, rng, found = Readers(monkeypatch), random.Random(6), bodies(data)
    for number in range(600):
        body = mutated(rng.choice(found), rng)
        one, other = readers.both(body)
        assert one == other, f"mutation {number}: {body!r}"
    assert readers.quick > 300
