"""The feed client over real HTTP, as an operator runs it: what it sends, and what it makes of every answer."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard

from storage.embedded import EmbeddedServer

pytestmark = pytest.mark.slow

RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>Good</title>{}</channel></rss>'
ITEM = "<item><title>Über {0}</title><link>{1}/story/{0}</link><guid>{1}/story/{0}</guid></item>"
PAGE = b"<html><head><link rel=alternate type=application/rss+xml href=/good></head><body><p>Hi</p></body></html>"
ETAG = 'W/"ä, b c"'
MODIFIED = "Tue,  24 Nov 2026 12:00:00 GMT"

Answer = tuple[int, Mapping[str, str], bytes]


class World:
    """A web server: path → answer, and every request as it came."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: dict[str, list[Mapping[str, str]]] = defaultdict(list)
        world = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                world.requests[self.path].append({k.lower(): v for k, v in self.headers.items()})
                status, headers, body = world.answers.get(self.path, (404, {}, b"none"))
                etag = headers.get("ETag", "").encode().decode("latin-1")
                if etag and self.headers.get("If-None-Match") == etag:
                    status, body = 304, b""
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value.encode().decode("latin-1"))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def run(home: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("NEWSFOLD_")}
    more = {"NEWSFOLD_HOME": str(home), "NEWSFOLD_CRAWL_DELAY": "0", "NEWSFOLD_CRAWL_EXTRACTORS": "1", **env}
    return subprocess.run(
        [sys.executable, "-m", "newsfold", *words], env={**clean, **more}, cwd=home.parent, capture_output=True,
        text=True, timeout=100, check=False,
    )  # fmt: skip


def answers(base: str) -> dict[str, Answer]:
    items = "".join(ITEM.format(n, base) for n in range(2))
    body = RSS.format(items).encode()
    entry = RSS.format(ITEM.format("x", base))
    declared = entry.replace("?>", ' encoding="utf-8"?>', 1)
    news = f"""<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>{base}/story/map</loc><news:news>
    <news:publication><news:name>Map</news:name><news:language>en</news:language></news:publication><news:title>Mapped</news:title>
    </news:news></url></urlset>"""
    index = f"<sitemapindex><sitemap><loc>{base}/news.xml.gz</loc></sitemap><sitemap><loc>{base}/none</loc></sitemap></sitemapindex>"
    zipped = {
        name: {"Content-Encoding": name, "Set-Cookie": "a=b"} for name in ("gzip", "deflate", "br", "zstd")
    }
    return {
        "/good": (200, {"ETag": ETAG, "Last-Modified": MODIFIED, "Set-Cookie": "session=1"}, body),
        "/plain": (200, {}, entry.encode()),
        "/gzip": (200, zipped["gzip"], gzip.compress(body)),
        "/deflate": (200, zipped["deflate"], zlib.compress(body)),
        "/br": (200, zipped["br"], brotli.compress(body)),
        "/zstd": (200, zipped["zstd"], zstandard.compress(body)),
        "/bomb": (200, zipped["gzip"], gzip.compress(b"<rss>" + b" " * 60_000_000)),
        "/header-charset": (200, {"Content-Type": "text/xml; charset=iso-8859-1"}, entry.encode("iso-8859-1")),
        "/disagreeing": (200, {"Content-Type": "text/xml; charset=iso-8859-1"}, declared.encode()),
        "/page": (200, {"Content-Type": "text/html"}, PAGE),
        "/empty": (200, {"ETag": '"e"'}, b""),
        "/broken": (200, {}, b'{"version": "https://jsonfeed.org/version/1.1", "items": ['),
        "/once": (301, {"Location": "/good"}, b""),
        "/twice": (302, {"Location": "/once"}, b""),
        "/loop": (301, {"Location": "/loop"}, b""),
        "/away": (301, {"Location": "http://10.1.2.3/feed"}, b""),
        "/gone": (410, {}, b""),
        "/busy": (503, {"Retry-After": "7200"}, b""),
        "/login": (401, {}, b""),
        "/index.xml": (200, {"ETag": '"i"'}, index.encode()),
        "/news.xml.gz": (200, {"Content-Type": "application/x-gzip"}, gzip.compress(news.encode())),
        "/query?b=2&a=%7E1": (200, {}, entry.encode()),
        "/robots.txt": (200, {}, b"User-agent: *\nDisallow: /story/1\n"),
        **{f"/story/{n}": (200, {"Content-Type": "text/html", "Set-Cookie": "p=1"}, PAGE) for n in (0, 1, "x", "map")},
    }  # fmt: skip


