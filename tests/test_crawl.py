"""Whole crawls as an operator runs them: the demo, bad input, a second run, a run that is going on."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from newsfold.demo.newsroom import expected
from tests import running

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>Good</title>{items}</channel></rss>'
ITEM = "<item><title>{title}</title><link>{link}</link><guid>{link}</guid><description>{text}</description></item>"
PAGE = "<html lang=en><head><title>{title}</title></head><body><article><h1>{title}</h1>{text}</article></body></html>"


def run(home: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, from another folder."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("NEWSFOLD_")}
    return subprocess.run(
        [sys.executable, "-m", "newsfold", *words],
        check=False,
        env={**clean, "NEWSFOLD_HOME": str(home), "NEWSFOLD_CRAWL_EXTRACTORS": "1", **env},
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=110,
    )


class Site:
    """A web server whose answers a test sets: path → (status, headers, body)."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self.asked: Counter[str] = Counter()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.asked[self.path] += 1
                status, headers, body = site.answers.get(self.path, (404, {}, b"none"))
                if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
                    status, body = 304, b""
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


def text(seed: int) -> str:
    words = [f"word{(seed * 7 + i * 13) % 997}x" for i in range(160)]
    return "".join(
        f"<p>{' '.join(words[i : i + 40])} and that was said on the day in the town.</p>"
        for i in range(0, 160, 40)
    )


def add_feed(site: Site, path: str, count: int, etag: str = '"1"') -> None:
    """A feed of `count` articles with pages."""
    items = ""
    for n in range(count):
        page = f"{path}/story-{n}.html"
        title = f"Headline number {n} of {path.strip('/')} for the test"
        site.answers[page] = (
            200,
            {"Content-Type": "text/html"},
            PAGE.format(title=title, text=text(n + 1)).encode(),
        )
        items += ITEM.format(title=title, link=site.base + page, text="A summary of some words.")
    headers = {"Content-Type": "application/rss+xml", "ETag": etag}
    site.answers[f"{path}.xml"] = (200, headers, RSS.format(items=items).encode())


def exported(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in running.run(home, "export", "--text").stdout.splitlines()]


def test_the_demo_finds_its_stories_and_a_second_run_adds_nothing(home: Path) -> None:
    first = run(home, "demo")
    assert first.returncode == 0, first.stderr
    assert "Harrowmouth" in first.stdout
    rows = exported(home / "demo")
    labels = expected()
    assert {row["url"] for row in rows} == set(labels)
    texts: dict[str, set[str]] = {}
    for row in rows:
        texts.setdefault(row["group"], set()).add(labels[row["url"]][1])
    assert all(len(found) == 1 for found in texts.values())  # no group holds two texts
    split = len(texts) - len({label for _, label in labels.values()})
    assert split <= 2
    stories: dict[str, set[str]] = {}
    for row in rows:
        stories.setdefault(row["story"], set()).add(labels[row["url"]][0])
    assert sum(len(found) > 1 for found in stories.values()) <= 1
    assert sum(row["repeats"] for row in rows) >= 7

    second = run(home, "demo")
    assert second.returncode == 0
    assert "13 polled, 13 unchanged, 0 failed" in second.stdout
    assert "0 new, 0 pages fetched" in second.stdout
    assert "13 × 304." in second.stdout
    assert sorted(exported(home / "demo"), key=str) == sorted(rows, key=str)


def test_bad_feeds_are_told_and_the_good_one_is_read(home: Path, site: Site) -> None:
    add_feed(site, "/good", 3)
    site.answers |= {
        "/empty.xml": (200, {}, b""),
        "/page.html": (
            200,
            {"Content-Type": "text/html"},
            b"<html><head><title>x</title></head><body><p>hi</p></body></html>",
        ),
        "/unknown.bin": (200, {}, b"\x00\x01\x02 no feed at all"),
        "/huge.xml": (200, {"Content-Type": "application/rss+xml"}, b"<rss>" + b" " * 50_000_000),
        "/gone.xml": (410, {}, b""),
    }
    bad = [
        f"{site.base}/{name}"
        for name in ("empty.xml", "page.html", "unknown.bin", "huge.xml", "gone.xml", "missing.xml")
    ]
    bad += ["http://no-such-host.invalid/feed", "http://127.0.0.1:9/feed"]
    feeds = home.parent / "feeds.txt"
    feeds.write_text("\n".join([f"{site.base}/good.xml", *bad]))
    done = run(home, "crawl", "--feeds", str(feeds), "--json", NEWSFOLD_CRAWL_DELAY="0")
    summary = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert (summary["articles_new"], summary["feeds_failed"], summary["errors"]) == (3, len(bad), [])
    reasons = {row["url"]: row["reason"] for row in summary["failures"]}
    assert set(reasons) == set(bad)
    assert all(url in reason and "\n" not in reason for url, reason in reasons.items())
    shown = json.loads(running.run(home, "feeds", "--broken", "--json").stdout)
    assert {feed["url"]: feed["error"] for feed in shown} == reasons
    assert "Traceback" not in done.stderr


