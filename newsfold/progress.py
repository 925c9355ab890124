"""Watches a crawl: its errors, and a bar where there is a terminal."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from scrapy import signals
from scrapy.crawler import Crawler

from crawler.errors import CrawlerError
from newsfold.errors import NewsfoldError
from storage.errors import StorageError

_BAR_SECONDS = 0.15


class Watcher:
    """Collects the run's errors and shows how far it is, on stderr."""

    def __init__(self, crawler: Crawler, *, show: bool) -> None:
        self.errors: list[str] = []
        self._left = False
        self._crawler, self._show = crawler, show
        self._task: asyncio.Task[None] | None = None
        connect = crawler.signals.connect
        connect(self._opened, signals.spider_opened)
        connect(self._closed, signals.spider_closed)
        connect(self._spider_error, signals.spider_error)
        connect(self._item_error, signals.item_error)

    def leave(self) -> None:
        """Take it for no fault from now on that Redis is not heard any more: the run has hung up itself."""
        self._left = True

    def _opened(self) -> None:
        console = Console(stderr=True)
        if self._show and console.is_terminal:
            self._task = asyncio.get_running_loop().create_task(self._draw_bar(console))

    async def _closed(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _spider_error(self, failure: Any) -> None:
        self._note(failure)

    def _item_error(self, failure: Any) -> None:
        self._note(failure)

    def _note(self, failure: Any) -> None:
        """Each kind of fault once: one Redis that went away fails every item."""
        if self._left and isinstance(failure.value, StorageError):
            return
        told = isinstance(failure.value, StorageError | CrawlerError | NewsfoldError)
        sentence = str(failure.value) if told else f"{type(failure.value).__name__}: {failure.value}"
        if sentence not in self.errors:
            self.errors.append(sentence)

    def _figures(self) -> tuple[int, int, str]:
        stats = self._crawler.stats
        polled, claimed, queued, placed, failed = (
            int(stats.get_value(f"newsfold/{name}", 0))
            for name in ("feeds_polled", "feeds_claimed", "pages_queued", "articles_new", "feeds_failed")
        )
        done = polled + int(stats.get_value("item_scraped_count", 0))
        text = f"feeds {polled}/{claimed}  articles {placed}/{queued}" + (
            f"  failed {failed}" if failed else ""
        )
        return done, claimed + queued, text

    async def _draw_bar(self, console: Console) -> None:
        columns = (TextColumn("crawling"), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("")
            while not await asyncio.sleep(_BAR_SECONDS, False):
                done, total, text = self._figures()
                bar.update(task, completed=done, total=max(total, 1), description=text)
