"""The newsroom: every invented outlet behind one loopback port, to be crawled through it as a proxy."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, time
from http import HTTPStatus
from xml.sax.saxutils import quoteattr

from newsfold.demo.answers import BadRequestError, Request, Resource, parse_request, refusal, reply, resource
from newsfold.demo.feeds import MEDIA_TYPES, feed
from newsfold.demo.outlets import Outlet, all_outlets, published
from newsfold.demo.pages import article_page, front_page

LOOPBACK = "127.0.0.1"
HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
ROBOTS = b"User-agent: *\nDisallow: /search\nDisallow: /subscribe\nAllow: /\n"
IDLE_SECONDS = 60.0
LONGEST_HEAD = 32 * 1024
LONGEST_BODY = 64 * 1024


def start_of_day() -> datetime:
    """Midnight of the current UTC day: a newsroom's clock that stands still, so that its bytes do too."""
    return datetime.combine(datetime.now(UTC).date(), time(), UTC)


def expected() -> dict[str, tuple[str, str]]:
    """For every article's canonical URL, the event it tells and the text it prints, both as labels."""
    return {
        outlet.url(article): (article.event, article.text)
        for outlet in all_outlets()
        for article in outlet.articles
    }


class Newsroom:
    """Serves all outlets on one port, by host name; to clients it is a proxy that knows no other web.

    `counts` holds the answers given so far, by status. Nothing is logged.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self.counts: Counter[int] = Counter()
        self._outlets = all_outlets()
        self._resources = _resources(self._outlets, now or start_of_day())
        self._server: asyncio.Server | None = None
        self._port = 0
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @property
    def feeds(self) -> tuple[str, ...]:
        """The URL of every outlet's feed."""
        return tuple(outlet.feed_url for outlet in self._outlets)

    @property
    def proxy(self) -> str:
        """The address to give a crawler as its HTTP proxy, once started."""
        return f"http://{LOOPBACK}:{self._port}"

    def opml(self) -> str:
        """The feeds as an OPML list, as an operator would keep it."""
        lines = "\n".join(_outline(outlet) for outlet in self._outlets)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n'
            f"<head><title>The demo newsroom</title></head>\n<body>\n{lines}\n</body>\n</opml>\n"
        )

    async def start(self, port: int = 0) -> int:
        """Listen on loopback, on a free port unless one is named, and say on which."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, port, limit=LONGEST_HEAD)
        self._port = int(self._server.sockets[0].getsockname()[1])
        return self._port

    async def stop(self) -> None:
        """Close the port and every connection; return when all are closed."""
        if self._server is None:
            return
        self._server.close()
        for writer in self._open.values():
            writer.close()
        # A closed transport ends its reader, and so the task that waits for it.
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (the server runs each connection as a task)
        self._open[task] = writer
        try:
            with suppress(ConnectionError, TimeoutError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            del self._open[task]
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection stays open for another."""
        keep_alive = False
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                request = parse_request(await reader.readuntil(b"\r\n\r\n"))
                await _skip_body(reader, request)
            keep_alive = request.keep_alive
            status, answer = reply(request, self._resources.get((request.host, request.path)))
        except (BadRequestError, asyncio.LimitOverrunError, asyncio.IncompleteReadError) as error:
            if isinstance(error, asyncio.IncompleteReadError) and not error.partial:
                return False  # the client hung up between two requests, as it may
            status, answer = refusal(HTTPStatus.BAD_REQUEST, keep_alive)
        self.counts[status.value] += 1
        writer.write(answer)
        await writer.drain()
        return keep_alive


@contextmanager
def running_newsroom(now: datetime | None = None) -> Iterator[Newsroom]:
    """A newsroom running in a thread of its own for as long as the block lasts."""
    room, loop = Newsroom(now), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="newsroom", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(room.start(), loop).result()
        yield room
    finally:
        asyncio.run_coroutine_threadsafe(room.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _skip_body(reader: asyncio.StreamReader, request: Request) -> None:
    length = request.fields.get("content-length", "0")
    if not re.fullmatch("[0-9]{1,9}", length) or int(length) > LONGEST_BODY:
        raise BadRequestError(f"no length: {length[:20]!r}")
    if "transfer-encoding" in request.fields:
        raise BadRequestError("a body of unknown length")
    await reader.readexactly(int(length))


def _resources(outlets: tuple[Outlet, ...], now: datetime) -> dict[tuple[str, str], Resource]:
    found: dict[tuple[str, str], Resource] = {}
    for outlet in outlets:
        newest = max(published(article, now) for article in outlet.articles)
        found[outlet.host, "/"] = resource(front_page(outlet, now).encode(), HTML, newest)
        found[outlet.host, "/robots.txt"] = resource(ROBOTS, PLAIN, newest)
        media_type = MEDIA_TYPES[outlet.feed_format]
        found[outlet.host, outlet.feed_path] = resource(feed(outlet, now), media_type, newest)
        for article in outlet.articles:
            page = article_page(outlet, article, now).encode()
            found[outlet.host, outlet.path(article)] = resource(page, HTML, published(article, now))
    return found


def _outline(outlet: Outlet) -> str:
    return (
        f'  <outline type="rss" text={quoteattr(outlet.name)} title={quoteattr(outlet.name)} '
        f'xmlUrl={quoteattr(outlet.feed_url)} language="{outlet.language}"/>'
    )
