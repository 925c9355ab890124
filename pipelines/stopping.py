"""A crawl that has lost its server ends: nothing more can be stored, so nothing more is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from storage.errors import StorageError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


def stop_without_server(crawler: Crawler, give_up: Callable[[], None]) -> None:
    """Stop the crawl at the first StorageError that any of its parts raises; what was not stored is left as it was.

    `give_up` ends what other threads still wait for.
    """
    from scrapy import signals  # loaded where there is a crawl; an ingest has none

    stopping: list[asyncio.Task[None]] = []

    def heard(failure: Any) -> None:
        if isinstance(failure.value, StorageError) and not stopping:
            give_up()
            stopping.append(asyncio.get_running_loop().create_task(crawler.stop_async()))

    for signal in (signals.spider_error, signals.item_error):
        crawler.signals.connect(heard, signal, weak=False)
