"""The one spider: polls due feeds, follows new entries to their pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.misc import load_object
from twisted.python.failure import Failure

from crawler.answers import answer_to, feed_request, no_answer
from crawler.book import FeedBook, FeedState, PollOutcome
from crawler.entries import Memory
from crawler.errors import CrawlerError, HostWaits, NotAFeed
from crawler.events import log_event
from crawler.failures import failure_of, failure_of_status
from crawler.feedlist import read_feed_list
from crawler.guard import AddressGuard
from crawler.model import FeedSpec, ParsedFeed
from crawler.pagework import PageWork
from crawler.poll import Answer, PollDecider, conditions
from crawler.readers import Readers
from crawler.reading import Reading
from crawler.room import Room
from crawler.schedule import Schedule, SchedulePolicy
from crawler.sifting import Sifted, sift
from crawler.slow import SlowRequests

logger = logging.getLogger(__name__)

_BATCH = 64
_PARTS = 5
_PATIENCE = 0.2


class FeedsSpider(Spider):
    """Polls the feeds that are due and fetches the pages of their new entries.

    `feeds` is a feed list to read and to restrict the run to, `now` polls whether due or not, `pages` set
    to "no" takes entries as they stand, to "later" leaves them to another run. What each request comes to is
    stored in the book at once.
    """

    name = "feeds"

    def __init__(self, *, feeds: str = "", now: str = "", pages: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.feed_list, self.force, self.pages = feeds, bool(now), pages
        self.failures: list[tuple[str, str]] = []
        # Told to end: what fails from now on may have failed of that, and is left as it was.
        self.ending = False
        self.max_feed = 20_000_000
        self.book: FeedBook
        self.guard: AddressGuard
        self.decider: PollDecider
        self.work: PageWork
        self.readers: Readers
        self.room: Room
        self._heartbeat: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> FeedsSpider:
        spider = super().from_crawler(crawler, *args, **kwargs)
        settings = crawler.settings
        spider.pages = spider.pages or ("yes" if settings.getbool("FOLLOW_PAGES", True) else "no")
        settings.set("POLL_ONLY", spider.pages == "later", "spider")
        spider.book = load_object(settings["FEED_BOOK"]).from_crawler(crawler)
        spider.guard = AddressGuard.of(crawler)
        spider.decider = PollDecider(Schedule(settings.get("SCHEDULE_POLICY") or SchedulePolicy()))
        spider.feed_list = spider.feed_list or settings.get("FEED_LIST") or ""
        spider.max_feed = settings.getint("MAX_FEED_BYTES", spider.max_feed)
        spider.room = Room(8 * settings.getint("CONCURRENT_REQUESTS"))
        SlowRequests.of(crawler).widen(spider.room)
        spider.readers = Readers(settings.getint("READERS") or None)
        spider.work = PageWork(spider, spider.book, follow=spider.pages == "yes")
        crawler.signals.connect(spider.shut, signals.spider_closed)
        return spider

    def count(self, name: str, by: int = 1) -> None:
        """Add to one of the figures of the run's summary."""
        self.crawler.stats.inc_value(f"newsfold/{name}", by)

    def fail(self, url: str, outcome: PollOutcome) -> None:
        """Note a failed feed for the summary."""
        self.count("feeds_failed")
        self.failures.append((url, outcome.error))
        log_event(logger, logging.INFO, "feed.failed", url=url, failure=outcome.failure, reason=outcome.error)

    async def shut(self) -> None:
        """Give back the leases and end the extracting processes."""
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            await asyncio.gather(self._heartbeat, return_exceptions=True)
        try:
            await self.book.close()
        finally:
            await self.readers.close()
            self.work.close()

    # --- what to fetch

    async def start(self) -> AsyncIterator[Any]:
        """Pages that an earlier run left, then the due feeds, claimed as there is room for them."""
        self._heartbeat = asyncio.create_task(self._hold())
        only = await self._listed()
        if self.pages != "later":
            async for request in self._waiting_pages():
                yield request
        async for feed in self._due(only):
            yield self._feed_request(feed)

    async def _waiting_pages(self) -> AsyncIterator[Any]:
        while jobs := await self.book.claim_pages(_BATCH):
            for job in jobs:
                async for request in self.work.page(job):
                    yield request
            await self._place()

    async def _due(self, only: Sequence[str] | None) -> AsyncIterator[FeedState]:
        """Feeds leased to this worker one after the other, never many more than are being polled."""
        ids = await self._named(only)
        while True:
            await self._place()
            batch = ids[:_BATCH] if ids is not None else None
            claim = await self.book.claim_feeds(_BATCH, only=batch, force=self.force)
            self.count("feeds_claimed", len(claim.feeds))
            if len(claim.feeds) == _BATCH:
                self.readers.expect_many()
            for feed in claim.feeds:
                yield feed
            if ids is not None and batch is not None:
                taken = {feed.id for feed in claim.feeds}
                late = [one for one in batch if one not in taken] if claim.busy else []
                ids = [*ids[_BATCH:], *late]
            if not claim.feeds and claim.busy:
                await asyncio.sleep(_PATIENCE)
            elif not ids and not (ids is None and (claim.feeds or claim.busy)):
                return

    async def _named(self, only: Sequence[str] | None) -> list[str] | None:
        """The feeds to claim by name; None where any that is due will do."""
        if self.force:
            return list(only if only is not None else await self.book.feed_ids())
        return None if only is None else list(await self.book.due_feeds(only))

    async def _place(self) -> None:
        """Wait until less is under way than would lie in memory for long."""
        await self.room.wait()
        await self.work.room.wait()

    async def _hold(self) -> None:
        """Renew the leases well before they end, for as long as this worker lives."""
        while True:
            await asyncio.sleep(self.settings.getint("LEASE_SECONDS", 600) / 3)
            await self.book.renew()

    async def _listed(self) -> tuple[str, ...] | None:
        if not self.feed_list:
            return None
        specs: Sequence[FeedSpec] = await asyncio.to_thread(read_feed_list, Path(self.feed_list))
        return await self.book.add_feeds(specs)

    def _feed_request(self, feed: FeedState) -> Any:
        self.room.enter()
        self.guard.trust(feed.given or feed.url)
        asked = conditions(feed, self.decider.policy, no_answer().now)
        return feed_request(
            feed.url, self.parse_feed, self.feed_failed, max_bytes=self.max_feed, conditions=asked, feed=feed
        )

    # --- polls

    async def parse_feed(self, response: Response, feed: FeedState) -> AsyncIterator[Any]:
        """Read an answer to a poll, store what it came to, and go on to its new pages."""
        try:
            answer = answer_to(response, feed.url)
            found = await self._read(feed, answer)
            if isinstance(found, Sifted) and (parts := found.parsed.parts):
                # An index of sitemaps: its parts are asked for, and what they hold is the feed.
                yield self._part_request(feed, answer, found.parsed, parts[:_PARTS])
                return
            outcome = await self._decide(feed, answer, found) if isinstance(found, Sifted) else found
        except BaseException:
            self.room.leave()
            raise
        async for request in self._finished(feed, outcome):
            yield request

    async def _finished(self, feed: FeedState, outcome: PollOutcome) -> AsyncIterator[Any]:
        if self.ending and outcome.result == "failed":
            self.room.leave()
            return
        try:
            self._report(feed, outcome)
            stored = await self.book.finish_poll(feed, outcome)
        finally:
            self.room.leave()
        if stored and self.pages != "later":
            for job in outcome.pages:
                async for request in self.work.page(job):
                    yield request

    def _report(self, feed: FeedState, outcome: PollOutcome) -> None:
        self.count("feeds_polled")
        if outcome.result in ("failed", "gone"):
            self.fail(feed.url, outcome)
        elif outcome.result == "unchanged":
            self.count("feeds_unchanged")
        self.count("entries_new", len(outcome.pages))
        log_event(
            logger, logging.INFO, "feed.polled", url=feed.url, result=outcome.result, status=outcome.status,
            entries=outcome.entries, new=len(outcome.pages), next=outcome.due, rule=outcome.rule,
        )  # fmt: skip

    async def _read(self, feed: FeedState, answer: Answer) -> Sifted | PollOutcome:
        """The answer as a feed, or at once what the poll comes to."""
        if answer.status == 304 and answer.conditional:
            return self.decider.unchanged(feed, answer)
        if answer.status == 200 and answer.body_hash == feed.body_hash:
            return self.decider.unchanged(feed, answer)
        if answer.status == 410:
            return self.decider.gone(feed, answer.now)
        if answer.status != 200:
            failure = failure_of_status(feed.url, answer.status)
            return self.decider.failed(feed, answer, failure.sentence, failure.kind)
        try:
            kind = answer.headers.get("content-type", "")
            seen = await self._seen(feed)
            return await self.readers.read(Reading(feed, answer.body, answer.url, kind, seen, self.max_feed))
        except NotAFeed as error:
            return self.decider.failed(
                feed, answer, str(error), "not a feed", unreadable=True, offers=error.candidates
            )
        except CrawlerError as error:
            return self.decider.failed(feed, answer, str(error), "unreadable", unreadable=True)

    async def _seen(self, feed: FeedState) -> Mapping[str, str]:
        # Of a feed that was never read nothing is remembered.
        return await self.book.seen(feed.id) if feed.whole is not None else {}

    async def _decide(self, feed: FeedState, answer: Answer, sifted: Sifted) -> PollOutcome:
        articles = await self.book.articles_at(sifted.lookups, sifted.new)
        return self.decider.changed(feed, answer, sifted, articles)

    async def feed_failed(self, failure: Failure) -> AsyncIterator[Any]:
        """A poll that brought no answer at all."""
        feed: FeedState = failure.request.cb_kwargs["feed"]  # type: ignore[attr-defined]
        error = failure.value
        if isinstance(error, HostWaits):
            self.room.leave()
            await self.book.finish_poll(feed, self.decider.postponed(feed, no_answer(), error.seconds))
            return
        found = failure_of(feed.url, error)
        outcome = self.decider.failed(feed, no_answer(), found.sentence, found.kind)
        async for request in self._finished(feed, outcome):
            yield request

    # --- indexes of sitemaps

    def _part_request(self, feed: FeedState, answer: Answer, index: ParsedFeed, left: Sequence[str]) -> Any:
        return feed_request(
            left[0], self.parse_part, self.part_failed, max_bytes=self.max_feed, feed=feed, first=answer,
            index=index, left=tuple(left[1:]),
        )  # fmt: skip

    async def parse_part(
        self, response: Response, feed: FeedState, first: Answer, index: ParsedFeed, left: Sequence[str]
    ) -> AsyncIterator[Any]:
        """One sitemap of an index: its entries are added; one that is none is passed over."""
        with suppress(CrawlerError):
            if response.status == 200:
                kind = answer_to(response, response.url).headers.get("content-type", "")
                part = await self.readers.read(
                    Reading(feed, response.body, response.url, kind, {}, self.max_feed, entries=True)
                )
                index = index.joined(part.parsed)
        async for request in self._next_part(feed, first, index, left):
            yield request

    async def part_failed(self, failure: Failure) -> AsyncIterator[Any]:
        """One sitemap of an index that did not come."""
        asked: dict[str, Any] = failure.request.cb_kwargs  # type: ignore[attr-defined]
        async for request in self._next_part(asked["feed"], asked["first"], asked["index"], asked["left"]):
            yield request

    async def _next_part(
        self, feed: FeedState, first: Answer, index: ParsedFeed, left: Sequence[str]
    ) -> AsyncIterator[Any]:
        if left:
            yield self._part_request(feed, first, index, left)
            return
        sifted = sift(feed, index, Memory(await self._seen(feed)))
        assert sifted is not None  # noqa: S101 - every entry was read
        async for request in self._finished(feed, await self._decide(feed, first, sifted)):
            yield request
