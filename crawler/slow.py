"""Servers that take their time must not keep the others from their turn: a request that waits long is not counted.

Scrapy begins a request while fewer than CONCURRENT_REQUESTS are under way. A hundred servers that never answer would
take every place until the timeout, again and again; so a request gives up its place after a second, and has it as one
more, up to a bound on sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from crawler.room import Room

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

# Most servers have answered in this time; that of a slow one is lent to another meanwhile.
_SECONDS = 1.0
# So many times as many sockets may be open as are asked for.
_TIMES = 16

_LENT: WeakKeyDictionary[Crawler, SlowRequests] = WeakKeyDictionary()


class SlowRequests:
    """The requests of a crawl that have been waiting for long, each of which makes room for one more."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._places = crawler.settings.getint("CONCURRENT_REQUESTS")
        self._slow = 0
        self._rooms: list[Room] = []

    @classmethod
    def of(cls, crawler: Crawler) -> SlowRequests:
        """The one of a crawl."""
        return _LENT.setdefault(crawler, cls(crawler))

    def widen(self, room: Room) -> None:
        """Let this room hold as many more as there are slow requests."""
        self._rooms.append(room)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While the block lasts a request is under way."""
        lent = False

        def lend() -> None:
            nonlocal lent
            if self._slow < _TIMES * self._places:
                lent = True
                self._count(1)

        timer = asyncio.get_running_loop().call_later(_SECONDS, lend)
        try:
            yield
        finally:
            timer.cancel()
            if lent:
                self._count(-1)

    def _count(self, by: int) -> None:
        self._slow += by
        for room in self._rooms:
            room.widen(by)
        engine = self._crawler.engine
        engine.downloader.total_concurrency = self._places + self._slow
        slot = getattr(engine, "_slot", None)
        if by > 0 and slot:  # else it looks again within five seconds only
            slot.nextcall.schedule()