class Played:
    """Two crawls, one after the other, of all that the world answers."""

    def __init__(self, home: Path, world: World) -> None:
        self.home, self.world = home, world
        paths = [path for path in world.answers if not path.startswith(("/story", "/robots", "/news"))]
        feeds = home.parent / "feeds.txt"
        feeds.write_text("\n".join(f"{world.base}{path}" for path in [*paths, "/missing"]))
        contact = {"NEWSFOLD_CRAWL_CONTACT": "https://example.org/crawler"}
        self.first = run(home, "crawl", "--feeds", str(feeds), "--json", **contact)
        self.first_requests = {path: len(found) for path, found in world.requests.items()}
        shown = run(home, "feeds", "--json")
        self.feeds = {feed["url"].removeprefix(world.base): feed for feed in json.loads(shown.stdout)}
        self.second = run(home, "crawl", "--feeds", str(feeds), "--now", "--json", **contact)
        again = run(home, "feeds", "--json")
        self.after = {feed["url"].removeprefix(world.base): feed for feed in json.loads(again.stdout)}
        self.articles = [json.loads(line) for line in run(home, "export").stdout.splitlines()]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    home = tmp_path_factory.mktemp("client") / "home"
    world = World()
    world.answers = answers(world.base)
    yield Played(home, world)
    EmbeddedServer(home).stop()
    world.server.shutdown()
    world.server.server_close()


def test_the_crawl_is_whole(played: Played) -> None:
    assert json.loads(played.first.stdout)["errors"] == []
    assert json.loads(played.second.stdout)["errors"] == []
    assert played.first.stderr == played.second.stderr == ""


def test_validators_are_sent_back_byte_for_byte(played: Played) -> None:
    requests = [r for r in played.world.requests["/good"] if "if-none-match" in r]
    assert len(requests) < len(played.world.requests["/good"])
    second = requests[-1]
    assert second["if-none-match"] == ETAG.encode().decode("latin-1")
    assert second["if-modified-since"] == MODIFIED
    assert played.after["/good"]["result"] == "unchanged"
    assert played.after["/good"]["status"] == 304


def test_an_unchanged_body_is_not_read_again(played: Played) -> None:
    assert (played.after["/plain"]["result"], played.after["/plain"]["status"]) == ("unchanged", 200)
    assert played.after["/plain"]["rule"] == "no validators"


@pytest.mark.parametrize("path", ["/gzip", "/deflate", "/br", "/zstd"])
def test_compressed_answers(played: Played, path: str) -> None:
    assert (played.feeds[path]["result"], played.feeds[path]["entries"]) == ("changed", 2)
    assert played.world.requests[path][0]["accept-encoding"] == "gzip, deflate, br, zstd"


@pytest.mark.parametrize("path", ["/header-charset", "/disagreeing"])
def test_charsets_that_disagree_are_survived(played: Played, path: str) -> None:
    assert played.feeds[path]["result"] == "changed"
    assert {a["title"] for a in played.articles if a["url"].endswith("/story/x")} == {"Über x"}


@pytest.mark.parametrize(
    ("path", "failure", "words"),
    [
        ("/bomb", "too large", "larger than allowed"),
        ("/page", "not a feed", "it names {base}/good"),
        ("/empty", "unreadable", "empty body"),
        ("/broken", "unreadable", "broken JSON"),
        ("/loop", "redirects", "redirects without end"),
        ("/away", "private address", "10.1.2.3"),
        ("/gone", "gone", "gone for good"),
        ("/missing", "not found", "HTTP 404"),
        ("/login", "login", "HTTP 401"),
        ("/busy", "server", "HTTP 503"),
    ],
)
def test_every_failure_has_its_class_and_sentence(
    played: Played, path: str, failure: str, words: str
) -> None:
    found = played.feeds[path]
    assert found["failure"] == failure
    assert words.format(base=played.world.base) in found["error"]
    assert found["error"].startswith(("http", "10.1"))
    assert (found["streak"], found["good"]) == (1, None)
    assert found["failed"] or failure == "gone"


