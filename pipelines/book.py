"""The spider's book, kept in Redis; every call runs in a thread, so that the reactor never waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.book import Claim, FeedState, PageJob, PollOutcome
from crawler.model import FeedSpec
from pipelines.desk import Desk
from storage.queue import FeedQueue

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

BATCH = 64
WAIT_SECONDS = 0.02


def _now() -> datetime:
    return datetime.now(UTC)


class RedisBook:
    """`crawler.book.FeedBook` over `storage.queue.FeedQueue`. Polls are stored a batch at a time, each in one step."""

    def __init__(self, queue: FeedQueue, *, keep_pages: bool = True) -> None:
        self._queue, self._keep_pages = queue, keep_pages
        self._waiting: list[tuple[FeedState, PollOutcome, asyncio.Future[bool]]] = []
        self._turn = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RedisBook:
        """The book of one crawl."""
        return cls(Desk.of(crawler).queue, keep_pages=not crawler.settings.getbool("POLL_ONLY"))

    async def add_feeds(self, specs: Sequence[FeedSpec]) -> tuple[str, ...]:
        return await asyncio.to_thread(self._queue.add_feeds, specs, _now())

    async def feed_ids(self) -> tuple[str, ...]:
        return await asyncio.to_thread(self._queue.feed_ids)

    async def due_feeds(self, only: Sequence[str]) -> tuple[str, ...]:
        return await asyncio.to_thread(self._queue.due_feeds, only, _now())

    async def claim_feeds(self, most: int, *, only: Sequence[str] | None, force: bool) -> Claim:
        return await asyncio.to_thread(self._queue.claim_feeds, most, _now(), only=only, force=force)

    async def renew(self) -> None:
        await asyncio.to_thread(self._queue.renew, _now())

    async def seen(self, feed: str) -> dict[str, str]:
        return await asyncio.to_thread(self._queue.seen, feed)

    async def articles_at(self, digests: Sequence[str]) -> dict[str, str]:
        return await asyncio.to_thread(self._queue.articles_at, digests) if digests else {}

    async def finish_poll(self, feed: FeedState, outcome: PollOutcome) -> bool:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((feed, outcome, done))
        if len(self._waiting) < BATCH:
            await asyncio.sleep(WAIT_SECONDS)
        async with self._turn:
            if not done.done():
                await self._finish_waiting()
        return await done

    async def _finish_waiting(self) -> None:
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        polls = [(feed, outcome) for feed, outcome, _ in batch]
        try:
            stored = await asyncio.to_thread(
                self._queue.finish_polls, polls, _now(), keep_pages=self._keep_pages
            )
        except BaseException as error:
            for _, _, done in batch:
                done.set_exception(error)
            raise
        for (_, _, done), kept in zip(batch, stored, strict=True):
            done.set_result(kept)

    async def claim_pages(self, most: int) -> list[PageJob]:
        return await asyncio.to_thread(self._queue.pages.claim, most, _now())

    async def retry_page(self, job: PageJob, due: datetime, error: str) -> None:
        await asyncio.to_thread(self._queue.pages.retry, job, due, error)

    async def drop_page(self, job: PageJob) -> None:
        await asyncio.to_thread(self._queue.pages.drop, job)

    async def close(self) -> None:
        await asyncio.to_thread(self._queue.release, _now())
