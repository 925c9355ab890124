"""What is fuzzed: each takes bytes as they may come from outside, and raises where a promise is broken."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

from crawler.errors import CrawlerError
from crawler.extract import extract_page
from crawler.model import Entry, Page
from crawler.parse import parse_feed
from crawler.parse.facts import is_web
from crawler.text import tidy
from dedup.fingerprint import fingerprint
from dedup.thresholds import MinHashConfig
from pipelines.clean import to_article
from pipelines.ingest import read_rows
from storage.codec import article_record, content

URL = "https://feeds.example/news/rss.xml"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONFIG = MinHashConfig(secret="fuzz")


def feed(data: bytes) -> None:
    """A feed's answer: entries of one-line texts and web addresses, or one sentence with the URL."""
    try:
        found = parse_feed(data, URL)
    except CrawlerError as error:
        sentence = str(error)
        assert sentence.startswith(URL), sentence
        assert "\n" not in sentence, sentence
        # What no reader foresaw ends in the last resort's sentence, which is a bug of ours or of a library.
        if error.__cause__ is not None and "feedparser" not in repr(error.__cause__.__traceback__):
            assert "could not be read as a feed" not in sentence, sentence
        return
    assert tidy(found.title) == found.title
    for entry in found.entries:
        _check(entry)


def _check(entry: Entry) -> None:
    assert entry.key
    assert not entry.link or is_web(entry.link), entry.link
    assert not entry.image or is_web(entry.image), entry.image
    for text in (entry.title, *entry.authors, entry.source_title):
        assert tidy(text) == text, text
    for moment in (entry.published, entry.updated):
        assert moment is None or moment.utcoffset() is not None
    repr(entry).encode()


def page(data: bytes) -> None:
    """A web page: an article that can be stored, whatever is in it."""
    _store(
        extract_page(
            data, "https://news.example/2026/story-1.html", entry=Entry(key="k", link="", title="Title")
        )
    )


def lines(data: bytes) -> None:
    """A file of JSON Lines: articles that can be stored, and a sentence for every other line."""
    bad: list[tuple[int, str]] = []
    for row in read_rows(io.BytesIO(data), lambda number, reason: bad.append((number, reason))):
        _store(row.page)
    assert all(reason and "\n" not in reason and len(reason) < 1_000 for _, reason in bad), bad


def _store(found: Page) -> None:
    article = to_article(found, NOW, found.outlet)
    (print_,) = fingerprint([article.body], CONFIG, [article.skip])
    record = article_record(article, article.text, print_.exact, print_.shingles, content(article))
    assert len(record) % 2 == 0
    assert tidy(article.title) == article.title, article.title
    for value in record:
        value.encode("utf-8", "surrogatepass")
    json.loads(record[record.index("aside") + 1])


TARGETS = {"feed": feed, "page": page, "lines": lines}
