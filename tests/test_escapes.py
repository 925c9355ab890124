"""What publishers write into their fields, as every command, the web page, the log and the exports show it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import redis
from aiohttp.test_utils import TestClient, TestServer
from lxml import html

from newsfold.jsonview import dumps
from newsfold.logs import JsonFormatter, LineFormatter
from newsfold.safetext import escaped, plain_line, safe, safe_json
from newsfold.web.server import build_app
from storage.embedded import EmbeddedServer
from storage.reader import Reader

# A title of a window, a cleared screen, colours by one byte (C1), turned text, a broken line, a script, markup of the
# table printer, half a character.
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31mEvil\u202egpj\u2066x\u2069\u200f\u2028\r\nz<script>alert(1)</script>[red]r[/red]\ud800"
FORMULA = '=HYPERLINK("http://evil.example","x")'
UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
COLOUR = re.compile(r"\x1b\[[\d;]*m|\r\n|\x1b\[\?25[lh]|\x1b\]8;[^\x1b]*\x1b\\")


def test_each_kind_of_control() -> None:
    for code in (*range(32), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF, 0xD800, 0xDFFF,
                 *range(0x202A, 0x202F), *range(0x2066, 0x206A)):  # fmt: skip
        char = chr(code)
        for shown in (
            safe(f"a{char}b").plain,
            plain_line(f"a{char}b"),
            escaped(f"a{char}b"),
            dumps({char: f"a{char}b"}),
        ):
            assert char not in shown
            shown.encode()
        assert json.loads(dumps({"k": f"a{char}b"})) == {"k": f"a{char}b"}
    for kept in ("naïve “quotes” – 東京 עברית عربى", "👩‍👩‍👧", "क्‍ष"):
        assert plain_line(kept) == escaped(kept) == kept
        assert safe_json(json.dumps(kept, ensure_ascii=False)) == json.dumps(kept, ensure_ascii=False)


@pytest.mark.parametrize("formatter", [LineFormatter(), JsonFormatter()])
def test_log_lines_are_single_and_plain(formatter: logging.Formatter) -> None:
    try:
        raise ValueError(EVIL)
    except ValueError:
        record = logging.LogRecord("crawler.x", logging.INFO, "f", 1, f"event {EVIL}", (), sys.exc_info())
    record.fields = {"url": EVIL, "reason": FORMULA}
    line = formatter.format(record)
    line.encode()
    assert not UNSAFE.search(line.replace("\n", ""))
    told = line.split("\n")
    # A traceback's lines are its own: none of them begins with what was written to look like a line of the log.
    assert not any(part.startswith("z<script>") for part in told)


# --- every command, over what a hostile feed and a hostile file brought


class Hostile:
    """A server whose every field is hostile."""

    def __init__(self) -> None:
        place = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = place.answer(self.path)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> tuple[str, bytes]:
        if path.startswith("/bad"):
            return (
                "text/html",
                f'<html><link rel="alternate" type="application/rss+xml" href="/a\u202e\x9b\x1b[2Jb">{EVIL}</html>'.encode(
                    "utf-8", "replace"
                ),
            )
        text = " ".join(f"{EVIL} word{n} and more of it" for n in range(60))
        items = [
            {"id": f"{n}{EVIL}", "url": f"{self.base}/p{n}?{EVIL}", "title": f"Headline {n} {EVIL}", "content_text": text + str(n),
             "summary": EVIL, "authors": [{"name": f"Ann {EVIL}"}], "image": f"{self.base}/i{EVIL}.jpg", "tags": [EVIL],
             "language": "en", "date_published": "2026-11-24T10:00:00Z"}
            for n in range(3)
        ]  # fmt: skip
        feed = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": EVIL,
            "home_page_url": self.base,
            "items": items,
        }
        return "application/feed+json", json.dumps(feed).encode()


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str], Hostile]]:
    """A data folder that a crawl of a hostile feed and a hostile file have filled, and ids in it."""
    base = tmp_path_factory.mktemp("esc")
    home, web = base / "home", Hostile()
    lines = [
        {"title": f"{FORMULA} {EVIL}", "text": f"{EVIL} {n} " * 30, "outlet": f"evil{n} {EVIL}", "lang": "en",
         "url": f"http://evil{n}.example/{EVIL}"}
        for n in range(2)
    ] + [{"title": 3}, {"title": "x", "id": EVIL}]  # fmt: skip
    (base / "in.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (base / "feeds.txt").write_text(f"{web.base}/feed\n{web.base}/bad\n")
    shown = [
        _run(home, "crawl", "--feeds", str(base / "feeds.txt"), "--log-level", "info"),
        _run(home, "ingest", str(base / "in.jsonl")),
    ]
    story = json.loads(_run(home, "stories", "--json").decode())
    exported = [
        json.loads(line)
        for line in _run(home, "export", "--text").decode().splitlines()
        if line.startswith("{")
    ]
    assert len(exported) == 5
    assert {line["title"][:8] for line in exported} >= {"Headline"}
    names = [story[0]["id"], exported[0]["group"], exported[0]["id"], exported[-1]["id"]]
    yield home, [*names, *(out.decode() for out in shown)], web
    EmbeddedServer(home).stop()
    web.server.shutdown()
    web.server.server_close()


def _run(home: Path, *words: str) -> bytes:
    """The output of a command at a terminal of 100 columns, both streams, as its bytes."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("NEWSFOLD_")}
    env = {
        **clean,
        "NEWSFOLD_HOME": str(home),
        "NEWSFOLD_CRAWL_DELAY": "0",
        "NEWSFOLD_CRAWL_EXTRACTORS": "1",
        "TERM": "xterm-256color",
        "COLUMNS": "100",
    }
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "newsfold", *words],
        env=env,
        cwd=home.parent,
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
    )
    os.close(theirs)
    read = []
    try:
        while piece := os.read(ours, 65_536):
            read.append(piece)
    except OSError:  # Linux says so of a terminal that nobody holds any more
        pass
    os.close(ours)
    process.wait(60)
    return b"".join(read)


