"""Stories as Atom, JSON Feed and OPML: read back by feedparser and by the crawler's own readers, over real HTTP."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
import redis
from lxml import etree

from crawler.feedlist import read_feed_list
from crawler.parse import parse_feed
from dedup.model import Article
from newsfold.web.feeds_out import shortened
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys
from storage.reader import Reader

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FERRY = "The ferry Northern Pearl ran aground off Harrowmouth in thick fog. Rescue boats took 214 passengers ashore."
FOG = "توقفت العبارة قرب الميناء بسبب الضباب الكثيف صباح اليوم ونقلت القوارب ركابها إلى الشاطئ."
BASE = "https://news.example.org"
ATOM = "{http://www.w3.org/2005/Atom}"


def place(client: redis.Redis, *articles: Article, now: datetime = NOW) -> None:
    submitted = [Submission(article, (article.url,) if article.url else ()) for article in articles]
    Placer(Index(client, Keys()), Rules()).place(submitted, now)


@pytest.fixture
def get(
    client: redis.Redis, serve: Callable[..., Any], write: Callable[..., Article]
) -> Callable[..., bytes]:
    """The body at a path, over a story of two outlets with a hostile headline and one in Arabic."""
    hostile = "Ferry <b>aground</b> & \x0cadrift ]]> \ufffe"
    place(
        client,
        write("a", FERRY, hostile, outlet="a.example", url="http://a.example/1", wire="PA"),
        write("b", FERRY, hostile, outlet="<b>.example", url="javascript:alert(1)"),
        write("c", FOG, "العبارة في الضباب", outlet="c.example", lang="ar", url="javascript:alert(1)"),
    )
    served = serve(Reader(client), public_url=f"{BASE}/")

    def ask(path: str) -> bytes:
        answer = served.ask(path)
        assert answer.status == 200, answer.body
        return bytes(answer.body)

    return ask


def test_atom_is_well_formed_and_read_by_feedparser(get: Callable[..., bytes]) -> None:
    body = get("/stories.atom")
    etree.fromstring(body)
    parsed = feedparser.parse(body)
    assert (parsed.bozo, parsed.version, parsed.feed.title) == (False, "atom10", "Stories")
    first, second = sorted(
        parsed.entries, key=lambda entry: entry.get("title_detail", {}).get("language") or ""
    )
    arabic, english = (first, second) if "العبارة" in first.title else (second, first)
    assert english.title == "Ferry <b>aground</b> & adrift ]]>"
    assert english.summary == "2 articles, 2 outlets, 1 independent text"
    assert english.link.startswith(f"{BASE}/story/s")
    assert english.id.startswith("tag:newsfold,2026:story/s")
    assert english.updated == "2026-11-24T12:00:00Z"
    assert [tag.term for tag in english.tags] == ["en", "PA"]
    assert arabic.content[0].language == "ar"
    assert b"javascript:" not in body


def test_what_an_entry_shows_is_escaped_html(get: Callable[..., bytes]) -> None:
    (content,) = etree.fromstring(get("/stories.atom?lang=en")).iter(f"{ATOM}content")
    assert content.get("type") == "html"
    assert FERRY in content.text
    assert "&lt;b&gt;.example" in content.text
    assert "<b>" not in content.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short\n\ntext", "short text"),
        ("word " * 100, " ".join(["word"] * 60) + "…"),
        ("字" * 400, "字" * 300 + "…"),
        ("First. " + "字" * 400, "First. " + "字" * 293 + "…"),
    ],
)
def test_leads_are_shortened_between_words(text: str, shown: str) -> None:
    assert shortened(text) == shown


def test_the_crawler_reads_what_newsfold_serves(get: Callable[..., bytes]) -> None:
    atom = parse_feed(get("/stories.atom"), f"{BASE}/stories.atom", "application/atom+xml")
    feed = parse_feed(get("/stories.json"), f"{BASE}/stories.json", "application/feed+json")
    assert (atom.kind, feed.kind) == ("atom10", "json11")
    assert (atom.notes, feed.notes) == ((), ())
    assert [(e.key, e.link, e.title, e.published, e.updated) for e in atom.entries] == [
        (e.key, e.link, e.title.replace("\x0c", "").replace("\ufffe", ""), e.published, e.updated)
        for e in feed.entries
    ]
    assert len(atom.entries) == 2


def test_every_feed_has_what_the_standard_asks_for(get: Callable[..., bytes]) -> None:
    for path in ("/stories.atom", "/stories.atom?min_outlets=9", "/stories.atom?limit=1"):
        root = etree.fromstring(get(path))
        for element in (root, *root.iter(f"{ATOM}entry")):
            for name in ("id", "title", "updated"):
                assert len(element.findall(ATOM + name)) == 1, (path, name)
        assert all(entry.findtext(f"{ATOM}author/{ATOM}name") for entry in root.iter(f"{ATOM}entry"))
        assert root.find(f"{ATOM}link[@rel='self']").get("href").startswith(f"{BASE}{path}")


def test_ids_stay_and_times_move_as_a_story_grows(
    get: Callable[..., bytes], client: redis.Redis, write: Callable[..., Article]
) -> None:
    (before,) = feedparser.parse(get("/stories.atom?lang=en")).entries
    later = NOW + timedelta(hours=2)
    place(
        client, write("d", FERRY, "Ferry aground", outlet="d.example", published=later, seen=later), now=later
    )
    (after,) = feedparser.parse(get("/stories.atom?lang=en")).entries
    assert (after.id, after.published) == (before.id, before.published)
    assert (before.updated, after.updated) == ("2026-11-24T12:00:00Z", "2026-11-24T14:00:00Z")


def test_a_subscription_has_only_what_fits_and_a_name(get: Callable[..., bytes]) -> None:
    feed = feedparser.parse(get("/stories.atom?min_outlets=2&lang=en"))
    assert feed.feed.title == "Stories in en with at least 2 outlets"
    assert len(feed.entries) == 1
    assert feedparser.parse(get("/stories.atom?min_outlets=2&lang=ar")).entries == []
    other = feedparser.parse(get("/stories.atom?lang=en&min_outlets=2"))
    assert other.feed.id == feed.feed.id
    assert feedparser.parse(get("/stories.atom")).feed.id != feed.feed.id


def test_the_front_page_names_the_feed_of_what_it_shows(get: Callable[..., bytes]) -> None:
    page = get("/?min_outlets=2&sort=latest&page=1&words=ferry").decode()
    (href,) = re.findall(
        r'<link rel="alternate" type="application/atom\+xml" title="[^"]+" href="\./([^"]+)">', page
    )
    assert len(feedparser.parse(get("/" + html.unescape(href))).entries) == 1


def test_feeds_lead_to_their_next_page(get: Callable[..., bytes]) -> None:
    first = feedparser.parse(get("/stories.atom?limit=1"))
    (following,) = [link.href for link in first.feed.links if link.rel == "next"]
    second = feedparser.parse(get(following.removeprefix(BASE)))
    assert {e.id for e in first.entries} != {e.id for e in second.entries}
    assert first.feed.id == second.feed.id
    assert not [link for link in second.feed.links if link.rel == "next"]


def test_opml_lists_a_feed_for_each_language(get: Callable[..., bytes], tmp_path: Path) -> None:
    path = tmp_path / "stories.opml"
    path.write_bytes(get("/stories.opml?min_groups=1"))
    found = read_feed_list(path)
    assert [(feed.lang, feed.folder) for feed in found] == [
        ("", ("newsfold",)),
        ("ar", ("newsfold",)),
        ("en", ("newsfold",)),
    ]
    assert found[2].url == f"{BASE}/stories.atom?min_groups=1&lang=en"
    assert len(feedparser.parse(get(found[2].url.removeprefix(BASE))).entries) == 1
    path.write_bytes(get("/stories.opml?lang=en"))
    assert [feed.url for feed in read_feed_list(path)] == [f"{BASE}/stories.atom?lang=en"]


def test_addresses_begin_as_the_server_was_addressed(
    client: redis.Redis, serve: Callable[..., Any], get: Callable[..., bytes]
) -> None:
    served = serve(Reader(client))
    assert (
        feedparser.parse(served.ask("/stories.atom").body).feed.links[0].href == f"{served.base}/stories.atom"
    )
    hostile = served.ask("/stories.atom", headers={"Host": 'x"><script>'})
    assert b"<script>" not in hostile.body
