"""What a publisher may choose (addresses, ids, entries' keys) does not overwrite what another has published."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import redis

from crawler.book import FeedState
from crawler.entries import Memory, digest
from crawler.model import Entry, Page, ParsedFeed
from crawler.poll import Answer, PollDecider
from crawler.schedule import Schedule, SchedulePolicy
from crawler.sifting import page_id, sift
from dedup.model import Article
from pipelines.clean import is_hearsay
from pipelines.placing import Placer, Rules, Submission
from storage.claims import Claims
from storage.index import Index
from storage.keys import Keys, article_id, feed_id, group_id, short_hash, story_id
from storage.queue import FeedQueue
from storage.reader import Reader

Write = Callable[..., Article]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
VICTIM = "http://victim.example/a"
TRUE = "The council of Harrowmouth has closed the harbour bridge after cracks were found in two of its piers."
FALSE = "The mayor of Harrowmouth has sold the harbour bridge to a circus and left for the mountains with the money."


def test_ids_are_long_enough_to_be_safe_from_search() -> None:
    """A publisher tries addresses of his own until one has another's id: 2^64 of them."""
    assert len(article_id(VICTIM)) == 1 + 16
    assert len({f(VICTIM)[0] for f in (article_id, group_id, story_id, feed_id)}) == 4


def test_hearsay_is_what_a_feed_alone_tells_of_anothers_address() -> None:
    page = Page(url=VICTIM, outlet="", title="", blocks=(), lang="en", source="feed")
    evil, own = (
        FeedState("f1", "http://evil.example/feed"),
        FeedState("f2", "http://feeds.victim.example/rss"),
    )
    assert is_hearsay(page, evil)
    assert not is_hearsay(page, own)
    assert not is_hearsay(page, evil, lambda domain: domain.replace("evil", "victim"))
    moved = FeedState("f3", "http://feedproxy.example/victim", given="http://victim.example/rss")
    assert not is_hearsay(page, moved)
    told = Page(url=VICTIM, outlet="", title="", blocks=(), lang="en", source="page")
    assert not is_hearsay(told, evil)


def test_claims(client: redis.Redis, write: Write) -> None:
    placer, claims = Placer(Index(client, Keys()), Rules()), Claims(client, Keys())
    placer.place([Submission(write("v", TRUE, url=VICTIM), (VICTIM,))], NOW)
    placer.place([Submission(write("h", FALSE, url="http://c.example/1", feed="f1"))], NOW)
    assert claims.is_anothers("v", "f1")
    assert claims.is_anothers("h", "f2")
    assert not claims.is_anothers("h", "f1")
    assert not claims.is_anothers("none", "f1")
    assert claims.keeps("v", "http://www.victim.example/b")
    assert not claims.keeps("v", "http://evil.example/b")
    assert claims.free([VICTIM, "http://evil.example/"], "h") == ("http://evil.example/",)
    assert claims.free([VICTIM], "v") == (VICTIM,)


def test_the_last_step_refuses_hearsay_too(client: redis.Redis, write: Write) -> None:
    """Two workers, or one batch: what was asked before may have changed when it is written."""
    placer = Placer(Index(client, Keys()), Rules())
    mine, lie = (
        write("v", TRUE, url=VICTIM, outlet="victim.example"),
        write("v", FALSE, url=VICTIM, feed="f1"),
    )
    assert [p.verdict for p in placer.place([Submission(mine), Submission(lie)], NOW)][1] == "unchanged"
    assert placer.place([Submission(lie)], NOW)[0].verdict == "unchanged"
    stored = Reader(client).article("v")
    assert stored is not None
    assert (stored.text, stored.outlet) == (TRUE, "victim.example")
    # The other way round the publisher's own word replaces it, and hearsay may revise itself.
    placer.place([Submission(write("w", FALSE, url="http://w.example/", feed="f1"))], NOW)
    again = placer.place(
        [Submission(write("w", FALSE + " And more.", url="http://w.example/", feed="f1"))], NOW
    )
    assert again[0].verdict == "revision"
    assert placer.place([Submission(write("w", TRUE, url="http://w.example/"))], NOW)[0].verdict == "revision"


def test_hearsay_hides_no_address_from_its_own_feed(client: redis.Redis, write: Write) -> None:
    queue = FeedQueue(client, Keys(), token="t")
    lie = write("v", FALSE, url=VICTIM, feed="f1")
    Placer(Index(client, Keys()), Rules()).place([Submission(lie, (VICTIM,))], NOW)
    at = short_hash(VICTIM)
    assert at == digest(VICTIM)
    assert queue.articles_at([at]) == {at: "v"}
    assert queue.articles_at([at], [at]) == {}


@pytest.mark.parametrize(("content", "apart"), [("x" * 2_000, True), ("short", False)])
def test_a_whole_text_for_anothers_address_waits_apart(content: str, apart: bool) -> None:
    decider = PollDecider(Schedule(SchedulePolicy()))
    entry = Entry(key="k", link=VICTIM, title="T", content_html=content)
    parsed = ParsedFeed(kind="rss20", title="", link="", lang="", entries=(entry,))
    ids = []
    for url in ("http://evil.example/feed", "http://victim.example/feed"):
        feed = FeedState(feed_id(url), url)
        sifted = sift(feed, parsed, Memory({}))
        assert sifted is not None
        ids += [
            job.id for job in decider.changed(feed, Answer(200, {}, b"", NOW, 0.0, url), sifted, {}).pages
        ]
    assert ids[1] == page_id(VICTIM)
    assert (ids[0] != ids[1]) is apart