COMMANDS: list[Callable[[list[str], str], list[str]]] = [
    lambda ids, web: ["stories"],
    lambda ids, web: ["story", ids[0]],
    lambda ids, web: ["article", ids[3]],
    lambda ids, web: ["article", ids[3], "--json"],
    lambda ids, web: ["why", ids[2], ids[3]],
    lambda ids, web: ["outlet", f"evil0 {EVIL}".replace("\ud800", "").replace("\x00", "")],
    lambda ids, web: ["search", "headline"],
    lambda ids, web: ["timeline", ids[0]],
    lambda ids, web: ["feeds"],
    lambda ids, web: ["feeds", "show", f"{web}/feed"],
    lambda ids, web: ["feeds", "check", f"{web}/bad"],
    lambda ids, web: ["feeds", "add", f"{web}/bad"],
    lambda ids, web: ["feeds", "export"],
    lambda ids, web: ["export", "--text"],
]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=range(len(COMMANDS)))
def test_no_command_lets_a_field_at_the_terminal(
    stored: tuple[Path, list[str], Hostile], command: Callable[[list[str], str], list[str]]
) -> None:
    home, ids, web = stored
    out = _run(home, *command(ids, web.base)).decode()
    left = COLOUR.sub("", out)
    assert left.strip()
    if command(ids, web.base) == [
        "feeds",
        "export",
    ]:  # a list of feeds for other readers, whose titles keep their marks
        left = left.replace("\u200f", "")
    assert not UNSAFE.search(left.replace("\n", "")), repr(UNSAFE.findall(left)[:5])
    assert "Traceback" not in out


@pytest.mark.slow
def test_neither_crawl_nor_ingest_does(stored: tuple[Path, list[str], Hostile]) -> None:
    for out in stored[1][4:]:
        assert not UNSAFE.search(
            COLOUR.sub("", re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\r", "", out)).replace("\n", "")
        )
        assert "skipped" in out or "polled" in out


@pytest.mark.slow
def test_the_web_page_shows_text_and_nothing_else(stored: tuple[Path, list[str], Hostile]) -> None:
    home, ids, _ = stored
    client = redis.Redis(unix_socket_path=str(EmbeddedServer(home).status().socket))

    async def pages() -> list[str]:
        async with TestClient(TestServer(build_app(Reader(client)))) as browser:
            paths = (
                "/",
                f"/story/{ids[0]}",
                "/feeds",
                "/api/stories",
                f"/api/stories/{ids[0]}",
                "/stories.atom",
                "/stories.json",
                "/stories.opml",
                f"/stories.atom?q={EVIL[:40]}",
                f"/?q={EVIL[:40]}",
            )
            return [await (await browser.get(path)).text() for path in paths]

    try:
        found = asyncio.run(pages())
    finally:
        client.close()
    _run(home, "report", "-o", str(home.parent / "front.html"))
    found.append((home.parent / "front.html").read_text(encoding="utf-8"))
    for page in found[:3] + found[9:]:
        tree = html.document_fromstring(page)
        assert not tree.xpath("//script | //*[@onclick or @onload or @onerror]")
        links = [
            urljoin("http://here.example/x/", link) for link in tree.xpath("//@href | //@src | //@action")
        ]
        assert not [link for link in links if not re.match("https?://|data:(image/svg|,$)", link)]
    for page in found:
        assert not UNSAFE.search(page.replace("\n", "").replace("\r", "")), UNSAFE.findall(page)


@pytest.mark.slow
def test_there_is_no_table_for_spreadsheets(stored: tuple[Path, list[str], Hostile]) -> None:
    """Formulas are run from CSV only; the exports are JSON Lines, where they are strings, and OPML."""
    lines = _run(stored[0], "export").decode().splitlines()
    titles = [json.loads(line)["title"] for line in lines]
    assert any(title.startswith("=HYPERLINK") for title in titles)
    assert all(line.startswith('{"') for line in lines)
