"""Sitemaps, gzip files, media and iTunes extensions, JSON read in part, and input that is built to be expensive."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from datetime import UTC, datetime

import pytest

from crawler.errors import CrawlerError, FeedError, NotAFeed
from crawler.model import Entry
from crawler.parse import parse_feed
from tests.timing import within

URL = "https://n.example/news.xml"
NEWS = """<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:n="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>https://n.example/a?x=1&amp;y=2</loc><lastmod>2026-11-24T11:00:00Z</lastmod><n:news><n:publication><n:name>The N</n:name>
<n:language>en-GB</n:language></n:publication><n:publication_date>2026-11-24T10:00:00+01:00</n:publication_date>
<n:title>A &amp;amp; B</n:title></n:news><image:image><image:loc>https://n.example/a.jpg</image:loc></image:image></url>
<url><loc>https://n.example/about</loc></url></urlset>"""


def test_a_news_sitemap_is_a_feed() -> None:
    feed = parse_feed(NEWS.encode(), URL, "text/xml")
    assert (feed.kind, feed.title) == ("sitemap", "The N")
    assert feed.entries == (
        Entry(
            key="https://n.example/a?x=1&y=2", link="https://n.example/a?x=1&y=2", title="A & B",
            published=datetime(2026, 11, 24, 9, tzinfo=UTC), updated=datetime(2026, 11, 24, 11, tzinfo=UTC), lang="en",
            image="https://n.example/a.jpg",
        ),
    )  # fmt: skip
    cut = parse_feed(NEWS.encode()[:-60], URL)
    assert [entry.title for entry in cut.entries] == ["A & B"]


def test_a_sitemap_of_a_whole_site_is_none() -> None:
    with pytest.raises(NotAFeed, match="names no news"):
        parse_feed(b"<urlset><url><loc>https://n.example/about</loc></url></urlset>", URL)
    with pytest.raises(NotAFeed, match="names none"):
        parse_feed(b"<sitemapindex><sitemap><loc>mailto:x</loc></sitemap></sitemapindex>", URL)


def test_an_index_names_its_sitemaps_news_and_newest_first() -> None:
    parts = [
        ("/2024.xml", "2024-01-01"),
        ("/2026.xml", "2026-11-24"),
        ("/news.xml", ""),
        ("/2026.xml", "2026-11-23"),
    ]
    body = "".join(f"<sitemap><loc>{loc}</loc><lastmod>{when}</lastmod></sitemap>" for loc, when in parts)
    feed = parse_feed(f"<sitemapindex>{body}</sitemapindex>".encode(), URL)
    assert (feed.kind, feed.entries) == ("sitemapindex", ())
    assert feed.parts == (
        "https://n.example/news.xml",
        "https://n.example/2026.xml",
        "https://n.example/2024.xml",
    )
    joined = feed.joined(parse_feed(NEWS.encode(), URL)).joined(parse_feed(NEWS.encode(), URL))
    assert ([entry.title for entry in joined.entries], joined.title) == (["A & B"], "The N")


def test_a_gzip_file_is_unpacked_as_far_as_it_may_be() -> None:
    assert len(parse_feed(gzip.compress(NEWS.encode()), URL, "application/x-gzip").entries) == 1
    with pytest.raises(NotAFeed, match="gzip data"):
        parse_feed(b"\x1f\x8b no such thing", URL)
    bomb = gzip.compress(b"x" * 100_000_000, 1)

    def refused() -> None:
        with pytest.raises(FeedError):
            parse_feed(bomb, URL, max_bytes=1_000_000)

    within(2, refused)


def test_media_and_itunes_extensions_carry_what_the_entry_lacks() -> None:
    body = """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
    <channel><link>https://n.example/</link><item><guid isPermaLink="false">1</guid><media:group><media:title>Shown</media:title>
    <media:description>What is shown</media:description><media:content url="v.mp4" medium="video"><media:thumbnail url="/t.jpg"/>
    </media:content></media:group></item><item><title>Heard</title><guid isPermaLink="false">2</guid><itunes:author>Ann</itunes:author>
    <itunes:summary>What is heard</itunes:summary><itunes:image href="/i.jpg"/></item></channel></rss>"""
    one, two = parse_feed(body.encode(), URL).entries
    assert (one.title, one.summary, one.image) == ("Shown", "What is shown", "https://n.example/t.jpg")
    assert (two.title, two.summary, two.authors, two.image) == (
        "Heard", "What is heard", ("Ann",), "https://n.example/i.jpg",
    )  # fmt: skip


