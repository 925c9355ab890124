"""Servers that mean harm, each at a loopback address of its own, beside good ones; for a crawl of all of them."""

from __future__ import annotations

import asyncio
import gzip
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, reduce

import brotli
import zstandard

Play = Callable[[asyncio.StreamWriter, str], Awaitable[None]]

HUGE = 100_000_000
BOMB = 1_000_000_000
BLOCK = b" " * 10_000_000
_LIFE = 120.0
RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'
ITEM = "<item><title>Report {n} of {host}</title><link>{link}</link><guid>{link}</guid></item>"
PAGE = (
    "<html lang=en><head><title>Report {n} of {host}</title></head><body><article><h1>Report {n} of {host}</h1>"
    "{text}</article></body></html>"
)
SENTENCE = "The council of {host} met on day {n} and heard what the harbour had cost. "


def _head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *lines, "", "")).encode()


@cache
def bomb(coding: str) -> bytes:
    """A gigabyte of spaces, packed."""
    if coding == "brotli":
        packer = brotli.Compressor(quality=5)
        step, finish = packer.process, packer.finish
    elif coding == "zstd":
        zstd = zstandard.ZstdCompressor(level=3).compressobj()
        step, finish = zstd.compress, zstd.flush
    else:
        return _deflated(coding)
    return b"".join([*(step(BLOCK) for _ in range(BOMB // len(BLOCK))), finish()])


def _deflated(coding: str) -> bytes:
    """The same block again and again, packed once: zlib would take seconds for each of the two codings."""
    packer, times = zlib.compressobj(9, wbits=-15), BOMB // len(BLOCK)
    packed = (packer.compress(BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)) * times + packer.flush()
    sum_of, started = (zlib.crc32, 0) if coding == "gzip" else (zlib.adler32, 1)
    checked = reduce(lambda value, _: sum_of(BLOCK, value), range(times), started)
    if coding == "gzip":
        return gzip.compress(b"")[:10] + packed + struct.pack("<II", checked, BOMB)
    return b"\x78\xda" + packed + struct.pack(">I", checked)


async def _whole(writer: asyncio.StreamWriter, body: bytes, *more: str) -> None:
    writer.write(_head(f"Content-Length: {len(body)}", *more, "Connection: close") + body)
    await writer.drain()


# --- what each server does; every one that sends no feed has its own way not to


async def hang(_writer: asyncio.StreamWriter, _path: str) -> None:
    """Takes the request and says nothing."""
    await asyncio.sleep(_LIFE)


async def hang_after_head(writer: asyncio.StreamWriter, _path: str) -> None:
    """Sends its head and nothing more."""
    writer.write(_head("Content-Length: 5000", "Content-Type: application/rss+xml"))
    await writer.drain()
    await asyncio.sleep(_LIFE)


async def trickle(writer: asyncio.StreamWriter, _path: str) -> None:
    """A byte a second, each in good time."""
    writer.write(_head("Content-Length: 5000"))
    for byte in RSS.format(title="slow", items="").encode():
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def trickle_head(writer: asyncio.StreamWriter, _path: str) -> None:
    """A head that never ends, a line a second."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(round(_LIFE)):
        writer.write(f"X-{number}: 1\r\n".encode())
        await writer.drain()
        await asyncio.sleep(1)


async def endless_head(writer: asyncio.StreamWriter, _path: str) -> None:
    """A head that never ends, as fast as it is read."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(2_000):
        writer.write(b"".join(f"X-{number}-{i}: {'y' * 900}\r\n".encode() for i in range(100)))
        await writer.drain()


async def cut_off(writer: asyncio.StreamWriter, _path: str) -> None:
    """Ends in the middle of what it announced."""
    writer.write(_head("Content-Length: 5000") + RSS.format(title="cut", items="")[:60].encode())
    await writer.drain()


async def cut_off_chunked(writer: asyncio.StreamWriter, _path: str) -> None:
    """Ends in the middle of a chunk."""
    writer.write(_head("Transfer-Encoding: chunked") + b"ffff\r\n<?xml version='1.0'?><rss>")
    await writer.drain()


async def too_short(writer: asyncio.StreamWriter, _path: str) -> None:
    """Announces less than it sends."""
    body = RSS.format(title="short", items=ITEM.format(n=1, host="x", link="http://127.0.0.1/1") * 50)
    writer.write(_head("Content-Length: 100") + body.encode())
    await writer.drain()


async def too_long(writer: asyncio.StreamWriter, _path: str) -> None:
    """Announces a terabyte, sends a line and waits."""
    writer.write(_head("Content-Length: 1000000000000") + b"<rss>")
    await writer.drain()
    await asyncio.sleep(_LIFE)


async def wrong_length(writer: asyncio.StreamWriter, _path: str) -> None:
    """A length that is no number."""
    writer.write(_head("Content-Length: -5") + b"<rss></rss>")
    await writer.drain()


async def wrong_chunks(writer: asyncio.StreamWriter, _path: str) -> None:
    """A chunk whose length is beyond counting."""
    writer.write(_head("Transfer-Encoding: chunked") + b"f" * 200_000 + b"\r\nx")
    await writer.drain()


async def redirects(writer: asyncio.StreamWriter, path: str) -> None:
    """Leads on for ever, to a new address each time."""
    writer.write(_head(f"Location: {path}x", "Content-Length: 0", status="302 Found"))
    await writer.drain()


async def huge(writer: asyncio.StreamWriter, _path: str) -> None:
    """A hundred megabytes, without saying so first."""
    writer.write(_head("Content-Type: application/rss+xml", "Connection: close"))
    block = b"<item><title>x</title></item>" * 10_000
    for _ in range(HUGE // len(block)):
        writer.write(block)
        await writer.drain()


async def huge_announced(writer: asyncio.StreamWriter, _path: str) -> None:
    """A hundred megabytes, said at once."""
    writer.write(_head(f"Content-Length: {HUGE}"))
    for _ in range(HUGE // 1_000_000):
        writer.write(b" " * 1_000_000)
        await writer.drain()


async def not_http(writer: asyncio.StreamWriter, _path: str) -> None:
    """Speaks something else."""
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n" + bytes(range(256)) * 40)
    await writer.drain()


async def closes(_writer: asyncio.StreamWriter, _path: str) -> None:
    """Hangs up without a word."""


def _bomb(coding: str, *codings: str) -> Play:
    async def play(writer: asyncio.StreamWriter, _path: str) -> None:
        body = bomb(coding)
        for _ in codings:
            body = gzip.compress(body)
        named = {"brotli": "br"}.get(coding, coding)
        await _whole(writer, body, f"Content-Encoding: {', '.join((named, *codings))}")

    play.__doc__ = f"A gigabyte, packed by {coding}{' and again' if codings else ''}."
    return play


async def gzip_file(writer: asyncio.StreamWriter, _path: str) -> None:
    """A gzip file of a gigabyte, not said to be one (as sitemaps are)."""
    await _whole(writer, bomb("gzip"))


async def robots_bomb(writer: asyncio.StreamWriter, path: str) -> None:
    """A good feed, whose host's robots.txt is a hundred megabytes."""
    if path == "/robots.txt":
        await huge_announced(writer, path)
    else:
        await good(writer, path, "robots.example")


async def page_bomb(writer: asyncio.StreamWriter, path: str) -> None:
    """A good feed, whose pages are bombs."""
    if path.startswith("/page/"):
        await _whole(writer, bomb("gzip"), "Content-Encoding: gzip", "Content-Type: text/html")
    else:
        await good(writer, path, "pages.example")


async def good(writer: asyncio.StreamWriter, path: str, host: str = "") -> None:
    """An honest outlet of three articles."""
    place, port = writer.get_extra_info("sockname")[:2]
    host = host or place
    if path.startswith("/page/"):
        number = path.rpartition("/")[2]
        text = f"<p>{SENTENCE.format(host=host, n=number) * 8}</p>"
        body = PAGE.format(n=number, host=host, text=text)
    elif path == "/feed":
        links = [f"http://{place}:{port}/page/{number}" for number in range(3)]
        items = "".join(ITEM.format(n=number, host=host, link=link) for number, link in enumerate(links))
        body = RSS.format(title=host, items=items)
    else:
        writer.write(_head("Content-Length: 0", "Connection: close", status="404 Not Found"))
        return
    await _whole(writer, body.encode(), f"Content-Type: text/{'html' if '/page/' in path else 'xml'}")


BAD: dict[str, Play] = {
    play.__name__.replace("_", " "): play
    for play in (
        hang, hang_after_head, trickle, trickle_head, endless_head, cut_off, cut_off_chunked, too_short, too_long,
        wrong_length, wrong_chunks, redirects, huge, huge_announced, not_http, closes, gzip_file,
    )
}  # fmt: skip
CODINGS = ("gzip", "deflate", "brotli", "zstd")
BAD |= {f"{coding} bomb": _bomb(coding) for coding in CODINGS}
BAD["gzip bomb twice"] = _bomb("gzip", "gzip")
# Their feeds are good; what belongs to them is not.
HALF: dict[str, Play] = {"robots bomb": robots_bomb, "page bomb": page_bomb}


class HostileWeb:
    """All of them on one free port: `feeds` are the addresses of their feeds by name, `asked` what was asked for.

    `last` is when a good outlet was asked for something for the last time, in seconds of the clock that only goes on.
    """

    def __init__(self, goods: int, plays: dict[str, Play]) -> None:
        names = [*plays, *(f"good {number}" for number in range(goods))]
        self._plays = [*plays.values(), *[good] * goods]
        self._places = [f"127.0.2.{number}" for number in range(1, len(names) + 1)]
        self._names = names
        self.feeds: dict[str, str] = {}
        self.asked: Counter[str] = Counter()
        self.last = 0.0

    async def start(self) -> list[asyncio.Server]:
        """Listen everywhere, on one port."""
        port, servers = 0, []
        for name, place, play in zip(self._names, self._places, self._plays, strict=True):
            servers.append(await asyncio.start_server(self._server(name, play), place, port))
            port = port or servers[0].sockets[0].getsockname()[1]
            self.feeds[name] = f"http://{place}:{port}/feed"
        return servers

    def _server(
        self, name: str, play: Play
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                request = await reader.readuntil(b"\r\n\r\n")
                self.asked[name] += 1
                if play is good:
                    self.last = time.monotonic()
                await play(writer, request.split(b" ", 2)[1].decode())
            writer.close()

        return serve


@contextmanager
def running(goods: int, plays: dict[str, Play]) -> Iterator[HostileWeb]:
    """The web, served in a thread until the block ends."""
    web, loop, ready = HostileWeb(goods, plays), asyncio.new_event_loop(), threading.Event()
    for coding in CODINGS if plays else ():
        bomb(coding)  # packed before anybody waits for it

    def serve() -> None:
        asyncio.set_event_loop(loop)
        servers = loop.run_until_complete(web.start())
        ready.set()
        loop.run_forever()
        for server in servers:
            server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield web
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
