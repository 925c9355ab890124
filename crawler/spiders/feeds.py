"""The one spider: polls due feeds, follows new entries to their pages."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.misc import load_object
from twisted.python.failure import Failure

from crawler.book import FeedBook, FeedState, Fetched, PageJob, PollOutcome
from crawler.errors import CrawlerError
from crawler.events import log_event
from crawler.extract import page_from_entry
from crawler.failures import sentence, status_sentence
from crawler.feedlist import read_feed_list
from crawler.guard import AddressGuard
from crawler.model import FeedSpec, Page
from crawler.parse import parse_feed
from crawler.poll import Answer, PollDecider, entry_url
from crawler.pool import Extractors
from crawler.redirects import unwrap
from crawler.schedule import Schedule, SchedulePolicy
from crawler.text import plain

logger = logging.getLogger(__name__)

_BATCH = 64
_PAGE_ATTEMPTS = 3
_PAGE_WAIT = timedelta(minutes=10)
_FULL_TEXT = 1_200
_ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
)
# Feeds judge every status themselves but the redirects, which Scrapy follows.
_ALL_BUT_REDIRECTS = [304, *range(400, 600)]


class FeedsSpider(Spider):
    """Polls the feeds that are due and fetches the pages of their new entries.

    `feeds` is a feed list to read and to restrict the run to, `now` polls whether due or not, `pages` set
    to "no" takes entries as they stand. What each request comes to is stored in the book at once.
    """

    name = "feeds"

    def __init__(self, *, feeds: str = "", now: str = "", pages: str = "yes", **options: Any) -> None:
        super().__init__(**options)
        self.feed_list, self.force, self.with_pages = feeds, bool(now), pages != "no"
        self.failures: list[tuple[str, str]] = []
        self.max_feed, self.max_page = 20_000_000, 10_000_000
        self.book: FeedBook
        self.guard: AddressGuard
        self.decider: PollDecider
        self.extractors: Extractors

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> FeedsSpider:
        spider = super().from_crawler(crawler, *args, **kwargs)
        settings = crawler.settings
        spider.book = load_object(settings["FEED_BOOK"]).from_crawler(crawler)
        spider.with_pages = spider.with_pages and settings.getbool("FOLLOW_PAGES", True)
        spider.guard = AddressGuard.of(crawler)
        spider.decider = PollDecider(Schedule(settings.get("SCHEDULE_POLICY") or SchedulePolicy()))
        spider.extractors = Extractors(settings.getint("EXTRACTORS") or None)
        spider.feed_list = spider.feed_list or settings.get("FEED_LIST") or ""
        spider.max_feed = settings.getint("MAX_FEED_BYTES", spider.max_feed)
        spider.max_page = settings.getint("MAX_PAGE_BYTES", spider.max_page)
        crawler.signals.connect(spider.shut, signals.spider_closed)
        return spider

    def count(self, name: str, by: int = 1) -> None:
        """Add to one of the figures of the run's summary."""
        self.crawler.stats.inc_value(f"newsfold/{name}", by)

    def fail(self, url: str, reason: str) -> None:
        """Note a failed feed for the summary."""
        self.count("feeds_failed")
        self.failures.append((url, reason))
        log_event(logger, logging.INFO, "feed.failed", url=url, reason=reason)

    async def shut(self) -> None:
        """Give back the leases and end the extracting processes."""
        await self.book.close()
        self.extractors.close()

    # --- what to fetch

    async def start(self) -> AsyncIterator[Any]:
        """Pages that an earlier run left, then the due feeds, claimed as there is room for them."""
        only = await self._listed()
        for job in await self.book.claim_pages(_BATCH * 8):
            async for request in self._page(job):
                yield request
        if self.force or only is not None:
            ids = list(only if only is not None else await self.book.feed_ids())
            for first in range(0, len(ids), _BATCH):
                claimed = await self.book.claim_feeds(
                    _BATCH, only=ids[first : first + _BATCH], force=self.force
                )
                for request in self._feed_requests(claimed):
                    yield request
            return
        while claimed := await self.book.claim_feeds(_BATCH, only=None, force=False):
            for request in self._feed_requests(claimed):
                yield request

    def _feed_requests(self, claimed: Sequence[FeedState]) -> list[Request]:
        self.count("feeds_claimed", len(claimed))
        return [self._feed_request(feed) for feed in claimed]

    async def _listed(self) -> tuple[str, ...] | None:
        if not self.feed_list:
            return None
        specs: Sequence[FeedSpec] = await asyncio.to_thread(read_feed_list, Path(self.feed_list))
        return await self.book.add_feeds(specs)

    def _feed_request(self, feed: FeedState) -> Request:
        self.guard.trust(feed.url)
        headers = {"Accept": _ACCEPT_FEED}
        if feed.etag:
            headers["If-None-Match"] = feed.etag
        if feed.modified:
            headers["If-Modified-Since"] = feed.modified
        return Request(
            feed.url,
            self.parse_feed,
            headers=headers,
            errback=self.feed_failed,
            dont_filter=True,
            priority=10,
            cb_kwargs={"feed": feed},
            meta={
                "dont_obey_robotstxt": True,
                "handle_httpstatus_list": _ALL_BUT_REDIRECTS,
                "download_maxsize": self.max_feed,
                "verbatim_url": True,
            },
        )

    # --- polls

    async def parse_feed(self, response: Response, feed: FeedState) -> AsyncIterator[Any]:
        """Read an answer to a poll, store what it came to, and go on to its new pages."""
        answer = _answer(response)
        outcome = await self._outcome(feed, answer, response.url)
        self.count("feeds_polled")
        if outcome.result in ("failed", "gone"):
            self.fail(feed.url, outcome.error)
        elif outcome.result == "unchanged":
            self.count("feeds_unchanged")
        self.count("entries_new", len(outcome.pages))
        log_event(
            logger, logging.INFO, "feed.polled", url=feed.url, result=outcome.result, status=outcome.status,
            entries=outcome.entries, new=len(outcome.pages), next=outcome.due, rule=outcome.rule,
        )  # fmt: skip
        if await self.book.finish_poll(feed, outcome):
            for job in outcome.pages:
                async for request in self._page(job):
                    yield request

    async def _outcome(self, feed: FeedState, answer: Answer, url: str) -> PollOutcome:
        if answer.status == 304 or (answer.status == 200 and answer.body_hash == feed.body_hash):
            return self.decider.unchanged(feed, answer)
        if answer.status == 410:
            return self.decider.gone(feed)
        if answer.status != 200:
            return self.decider.failed(feed, answer, status_sentence(feed.url, answer.status))
        try:
            kind = answer.headers.get("content-type", "")
            parsed = await asyncio.to_thread(parse_feed, answer.body, url, kind, max_bytes=self.max_feed)
        except CrawlerError as error:
            return self.decider.failed(feed, answer, str(error), unreadable=True)
        digests = await self.book.digests(feed.id, [entry.key for entry in parsed.entries])
        known = await self.book.known_urls([entry_url(feed.url, entry) for entry in parsed.entries])
        return self.decider.changed(feed, answer, parsed, digests, known)

    async def feed_failed(self, failure: Failure) -> None:
        """A poll that brought no answer at all."""
        feed: FeedState = failure.request.cb_kwargs["feed"]  # type: ignore[attr-defined]
        reason = sentence(feed.url, failure.value)
        self.count("feeds_polled")
        self.fail(feed.url, reason)
        nothing = Answer(0, {}, b"", datetime.now(UTC), random.random())
        await self.book.finish_poll(feed, self.decider.failed(feed, nothing, reason))

    # --- pages

    async def _page(self, job: PageJob) -> AsyncIterator[Any]:
        """The request for a page, or the article at once where the feed carries all of it."""
        self.count("pages_queued")
        needs_no_page = not job.entry.link or len(plain(job.entry.content_html)) >= _FULL_TEXT
        if self.with_pages and not needs_no_page:
            self.guard.trust(job.feed.url)
            yield Request(
                unwrap(job.entry.link),
                self.parse_page,
                errback=self.page_failed,
                dont_filter=True,
                cb_kwargs={"job": job},
                meta={"handle_httpstatus_list": list(range(400, 600)), "download_maxsize": self.max_page},
            )
        else:
            yield Fetched(job, await self._from_entry(job))

    async def parse_page(self, response: Response, job: PageJob) -> AsyncIterator[Any]:
        """Make an article of a page; one that fails for now is tried again in a later run."""
        if response.status >= 500 or response.status == 429:
            reason = status_sentence(job.url, response.status)
            if await self._retry(job, reason):
                return
        self.count("pages_fetched")
        if response.status != 200:
            yield Fetched(job, await self._from_entry(job))
            return
        kind = _header(response, "Content-Type")
        try:
            page = await self.extractors.extract(
                response.body, response.url, content_type=kind, entry=job.entry,
                feed_lang=job.feed.lang, outlet=job.feed.outlet,
            )  # fmt: skip
        except CrawlerError as error:
            log_event(logger, logging.INFO, "page.failed", url=job.url, reason=error)
            page = await self._from_entry(job)
        yield Fetched(job, page)

    async def page_failed(self, failure: Failure) -> AsyncIterator[Any]:
        """A page that did not come: later again, and in the end the entry's own text."""
        job: PageJob = failure.request.cb_kwargs["job"]  # type: ignore[attr-defined]
        reason = sentence(job.url, failure.value)
        if not await self._retry(job, reason):
            yield Fetched(job, await self._from_entry(job))

    async def _retry(self, job: PageJob, reason: str) -> bool:
        """Put a page back into the queue, unless it has had its tries."""
        log_event(logger, logging.INFO, "page.failed", url=job.url, reason=reason)
        self.count("pages_failed")
        if job.attempts + 1 >= _PAGE_ATTEMPTS:
            return False
        await self.book.retry_page(job, datetime.now(UTC) + _PAGE_WAIT * 2**job.attempts, reason)
        return True

    async def _from_entry(self, job: PageJob) -> Page:
        """What the entry alone tells; markup is read beside the reactor, as pages are."""
        feed, entry = job.feed, job.entry
        if entry.content_html:
            try:
                return await self.extractors.extract(
                    None, job.url, entry=entry, feed_lang=feed.lang, outlet=feed.outlet
                )
            except CrawlerError as error:
                log_event(logger, logging.INFO, "page.failed", url=job.url, reason=error)
                entry = replace(entry, content_html="")
        return page_from_entry(entry, feed.lang, feed.outlet)


def _header(response: Response, name: str) -> str:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else ""


def _answer(response: Response) -> Answer:
    headers = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    return Answer(response.status, headers, response.body, datetime.now(UTC), random.random())