def test_a_json_feed_is_read_again_only_where_it_changed() -> None:
    items = [{"id": str(n), "url": f"https://n.example/{n}", "title": f"T{n}"} for n in range(5)]
    whole = {"version": "https://jsonfeed.org/version/1.1", "items": items}
    known = {entry.raw for entry in parse_feed(json.dumps(whole).encode(), URL).entries}
    items[1]["title"] = "Another"
    again = parse_feed(json.dumps(whole).encode(), URL, known=known)
    assert ([entry.title for entry in again.entries], len(again.known)) == (["Another"], 4)


def _rss(inside: bytes) -> bytes:
    return b"<rss version='2.0'><channel><title>t</title>" + inside + b"</channel></rss>"


ITEM = b"<item><title>t</title><guid>%d</guid><description><![CDATA[%s]]></description></item>"
M = 1_000_000
EXPENSIVE = {
    "tags in descriptions": lambda: _rss(b"".join(ITEM % (i, b"<b>" * 100_000) for i in range(30))),
    "entities in tag soup": lambda: _rss(b"<item><title>" + b"&amp;" * M + b"</title></item>") + b"<oops>",
    "elements": lambda: b"<rss><channel><item><title>x</title>" + b"<a>x</a>" * M,
    "nesting": lambda: b"<rss><channel><item><title>x</title>" + b"<a>" * M,
    "attributes": lambda: b"<rss><channel><item " + b'a="b" ' * M,
    "open quotes": lambda: b"<rss><channel><item " + b'a="' * (2 * M),
    "references": lambda: _rss(b"<item><link>" + b"&lt;" * (2 * M) + b"</link></item>"),
    "many entries": lambda: _rss(b"".join(ITEM % (i, b"<p>word word</p>" * 30) for i in range(8_000))),
    "a long date": lambda: _rss(b"<item><title>x</title><pubDate>" + b"1 " * (3 * M) + b"</pubDate></item>"),
    "xhtml": lambda: b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>x</title><content type='xhtml'>" + b"<div>" * 100_000,
    "json": lambda: b'{"version":"https://jsonfeed.org/version/1","items":[' + b"{}," * M + b"{}]}",
    "nested json": lambda: b'{"a":' * M,
    "a million entries": lambda: _rss(b"<item/>" * M),
    "a million atom entries": lambda: b"<feed xmlns='http://www.w3.org/2005/Atom'>" + b"<entry/>" * M + b"</feed>",
    "a million titled entries": lambda: _rss(b"<item><title>a</title></item>" * (M // 2)),
    "a million addresses": lambda: b"<urlset>" + b"<url><loc>http://a/</loc></url>" * (M // 2) + b"</urlset>",
    "a million sitemaps": lambda: b"<sitemapindex>" + b"<sitemap><loc>http://a/</loc></sitemap>" * (M // 3) + b"</sitemapindex>",
    "a huge attribute": lambda: _rss(b"<item><title type='" + b"a" * (5 * M) + b"'>t</title></item>"),
    "a huge address": lambda: _rss(b"<item><title>t</title><link>http://a/" + b"a" * (5 * M) + b"</link></item>"),
    "invalid bytes": lambda: _rss(b"<item><title>\xff\xfe\x80" + b"\xc3\x28\xa0\xed\xa0\x80" * M + b"</title></item>"),
    "many namespaces": lambda: _rss(b"".join(b"<item><a%d:title xmlns:a%d='u%d'/></item>" % (i, i, i) for i in range(100_000))),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPENSIVE)
def test_what_is_built_to_be_expensive_is_cheap(name: str) -> None:
    body = EXPENSIVE[name]()

    def said() -> str:
        try:
            parse_feed(body, URL)
        except CrawlerError as error:
            return str(error)
        return URL

    assert within(2, said).startswith(URL)


@pytest.mark.slow
def test_memory_is_bounded() -> None:
    body = _rss(b"".join(ITEM % (i, "漢字".encode() * 300) for i in range(10_000)))
    assert len(body) > 18 * M
    tracemalloc.start()
    feed = parse_feed(body, URL)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert feed.notes[0] == "only the first 5 million characters were read"
    assert peak < 150 * M  # beside what lxml holds, a tenth of a megabyte for each of the text's
