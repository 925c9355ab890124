"""Hosts that have asked to be left alone, for as long as this crawl lasts; the schedule knows them for later ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from crawler.errors import HostWaits
from crawler.freshness import retry_after

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

_WAITS: WeakKeyDictionary[Crawler, Waits] = WeakKeyDictionary()


class Waits:
    """Until when each host is to be left alone, by a clock that only goes on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._until: dict[str, float] = {}
        self._clock = clock

    @classmethod
    def of(cls, crawler: Crawler) -> Waits:
        """The one of a crawl, shared by its middleware and its download handler."""
        return _WAITS.setdefault(crawler, cls())

    def note(self, url: str, status: int, retry: bytes | None) -> None:
        """Take note of an answer: "too many requests" (429) with Retry-After is for all of the host."""
        if status != 429 or not retry:
            return
        if seconds := retry_after({"retry-after": retry.decode("latin-1")}, datetime.now(UTC)):
            self._until[urlsplit(url).netloc] = self._clock() + seconds

    def check(self, url: str) -> None:
        """Raise HostWaits while the host of this address is to be left alone."""
        if not self._until:
            return
        host = urlsplit(url).netloc
        left = self._until.get(host, 0.0) - self._clock()
        if left > 0:
            raise HostWaits(f"{url}: {host} has asked to be left alone for {left:.0f} s more", int(left) + 1)
