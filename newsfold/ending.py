"""How a run ends when it is told to: what is under way is finished, for some seconds; the rest is left for the next run."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

from pipelines.desk import Desk

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

# Together they stay well under the ten seconds after which a container or a service is killed.
GRACE_SECONDS = 5.0
RELEASE_SECONDS = 2.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class CrawlEnding:
    """Ends a crawl at SIGINT or SIGTERM, and at once at a second one.

    `signal` is what it was told by, 0 where it ended by itself; `forced` whether something was still under way. `leaving`
    is called before the connections to Redis are given up, which fails whatever still waits for an answer.
    """

    def __init__(self, crawler: Crawler, leaving: Callable[[], None]) -> None:
        from scrapy import signals  # loaded where there is a crawl; an ingest has none

        self.signal, self.forced = 0, False
        self._crawler, self._leaving = crawler, leaving
        self._tasks: list[asyncio.Task[None]] = []
        crawler.signals.connect(self._opened, signals.spider_opened)

    def _opened(self) -> None:
        loop = asyncio.get_running_loop()
        for one in SIGNALS:
            loop.add_signal_handler(one, self._told, one)

    def _told(self, number: signal.Signals) -> None:
        loop = asyncio.get_running_loop()
        if self.signal:
            self._force()
            return
        self.signal = number
        _say(
            f"{number.name}: what is under way has {GRACE_SECONDS:.0f} s to end, "
            "the rest is left for the next run; a second signal ends at once"
        )
        self._crawler.spider.ending = True  # type: ignore[union-attr]
        self._tasks.append(loop.create_task(self._crawler.stop_async()))
        loop.call_later(GRACE_SECONDS, self._force)

    def _force(self) -> None:
        if not self.forced:
            self.forced = True
            self._tasks.append(asyncio.get_running_loop().create_task(self._leave()))

    async def _leave(self) -> None:
        """Give back what is leased, so that the next run need not wait for it, and stop all the same."""
        from twisted.internet import reactor

        book: Any = self._crawler.spider.book  # type: ignore[union-attr]
        with suppress(Exception):
            async with asyncio.timeout(RELEASE_SECONDS):
                await book.close()
        self._leaving()
        Desk.of(self._crawler).give_up()
        with suppress(RuntimeError):  # it has ended meanwhile
            reactor.stop()  # type: ignore[misc]


class _Enough(BaseException):
    """Raised out of a read that waits for input when there is to be no more."""


class InputEnding:
    """Ends a run over lines of input at SIGINT or SIGTERM: no more is read, and what was read is worked off.

    `give_up` is called where that takes longer than the grace. A second signal interrupts at once. `signal` is what it was
    told by, or 0.
    """

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.signal = 0
        self._reads, self._timer = False, threading.Timer(GRACE_SECONDS, give_up)
        self._timer.daemon = True

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals for as long as it goes on."""
        before = {one: signal.signal(one, self._told) for one in SIGNALS}
        try:
            yield
        finally:
            self._timer.cancel()
            for one, handler in before.items():
                signal.signal(one, handler)

    def _told(self, number: int, _: FrameType | None) -> None:
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number
        self._timer.start()
        if self._reads:
            raise _Enough

    def lines(self, stream: Iterable[bytes]) -> Iterator[bytes]:
        """The lines of a stream until it ends, or until a signal says so."""
        remaining = iter(stream)
        while not self.signal:
            try:
                self._reads = True
                line = next(remaining, None)
                self._reads = False
            except _Enough:
                return
            if line is None:
                return
            yield line


def _say(sentence: str) -> None:
    print(f"newsfold: {sentence}", file=sys.stderr, flush=True)  # noqa: T201