ODD = [
    "a:b",
    "x}y{z",
    "*?[",
    "a\nb",
    "a\x00b",
    "merged_into",
    "ü" * 40,
    "' .. redis.call('FLUSHALL') .. '",
    "\ud800",
]


@pytest.mark.parametrize("odd", ODD)
def test_keys_and_arguments_are_made_of_any_text(client: redis.Redis, write: Write, odd: str) -> None:
    """Ids, outlets, titles, addresses and phrases are data in every key and every call."""
    client.set("newsfold:canary", "1")
    placer = Placer(Index(client, Keys()), Rules())
    first, second = (
        write(f"{odd}{n}".replace("\ud800", "?"), f"{TRUE} {odd} {n}", odd, outlet=f"{odd}{n}", url=f"http://o{n}.example/{odd}") for n in (1, 2)
    )  # fmt: skip
    urls = ((first.url,), (second.url,))
    placed = placer.place([Submission(first, urls[0]), Submission(second, urls[1])], NOW)
    assert placed[1].matched == first.id
    reader = Reader(client)
    stored = reader.article(first.id)
    assert stored is not None
    assert (stored.id, stored.outlet, stored.url) == (first.id, first.outlet, first.url)
    story = reader.story(placed[0].story)
    assert story is not None
    assert set(story.outlets) == {first.outlet, second.outlet}
    assert client.get("newsfold:canary") == b"1"
    known = {
        "article",
        "articles",
        "canary",
        "events",
        "group",
        "langs",
        "outlet",
        "schema",
        "stories",
        "story",
        "url",
        "{en}",
        "{across}",
    }
    assert {key.split(b":")[1].decode("utf-8", "surrogatepass") for key in client.keys("*")} <= known


# --- a whole crawl


class Outlet:
    """A feed and a page at a loopback address of its own."""

    def __init__(self, address: str) -> None:
        self.answers: dict[str, bytes] = {}
        outlet = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = outlet.answers.get(self.path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *args: Any) -> None: ...

        self.server = ThreadingHTTPServer((address, 0), Handler)
        self.base = f"http://{address}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def feed(self, key: str, link: str, text: str = "") -> None:
        """One entry; with a text, the whole article in it."""
        item = {"id": key, "url": link, "title": "The harbour bridge", "summary": text[:20]}
        item |= {"content_html": text} if text else {}
        told = {"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [item]}
        self.answers["/feed"] = json.dumps(told).encode()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def outlets() -> Iterator[tuple[Outlet, Outlet]]:
    victim, evil = Outlet("127.0.3.1"), Outlet("127.0.3.2")
    text = " ".join(f"{TRUE} {n}." for n in range(12))
    victim.answers["/a"] = (
        f"<html lang=en><article><h1>The harbour bridge</h1><p>{text}</p></article></html>".encode()
    )
    victim.feed("1", f"{victim.base}/a")
    yield victim, evil
    victim.close()
    evil.close()


def _crawl(home: Path, *feeds: str) -> list[dict[str, Any]]:
    """Crawl the feeds in this order, one run each; every article after it."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("NEWSFOLD_")}
    env = {
        **clean,
        "NEWSFOLD_HOME": str(home),
        "NEWSFOLD_CRAWL_DELAY": "0",
        "NEWSFOLD_CRAWL_EXTRACTORS": "1",
        "NEWSFOLD_ALLOW_NET": "127.0.3.0/24",
    }
    for feed in feeds:
        (home.parent / "feeds.txt").write_text(f"{feed}/feed\n")
        words = [
            sys.executable,
            "-m",
            "newsfold",
            "crawl",
            "--now",
            "--feeds",
            str(home.parent / "feeds.txt"),
        ]
        subprocess.run(words, env=env, check=True, capture_output=True, cwd=home.parent, timeout=60)
    done = subprocess.run(
        [sys.executable, "-m", "newsfold", "export", "--text"],
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_a_feed_cannot_write_anothers_article(home: Path, outlets: tuple[Outlet, Outlet]) -> None:
    """Though it is polled first, the address holds what its own site prints, whatever another's feed says and edits."""
    victim, evil = outlets
    lie = f"<p>{' '.join(f'{FALSE} {n}.' for n in range(20))}</p>"
    evil.feed("x", f"{victim.base}/a", lie)
    found = _crawl(home, evil.base, victim.base)
    evil.feed("x", f"{victim.base}/a", lie.replace("circus", "theatre"))
    found += _crawl(home, evil.base)
    mine = [line for line in found if line["url"] == f"{victim.base}/a"]
    assert len(mine) == 2  # after the victim's poll, and after the edit
    for line in mine:
        assert "closed the harbour bridge" in line["text"]
        assert not re.search("circus|theatre", line["text"] + line["title"])
