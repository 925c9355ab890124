"""Last stage: articles are gathered into batches, then placed and stored in one go."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.events import log_event
from dedup.model import Placement
from pipelines.desk import Desk
from pipelines.placing import Placer, Submission

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

BATCH = 64
WAIT_SECONDS = 0.05


class PlacePipeline:
    """Places articles in a thread, a batch at a time, so that neither Redis nor numpy holds the reactor."""

    def __init__(self, placer: Placer, crawler: Crawler) -> None:
        self._placer, self._crawler = placer, crawler
        self._waiting: list[tuple[Submission, asyncio.Future[Placement]]] = []
        self._turn = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PlacePipeline:
        return cls(Desk.of(crawler).placer, crawler)

    async def process_item(self, item: Submission) -> Placement:
        done: asyncio.Future[Placement] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if len(self._waiting) < BATCH:
            await asyncio.sleep(WAIT_SECONDS)
        async with self._turn:
            if not done.done():
                await self._place_waiting()
        placement = await done
        self._report(item, placement)
        return placement

    async def _place_waiting(self) -> None:
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        submissions = [submission for submission, _ in batch]
        try:
            placements = await asyncio.to_thread(self._placer.place, submissions, datetime.now(UTC))
        except BaseException as error:
            for _, done in batch:
                done.set_exception(error)
            raise
        for (_, done), placement in zip(batch, placements, strict=True):
            done.set_result(placement)

    def _report(self, item: Submission, placement: Placement) -> None:
        stats = self._crawler.stats
        if placement.verdict in ("unchanged", "revision"):
            stats.inc_value(f"newsfold/articles_{placement.verdict}")
        else:
            stats.inc_value("newsfold/articles_new")
            stats.inc_value("newsfold/groups_new" if placement.group_is_new else "newsfold/groups_grown")
            stats.inc_value("newsfold/stories_new" if placement.story_is_new else "newsfold/stories_grown")
        log_event(
            logger, logging.INFO, "article.placed", id=placement.article, url=item.article.url,
            group=placement.group, story=placement.story, verdict=placement.verdict,
            similarity=round(placement.similarity, 3), matched=placement.matched or "-",
            score=round(placement.score, 3),
        )  # fmt: skip
