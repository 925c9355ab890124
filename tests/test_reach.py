"""What feeds, pages, redirects, robots.txt, enclosures and hubs of real crawls reach, on loopback servers."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from crawler.errors import ForbiddenAddress
from crawler.guard import AddressGuard
from crawler.resolver import GuardedNames, guarded_sockets

RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{}</channel></rss>'
ITEM = "<item><title>Headline {n} of the feed</title><link>{link}</link><guid>{link}</guid>{more}</item>"


class Place:
    """A web server at one loopback address: path → (status, headers, body), and how often each was asked."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: Counter[str] = Counter()
        place = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                place.asked[self.path] += 1
                status, headers, body = place.answers.get(self.path, (404, {}, b"none"))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None: ...

        self.server = ThreadingHTTPServer((address, 0), Handler)
        self.port = self.server.server_port
        self.base = f"http://{address}:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def outside() -> Iterator[Place]:
    """Where the operator's feed is."""
    place = Place()
    yield place
    place.close()


@pytest.fixture
def inside() -> Iterator[Place]:
    """What nobody may reach: a service on another address of this machine."""
    place = Place("127.0.0.7")
    yield place
    place.close()


def run(home: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("NEWSFOLD_")}
    more = {"NEWSFOLD_HOME": str(home), "NEWSFOLD_CRAWL_DELAY": "0", "NEWSFOLD_CRAWL_EXTRACTORS": "1", **env}
    return subprocess.run(
        [sys.executable, "-m", "newsfold", *words], env={**clean, **more}, cwd=home.parent, capture_output=True,
        text=True, timeout=100, check=False,
    )  # fmt: skip


def _hostile(outside: Place, inside: Place) -> None:
    """A feed, and a second one, that try every way in there is."""
    ways = [
        f"{inside.base}/page", f"http://localhost:{inside.port}/page", f"http://[::ffff:127.0.0.7]:{inside.port}/page",
        f"http://0x7f.0.0.7:{inside.port}/page", f"http://2130706439:{inside.port}/page",
        f"{outside.base}/to-page",
        f"{outside.base}/to-file", f"ftp://127.0.0.7:{inside.port}/page", "file:///etc/passwd",
        f"http://127.0.0.1:{inside.port}/page", "http://127.0.0.7/page",
    ]  # fmt: skip
    enclosed = (
        f'<enclosure url="{inside.base}/enclosure" type="image/jpeg" length="1"/>'
        f'<media:content xmlns:media="http://search.yahoo.com/mrss/" url="{inside.base}/media" medium="image"/>'
    )
    items = "".join(ITEM.format(n=n, link=link, more=enclosed) for n, link in enumerate(ways))
    hub = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{inside.base}/hub"/>'
    outside.answers["/feed"] = (
        200,
        {"Content-Type": "application/rss+xml"},
        RSS.format(hub + items).encode(),
    )
    outside.answers["/to-page"] = (302, {"Location": f"{inside.base}/page"}, b"")
    outside.answers["/to-file"] = (302, {"Location": "file:///etc/passwd"}, b"")
    outside.answers["/moved"] = (301, {"Location": f"{inside.base}/feed"}, b"")
    outside.answers["/robots.txt"] = (302, {"Location": f"{inside.base}/robots.txt"}, b"")
    inside.answers["/feed"] = (200, {}, RSS.format("").encode())


@pytest.mark.slow
@pytest.mark.parametrize("handler", ["aiohttp", "twisted"])
def test_no_way_leads_inside(home: Path, outside: Place, inside: Place, handler: str) -> None:
    _hostile(outside, inside)
    feeds = home.parent / "feeds.txt"
    feeds.write_text(f"{outside.base}/feed\n{outside.base}/moved\n")
    done = run(home, "crawl", "--feeds", str(feeds), "--json", NEWSFOLD_CRAWL_HANDLER=handler)
    summary = json.loads(done.stdout)
    assert inside.asked == Counter(), "the crawler reached a server inside"
    assert (summary["feeds_polled"], summary["feeds_failed"], summary["errors"]) == (2, 1, [])
    assert "not a public address" in summary["failures"][0]["reason"]
    assert outside.asked["/to-page"] == outside.asked["/moved"] == 1
    assert summary["pages_failed"] == 8  # ftp: and file: are no links, and no redirect is followed there
    assert (outside.asked["/to-file"], summary["pages_fetched"]) == (1, 1)
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_networks_and_ports_are_opened_by_the_operator(home: Path, outside: Place, inside: Place) -> None:
    _hostile(outside, inside)
    feeds = home.parent / "feeds.txt"
    feeds.write_text(f"{outside.base}/moved\n")
    crawl = ("crawl", "--feeds", str(feeds), "--json", "--now", "--allow-net", "127.0.0.0/8")
    closed = json.loads(run(home, *crawl).stdout)
    assert f"port {inside.port}, which is not open" in closed["failures"][0]["reason"]
    assert inside.asked == Counter()
    opened = json.loads(run(home, *crawl, "--allow-port", str(inside.port)).stdout)
    assert (opened["feeds_failed"], inside.asked["/feed"]) == (0, 1)


# --- a name that changes its mind


