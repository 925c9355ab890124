"""The spider's book, kept in Redis; every call runs in a thread, so that the reactor never waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from crawler.batches import Batcher
from crawler.book import Claim, FeedState, PageJob, PollOutcome
from crawler.model import FeedSpec
from pipelines.desk import Desk
from storage.queue import FeedQueue

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

# Each batch wakes a thread and costs a round trip; a poll may take three of them longer.
_WAIT_SECONDS: Final = 0.02


def _now() -> datetime:
    return datetime.now(UTC)


class RedisBook:
    """`crawler.book.FeedBook` over `storage.queue.FeedQueue`. Polls are stored a batch at a time, each in one step."""

    def __init__(self, queue: FeedQueue, *, keep_pages: bool = True) -> None:
        self._queue, self._keep_pages = queue, keep_pages
        self._seen = Batcher(queue.seen, wait=_WAIT_SECONDS)
        self._articles = Batcher(self._articles_of, wait=_WAIT_SECONDS)
        self._finish = Batcher(self._finish_all, wait=_WAIT_SECONDS)

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
        return await self._seen.ask(feed)

    async def articles_at(self, digests: Sequence[str], new: Sequence[str] = ()) -> dict[str, str]:
        return await self._articles.ask((digests, new)) if digests else {}

    def _articles_of(self, asked: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[dict[str, str]]:
        every = list(dict.fromkeys(digest for digests, _ in asked for digest in digests))
        found = self._queue.articles_at(every, {digest for _, new in asked for digest in new})
        return [{digest: found[digest] for digest in digests if digest in found} for digests, _ in asked]

    async def finish_poll(self, feed: FeedState, outcome: PollOutcome) -> bool:
        return await self._finish.ask((feed, outcome))

    def _finish_all(self, polls: Sequence[tuple[FeedState, PollOutcome]]) -> list[bool]:
        return self._queue.finish_polls(polls, _now(), keep_pages=self._keep_pages)

    async def claim_pages(self, most: int) -> list[PageJob]:
        return await asyncio.to_thread(self._queue.pages.claim, most, _now())

    async def retry_page(self, job: PageJob, due: datetime, error: str) -> None:
        await asyncio.to_thread(self._queue.pages.retry, job, due, error)

    async def drop_page(self, job: PageJob) -> None:
        await asyncio.to_thread(self._queue.pages.drop, job)

    async def close(self) -> None:
        await asyncio.to_thread(self._queue.release, _now())
