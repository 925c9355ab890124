"""The spider's book, kept in Redis; every call runs in a thread, so that the reactor never waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.book import FeedState, PageJob, PollOutcome
from crawler.model import FeedSpec
from pipelines.desk import Desk
from storage.queue import FeedQueue

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


def _now() -> datetime:
    return datetime.now(UTC)


class RedisBook:
    """`crawler.book.FeedBook` over `storage.queue.FeedQueue`."""

    def __init__(self, queue: FeedQueue) -> None:
        self._queue = queue

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RedisBook:
        """The book of one crawl."""
        return cls(Desk.of(crawler).queue)

    async def add_feeds(self, specs: Sequence[FeedSpec]) -> tuple[str, ...]:
        return await asyncio.to_thread(self._queue.add_feeds, specs, _now())

    async def feed_ids(self) -> tuple[str, ...]:
        return await asyncio.to_thread(self._queue.feed_ids)

    async def claim_feeds(self, most: int, *, only: Sequence[str] | None, force: bool) -> list[FeedState]:
        return await asyncio.to_thread(self._queue.claim_feeds, most, _now(), only=only, force=force)

    async def digests(self, feed: str, entries: Sequence[str]) -> dict[str, str]:
        return await asyncio.to_thread(self._queue.digests, feed, entries)

    async def known_urls(self, urls: Sequence[str]) -> set[str]:
        return await asyncio.to_thread(self._queue.known_urls, urls)

    async def finish_poll(self, feed: FeedState, outcome: PollOutcome) -> bool:
        return await asyncio.to_thread(self._queue.finish_poll, feed, outcome, _now())

    async def claim_pages(self, most: int) -> list[PageJob]:
        return await asyncio.to_thread(self._queue.claim_pages, most, _now())

    async def retry_page(self, job: PageJob, due: datetime, error: str) -> None:
        await asyncio.to_thread(self._queue.retry_page, job, due, error)

    async def drop_page(self, job: PageJob) -> None:
        await asyncio.to_thread(self._queue.drop_page, job)

    async def close(self) -> None:
        await asyncio.to_thread(self._queue.release, _now())