class Rebinding(AbstractResolver):
    """Asks a real DNS server on loopback, by UDP, at every look-up (RFC 1035: one question, A records)."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = await asyncio.to_thread(self._ask, host)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
        ]

    def _ask(self, host: str) -> str:
        name = b"".join(bytes([len(label)]) + label.encode() for label in host.split(".")) + b"\0"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(5)
            asking.sendto(
                struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1),
                ("127.0.0.1", self._port),
            )
            return socket.inet_ntoa(asking.recv(512)[-4:])

    async def close(self) -> None: ...


class NameServer:
    """Answers every question with the next of its addresses, for no time at all (TTL 0); the last one stays."""

    def __init__(self, *addresses: str) -> None:
        self.answers, self.asked = list(addresses), 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = int(self.socket.getsockname()[1])
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            question, who = self.socket.recvfrom(512)
            if question == b"end":
                self.socket.close()
                return
            address = self.answers[min(self.asked, len(self.answers) - 1)]
            self.asked += 1
            head = question[:2] + struct.pack(">5H", 0x8180, 1, 1, 0, 0)
            record = struct.pack(">3HIH", 0xC00C, 1, 1, 0, 4) + socket.inet_aton(address)
            self.socket.sendto(head + question[12:] + record, who)

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"end", ("127.0.0.1", self.port))
        self.thread.join()


def test_a_name_that_rebinds_is_judged_at_every_connection() -> None:
    """The first answer is an address that is open, the second the machine's own: nothing is asked there."""
    good = Place("127.0.0.8")
    names = NameServer("127.0.0.8", "127.0.0.7")
    guard = AddressGuard(["127.0.0.8"], [good.port])

    async def twice() -> int:
        connector = aiohttp.TCPConnector(
            resolver=GuardedNames(guard, Rebinding(names.port)), socket_factory=guarded_sockets(guard),
            use_dns_cache=False, force_close=True,
        )  # fmt: skip
        async with aiohttp.ClientSession(connector=connector) as session:
            url = f"http://news.example:{good.port}/feed"
            async with session.get(url) as answer:
                status = answer.status
            with pytest.raises(ForbiddenAddress, match=r"news\.example is at 127\.0\.0\.7"):
                await session.get(url)
        return status

    try:
        assert asyncio.run(twice()) == 404
        assert (names.asked, good.asked["/feed"]) == (2, 1)
    finally:
        names.close()
        good.close()


CRAWL = """
import logging, runpy, sys
from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings
from crawler import handlers

Rebinding = runpy.run_path("tests/test_reach.py")["Rebinding"]

class Handler(handlers.GuardedAiohttpHandler):
    @staticmethod
    def resolver():
        return Rebinding(int(sys.argv[1]))

    def __init__(self, crawler):
        super().__init__(crawler)
        self._session.connector._use_dns_cache = False  # every connection looks the name up

handlers.GuardedAiohttpHandler = Handler
settings = Settings()
settings.setmodule("crawler.settings", priority="project")
logging.basicConfig(stream=sys.stdout, format="%(message)s %(fields)s", level="INFO")
for name in ("LOG_ENABLED", "LOG_INSTALL_ROOT_HANDLER"):
    settings.set(name, False, "cmdline")
logging.getLogger().handlers[0].addFilter(lambda record: hasattr(record, "fields"))
process = CrawlerProcess(settings)
process.crawl("feeds", feeds=sys.argv[2], now="1")
process.start()
"""


@pytest.mark.slow
def test_a_crawl_is_not_led_inside_by_rebinding(home: Path) -> None:
    """The feed comes from an open address; when its page is asked for, the name leads to the machine itself."""
    good = Place("127.0.0.8")
    names = NameServer("127.0.0.8", "127.0.0.7")
    held = ThreadingHTTPServer(("127.0.0.7", good.port), BaseHTTPRequestHandler)
    reached: list[object] = []
    held.finish_request = lambda request, client: reached.append(client)  # type: ignore[method-assign]
    threading.Thread(target=held.serve_forever, daemon=True).start()
    item = ITEM.format(n=1, link=f"http://news.example:{good.port}/page", more="")
    good.answers["/feed"] = (200, {"Connection": "close"}, RSS.format(item).encode())
    feeds = home.parent / "feeds.txt"
    feeds.write_text(f"http://news.example:{good.port}/feed\n")
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith("NEWSFOLD_")},
        "NEWSFOLD_HOME": str(home), "NEWSFOLD_CRAWL_DELAY": "0", "NEWSFOLD_CRAWL_EXTRACTORS": "1", "NEWSFOLD_ALLOW_NET": "127.0.0.8",
        "NEWSFOLD_CRAWL_ROBOTS": "no", "NEWSFOLD_LOG_LEVEL": "info",
    }  # fmt: skip
    try:
        done = subprocess.run(
            [sys.executable, "-c", CRAWL, str(names.port), str(feeds)], env=env, cwd=Path(__file__).parents[1],
            capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert good.asked == Counter({"/feed": 1})
        assert names.asked == 2
        assert reached == []
        assert "news.example is at 127.0.0.7, which is not a public address" in done.stdout
    finally:
        names.close()
        good.close()
        held.shutdown()
        held.server_close()
