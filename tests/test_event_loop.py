"""What the crawl relies on in the event loop that its settings name."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from scrapy.utils.misc import load_object

from crawler import settings
from tests.certificates import Authority


class Endless:
    """A server that sends over TLS for as long as anyone takes it, on a loop of its own."""

    def __init__(self, certificate: tuple[Path, Path]) -> None:
        self.ended, self._ready = threading.Event(), threading.Event()
        self.port = 0
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(*certificate)
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),))
        self._thread.start()
        assert self._ready.wait(5)

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._send, "127.0.0.1", 0, ssl=self._context)
        async with server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._over.wait()

    async def _send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
                await asyncio.sleep(0.001)
        except OSError:
            self.ended.set()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Endless]:
    found = Endless(Authority(tmp_path).issue("endless"))
    yield found
    found.stop()


def test_a_transfer_over_tls_that_is_given_up_ends_at_once(server: Endless) -> None:
    """uvloop once read such a transfer to its end (MagicStack/uvloop#471), which a hostile server never comes to."""

    async def give_up() -> bool:
        connector = aiohttp.TCPConnector(ssl=False)
        async with aiohttp.ClientSession(connector=connector) as session:
            answer = await session.get(f"https://127.0.0.1:{server.port}/")
            await answer.content.readexactly(100_000)
            answer.close()
            return await asyncio.to_thread(server.ended.wait, 2)

    with asyncio.Runner(loop_factory=load_object(settings.ASYNCIO_EVENT_LOOP)) as runner:
        assert runner.run(give_up())
