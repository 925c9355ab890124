"""`newsfold feeds …` as an operator uses it, over real HTTP and a real Redis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from crawler import settings
from crawler.feedlist import read_feed_list
from tests import running
from tests.running import Done, environment

pytestmark = pytest.mark.slow

ITEM = "<item><title>T{0}</title><link>http://n.example/{0}</link><pubDate>Tue, 24 Nov 2026 0{0}:00:00 GMT</pubDate></item>"
RSS = '<rss version="2.0"><channel><title>Good News</title><ttl>45</ttl>{}</channel></rss>'
ANSWERS: dict[str, tuple[int, dict[str, str], str]] = {
    "/good": (200, {"ETag": '"1"'}, RSS.format("".join(map(ITEM.format, range(9))))),
    "/plain": (200, {}, RSS.format(ITEM.format(1) + "<item><title>No link</title></item>")),
    "/page": (200, {"Content-Type": "text/html"}, "<html><head><link rel=alternate type=application/rss+xml href=/good></head></html>"),
    "/moved": (301, {"Location": "/good"}, ""),
}  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    busy, most = 0, 0
    times: list[float] = []  # noqa: RUF012 - shared by all requests, on purpose

    def do_GET(self) -> None:
        cls = type(self)
        cls.busy += 1
        cls.most, now = max(cls.most, cls.busy), time.monotonic()
        cls.times.append(now)
        status, headers, text = ANSWERS.get(self.path, (404, {}, ""))
        if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
            status, text = 304, ""
        body = text.encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        cls.busy -= 1

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run(home: Path, *words: str, code: int = 0, **env: str) -> str:
    """What a command says; in a process of its own where it fetches, which a process can do once; without delay."""
    done: Done | subprocess.CompletedProcess[str]
    if words[0] == "crawl" or ({"add", "check"} & {*words} and "--no-check" not in words):
        done = subprocess.run(
            [sys.executable, "-m", "newsfold", *words], env=environment(home, **{"NEWSFOLD_CRAWL_DELAY": "0", "NEWSFOLD_CRAWL_EXTRACTORS": "1", **env}), cwd=home.parent,
            capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
    else:
        done = running.run(home, *words, **env)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_feeds_are_added_by_their_page_and_removed(home: Path, base: str) -> None:
    said = run(home, "feeds", "add", f"{base}/page", f"{base}/moved", "--folder", "A/B")
    assert f"{base}/page names the feed {base}/good" in said
    (feed,) = json.loads(run(home, "feeds", "--json"))
    assert (feed["url"], feed["folder"]) == (f"{base}/good", "A/B")
    assert "listed already" in run(home, "feeds", "add", f"{base}/good")
    assert f"{base}/nothing is not there (HTTP 404)" in run(home, "feeds", "add", f"{base}/nothing", code=2)
    assert "is not an http or https URL" in run(home, "feeds", "add", "ftp://x.example/", code=2)
    assert "added" in run(home, "feeds", "add", "--no-check", f"{base}/nothing")
    assert "removed" in run(home, "feeds", "remove", feed["id"][:6])
    assert "there is no feed" in run(home, "feeds", "remove", f"{base}/good", code=2)
    assert len(json.loads(run(home, "feeds", "--json"))) == 1


def test_a_feed_is_explained(home: Path, base: str) -> None:
    assert "there are no feeds" in run(home, "feeds")
    run(home, "feeds", "add", "--no-check", f"{base}/good", f"{base}/gone")
    assert "it has never been polled" in run(home, "feeds", "show", f"{base}/good")
    run(home, "crawl", "--polls-only", code=1, NEWSFOLD_CRAWL_DELAY="0")
    shown = run(home, "feeds", "show", f"{base}/good")
    for words in (
        "rss20",
        "known by    ETag and a digest of the body",
        "an entry every 1 h",
        "→ quiet",
        "ttl",
        "45 min",
        "ceiling",
    ):
        assert words in shown
    found = json.loads(run(home, "feeds", "show", f"{base}/good", "--json"))
    assert (found["rule"], found["bounds"]["ttl"], found["gap"]) == ("quiet", 2_700, 3_600)
    broken = run(home, "feeds", "--broken")
    assert "not found" in broken
    assert "Good News" not in broken
    assert "[not found]" in run(home, "feeds", "show", f"{base}/gone")
    assert json.loads(run(home, "crawl", "--polls-only", "--json"))["feeds_polled"] == 0


def test_lists_go_in_and_out_with_their_folders(home: Path) -> None:
    wanted = home.parent / "in.opml"
    wanted.write_text(
        '<opml version="2.0"><body><outline text="News/Politics"><outline text="Nah &amp; fern"><outline text="One" title="One" '
        'xmlUrl="http://a.example/?a=1&amp;b=2" language="de"/></outline></outline><outline xmlUrl="http://b.example/"/></body></opml>'
    )
    assert "2 added, 0 listed already" in run(home, "feeds", "import", str(wanted))
    assert "0 added, 2 listed already" in run(home, "feeds", "import", str(wanted))
    out = home.parent / "out.opml"
    out.write_text(run(home, "feeds", "export"))
    assert set(read_feed_list(out)) == set(read_feed_list(wanted))
    assert {spec.folder for spec in read_feed_list(out)} == {(), ("News/Politics", "Nah & fern")}


def test_check_tells_what_a_poll_would_see(home: Path, base: str) -> None:
    paths = ("moved", "page", "plain", "nothing")
    found = json.loads(run(home, "feeds", "check", *(f"{base}/{path}" for path in paths), "--json", code=1))
    moved, page, plain, nothing = found
    assert moved["redirects"] == [f"301 {base}/good"]
    assert (moved["kind"], moved["entries"], moved["conditional"]) == ("rss20", 9, "304, as it should be")
    assert any(f"list it as {base}/good" in advice for advice in moved["advice"])
    assert (page["failure"], page["offers"]) == ("not a feed", [f"{base}/good"])
    assert any(f"newsfold feeds add {base}/good" in advice for advice in page["advice"])
    assert plain["rule"] in ("no validators", "quiet")
    assert any("neither ETag nor Last-Modified" in advice for advice in plain["advice"])
    assert "1 of its 2 entries have not a link" in plain["advice"]
    assert nothing["failure"] == "not found"
    text = run(home, "feeds", "check", f"{base}/good")
    assert "advice: set crawl.contact" in text
    assert "next poll" in text
    assert not (home / "redis").exists()  # nothing was stored, nor a server started for it


def test_neither_looking_nor_a_run_with_nothing_due_loads_what_works(home: Path) -> None:
    run(home, "feeds", "add", "--no-check", "http://n.example/feed")
    run(home, "feeds", "remove", "http://n.example/feed")
    code = """if True:
        import sys
        from newsfold.cli import main
        for command in ("crawl", "stories", "feeds", "stats", "export"):
            sys.argv = ["newsfold", command]
            try: main()
            except SystemExit as end: assert not end.code
            print([m for m in ("scrapy", "twisted", "trafilatura", "numpy", "aiohttp", "wordfreq") if m in sys.modules])
    """
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "NEWSFOLD_HOME": str(home)}, capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip
    said = done.stdout.splitlines()
    assert [line for line in said if line.startswith("[")] == ["[]"] * 5


def test_one_connection_a_host_and_a_delay_by_default(home: Path, base: str) -> None:
    assert (settings.CONCURRENT_REQUESTS_PER_DOMAIN, settings.DOWNLOAD_DELAY, settings.COOKIES_ENABLED) == (
        1,
        1.0,
        False,
    )
    feeds = home.parent / "feeds.txt"
    feeds.write_text("\n".join(f"{base}/good?{n}" for n in range(5)))
    Handler.times.clear()
    Handler.most = 0
    run(home, "crawl", "--feeds", str(feeds), "--polls-only", code=1, NEWSFOLD_CRAWL_DELAY="0.5")
    gaps = [later - earlier for earlier, later in pairwise(Handler.times)]
    assert Handler.most == 1
    assert len(gaps) == 4
    assert min(gaps) > 0.1  # Scrapy varies the delay by half