def test_conditional_requests_new_entries_and_revisions(home: Path, site: Site) -> None:
    add_feed(site, "/news", 2)
    feeds = home.parent / "feeds.txt"
    feeds.write_text(f"{site.base}/news.xml\n")
    crawl = ("crawl", "--feeds", str(feeds), "--now", "--json")
    assert json.loads(run(home, *crawl, NEWSFOLD_CRAWL_DELAY="0").stdout)["articles_new"] == 2
    again = json.loads(run(home, *crawl, NEWSFOLD_CRAWL_DELAY="0").stdout)
    assert (again["feeds_unchanged"], again["entries_new"], again["pages_fetched"]) == (1, 0, 0)
    not_due = json.loads(run(home, "crawl", "--feeds", str(feeds), "--json").stdout)
    assert not_due["feeds_polled"] == 0

    add_feed(site, "/news", 3, etag='"2"')
    status, headers, body = site.answers["/news.xml"]
    site.answers["/news.xml"] = (status, headers, body.replace(b"Headline number 0", b"Changed headline 0"))
    page = site.answers["/news/story-0.html"]
    site.answers["/news/story-0.html"] = (200, page[1], page[2].replace(b"town", b"village"))
    third = json.loads(run(home, *crawl, NEWSFOLD_CRAWL_DELAY="0").stdout)
    assert (third["entries_new"], third["articles_new"], third["articles_revised"]) == (2, 1, 1)
    assert site.asked["/news/story-1.html"] == 1
    assert len(exported(home)) == 3


def test_private_addresses_are_refused_unless_the_operator_wrote_them(home: Path, site: Site) -> None:
    add_feed(site, "/in", 1)
    other = Site()
    add_feed(other, "/secret", 1)
    item = ITEM.format(
        title="A link into the network behind the crawler",
        link=f"{other.base}/secret/story-0.html",
        text="Short text.",
    )
    site.answers["/in.xml"] = (200, {}, RSS.format(items=item).encode())
    feeds = home.parent / "feeds.txt"
    feeds.write_text(f"{site.base}/in.xml\n")
    done = json.loads(run(home, "crawl", "--feeds", str(feeds), "--json").stdout)
    assert other.asked["/secret/story-0.html"] == 0
    assert done["pages_failed"] == 1
    assert (
        json.loads(
            run(home, "crawl", "--feeds", str(feeds), "--now", "--json", "--allow-net", "127.0.0.0/8").stdout
        )["errors"]
        == []
    )
    other.server.shutdown()
    other.server.server_close()


def test_without_pages_the_entries_are_the_articles(home: Path, site: Site) -> None:
    add_feed(site, "/news", 2)
    feeds = home.parent / "feeds.txt"
    feeds.write_text(f"{site.base}/news.xml\n")
    done = json.loads(run(home, "crawl", "--feeds", str(feeds), "--no-pages", "--json").stdout)
    assert (done["articles_new"], done["pages_fetched"]) == (2, 0)
    assert {row["source"] for row in exported(home)} == {"summary"}


def test_a_crawl_that_is_going_on_is_left_alone(home: Path) -> None:
    home.mkdir()
    with (home / "crawl.lock").open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = run(home, "crawl")
    assert done.returncode == 0
    assert "going on" in done.stderr


def test_scrapy_crawl_is_the_same_spider(home: Path, site: Site) -> None:
    add_feed(site, "/news", 2)
    feeds = home.parent / "feeds.txt"
    feeds.write_text(f"{site.base}/news.xml\n")
    env = {
        **os.environ,
        "NEWSFOLD_HOME": str(home),
        "NEWSFOLD_CRAWL_DELAY": "0",
        "NEWSFOLD_CRAWL_EXTRACTORS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "feeds", "-a", f"feeds={feeds}"],
        check=False, cwd=ROOT, env=env, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(exported(home)) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("crawl", "--feeds", "/no/such/list.opml"), "/no/such/list.opml"),
        (("crawl", "--redis", "redis://127.0.0.1:9/0"), "redis://127.0.0.1:9/0"),
        (("stories", "--redis", "redis://127.0.0.1:9/0"), "does not answer"),
        (("--config", "/no/such.toml", "stats"), "/no/such.toml"),
    ],
)
def test_what_cannot_work_is_one_sentence_and_exit_2(
    home: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = run(home, *words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_list_that_is_no_list(home: Path) -> None:
    wrong = home.parent / "page.opml"
    wrong.write_text("<html><body><h1>Not a list</h1></body></html>")
    done = run(home, "crawl", "--feeds", str(wrong))
    assert done.returncode == 2
    assert "page.opml" in done.stderr


def test_what_a_killed_crawl_left_is_taken_up_by_the_next(home: Path, site: Site) -> None:
    add_feed(site, "/news", 12)
    feeds = home.parent / "feeds.txt"
    feeds.write_text(f"{site.base}/news.xml\n")
    words = [sys.executable, "-m", "newsfold", "--home", str(home), "crawl", "--feeds", str(feeds)]
    started = subprocess.Popen(
        words,
        env={**os.environ, "NEWSFOLD_CRAWL_DELAY": "0.5"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while site.asked["/news/story-3.html"] + site.asked["/news/story-7.html"] == 0:
        assert started.poll() is None
        time.sleep(0.05)
    started.kill()
    started.wait()
    assert len(exported(home)) < 12
    done = json.loads(run(home, "crawl", "--feeds", str(feeds), "--json", NEWSFOLD_CRAWL_DELAY="0").stdout)
    assert done["errors"] == []
    assert len(exported(home)) == 12
