"""A web server of many feeds for measuring: each on a loopback address of its own, in a process of its own.

Every feed has 30 entries. Asking for `/next/3` gives every feed three new ones and takes the three oldest from it;
until the next such request a feed answers 304 to a conditional one.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

ENTRIES = 30
_HOST = b"{host}"
_ITEM = """<item><title>{title}</title><link>http://{{host}}/{number}/an-article-about-something.html</link>
<guid isPermaLink="true">http://{{host}}/{number}</guid><pubDate>{date}</pubDate>
<dc:creator>{author}</dc:creator><category>News</category><category>Region &amp; Town</category>
<description><![CDATA[<p>{lead} <a href="http://{{host}}/{number}">Read on</a></p>]]></description>
<media:content url="http://{{host}}/pictures/{number}.jpg" medium="image" width="800"/></item>
"""
_FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>The Paper of {{host}}</title><link>http://{{host}}/</link>
<description>All the news</description><language>en-gb</language><ttl>15</ttl>
<atom:link rel="self" href="http://{{host}}/feed.xml" type="application/rss+xml"/>
{items}</channel></rss>"""
_WORDS = [
    "council",
    "votes",
    "river",
    "bridge",
    "school",
    "harbour",
    "minister",
    "strike",
    "budget",
    "flood",
    "storm",
    "night",
    "market",
    "hospital",
    "train",
    "players",
    "final",
    "season",
    "court",
    "judge",
    "appeal",
    "evidence",
    "witness",
    "factory",
    "closure",
    "jobs",
    "union",
    "talks",
    "deal",
    "border",
]


def addresses(count: int) -> list[str]:
    """So many loopback addresses beside 127.0.0.1 (Linux answers on all of 127.0.0.0/8)."""
    return [f"127.{1 + i // 62_500}.{i // 250 % 250}.{1 + i % 250}" for i in range(count)]


def body(newest: int) -> bytes:
    """A feed whose newest entry has this number, with a gap for the host."""
    begin = datetime(2026, 1, 1, 12, tzinfo=UTC)
    items = []
    for number in range(newest, newest - ENTRIES, -1):
        words = [_WORDS[(number * 11 + i * 5 + number // 7 * i) % len(_WORDS)] for i in range(40)]
        items.append(_ITEM.format(
            title=" ".join(words[:9]).capitalize(), number=number, author="A. Writer",
            date=format_datetime(begin + timedelta(minutes=11 * number), usegmt=True), lead=" ".join(words).capitalize(),
        ))  # fmt: skip
    return _FEED.format(items="".join(items)).replace("{{host}}", "{host}").encode()


class _Connection(asyncio.Protocol):
    """As little of HTTP/1.1 as the measured clients need, so that the server is not what is measured."""

    newest = 1_000
    template = body(newest)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.pending = b""

    def data_received(self, data: bytes) -> None:
        self.pending += data
        while (end := self.pending.find(b"\r\n\r\n")) >= 0:
            request, self.pending = self.pending[:end], self.pending[end + 4 :]
            self.transport.write(self._answer(request))

    def _answer(self, request: bytes) -> bytes:
        cls = type(self)
        if request.startswith(b"GET /next/"):
            cls.newest += int(request.split(b" ")[1].rpartition(b"/")[2])
            cls.template = body(cls.newest)
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        etag = b'"newest-%d"' % cls.newest
        head = b"ETag: %s\r\nLast-Modified: Tue, 24 Nov 2026 12:00:00 GMT\r\n" % etag
        if etag in request:
            return b"HTTP/1.1 304 Not Modified\r\n%s\r\n" % head
        at = request.lower().find(b"\r\nhost: ") + 8
        host = request[at : request.find(b"\r", at) if b"\r" in request[at:] else None]
        found = cls.template.replace(_HOST, host)
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n%sContent-Length: %d\r\n\r\n%s" % (
            head, len(found), found,
        )  # fmt: skip


def _serve(hosts: list[str], port: int, ready: object) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(_Connection, hosts, port, backlog=16)
        ready.set()  # type: ignore[attr-defined]
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def serving(count: int, port: int) -> Iterator[list[str]]:
    """The addresses of `count` feeds while they are served."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    hosts = addresses(count)
    process = context.Process(target=_serve, args=(["127.0.0.1", *hosts], port, ready), daemon=True)
    process.start()
    try:
        while not ready.wait(1):
            if not process.is_alive():
                raise RuntimeError(f"the server of feeds did not start; is port {port} taken?")
        yield [f"http://{host}:{port}/feed.xml" for host in hosts]
    finally:
        process.terminate()
        process.join()


def publish(port: int, entries: int) -> None:
    """Give every feed so many new entries."""
    urllib.request.urlopen(f"http://127.0.0.1:{port}/next/{entries}", timeout=30).read()