def test_a_page_offers_the_feed_that_it_names(played: Played) -> None:
    assert played.feeds["/page"]["offers"] == [f"{played.world.base}/good"]


def test_gone_is_not_polled_again_and_not_found_is(played: Played) -> None:
    assert (played.feeds["/gone"]["next"], played.feeds["/gone"]["rule"]) == (None, "gone")
    assert len(played.world.requests["/gone"]) == 1
    assert played.after["/missing"]["streak"] == 2
    assert played.after["/missing"]["next"] > played.feeds["/missing"]["next"]


def test_retry_after_sets_the_next_poll(played: Played) -> None:
    assert (played.feeds["/busy"]["rule"], played.feeds["/busy"]["bounds"]["retry-after"]) == (
        "retry-after",
        7_200,
    )


def test_redirects_are_followed_and_not_believed_at_once(played: Played) -> None:
    assert (played.feeds["/once"]["result"], played.feeds["/once"]["moved_to"]) == (
        "changed",
        f"{played.world.base}/good",
    )
    assert (played.after["/once"]["url"], played.after["/once"]["moved_polls"]) == (
        f"{played.world.base}/once",
        2,
    )
    assert played.feeds["/twice"]["moved_to"] == ""
    assert len(played.world.requests["/loop"]) <= 2 * 6


def test_an_index_of_sitemaps_is_the_news_in_its_sitemaps(played: Played) -> None:
    assert (played.feeds["/index.xml"]["kind"], played.feeds["/index.xml"]["entries"]) == ("sitemapindex", 1)
    assert [a["title"] for a in played.articles if a["url"].endswith("/story/map")] == ["Mapped"]
    assert (
        len(played.world.requests["/news.xml.gz"]) == 2
    )  # an index that stays the same says nothing of its parts


def test_the_crawler_says_who_it_is_and_nothing_else(played: Played) -> None:
    for path, requests in played.world.requests.items():
        for headers in requests:
            assert headers["user-agent"].startswith("newsfold/")
            assert "(+https://example.org/crawler)" in headers["user-agent"]
            assert not headers.keys() & {"cookie", "referer", "authorization", "accept-language"}, path


def test_addresses_are_asked_as_they_are_listed(played: Played) -> None:
    assert len(played.world.requests["/query?b=2&a=%7E1"]) == 2
    assert {path.partition("?")[2] for path in played.world.requests} == {"", "b=2&a=%7E1"}


def test_robots_txt_is_kept_for_pages_and_not_asked_for_feeds(played: Played) -> None:
    assert played.world.requests["/story/1"] == []
    assert len(played.world.requests["/story/0"]) == 1
    assert len(played.world.requests["/robots.txt"]) == 1  # the second run had no pages


def test_a_host_that_asks_for_fewer_requests_gets_none(tmp_path: Path) -> None:
    home, world = tmp_path / "home", World()
    world.answers = {f"/{n}": (429, {"Retry-After": "3600"}, b"") for n in range(5)}
    feeds = tmp_path / "feeds.txt"
    feeds.write_text("\n".join(f"{world.base}/{n}" for n in range(5)))
    try:
        done = json.loads(run(home, "crawl", "--feeds", str(feeds), "--json").stdout)
        assert (done["feeds_polled"], sum(map(len, world.requests.values()))) == (1, 1)
        found = json.loads(run(home, "feeds", "--json").stdout)
        assert sorted(feed["rule"] for feed in found) == ["retry-after", *["retry-after of the host"] * 4]
        assert json.loads(run(home, "crawl", "--feeds", str(feeds), "--json").stdout)["feeds_polled"] == 0
    finally:
        EmbeddedServer(home).stop()
        world.server.shutdown()
        world.server.server_close()
