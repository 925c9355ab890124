"""The pages of a crawl: requests for them, articles made of them, second tries."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.book import FeedBook, Fetched, PageJob
from crawler.errors import CrawlerError, HostWaits
from crawler.events import log_event
from crawler.extract import page_from_entry
from crawler.failures import failure_of, failure_of_status
from crawler.model import Page
from crawler.pool import Extractors
from crawler.redirects import unwrap
from crawler.room import Room
from crawler.text import plain

if TYPE_CHECKING:
    from crawler.spiders.feeds import FeedsSpider

logger = logging.getLogger(__name__)

_ATTEMPTS = 3
_WAIT = timedelta(minutes=10)
_FULL_TEXT = 1_200
_CROWD = 2_000
_REMEMBERED = 10_000


class PageWork:
    """Fetches and extracts pages for one spider; with `follow` off, entries are taken as they stand."""

    def __init__(self, spider: FeedsSpider, book: FeedBook, *, follow: bool) -> None:
        settings = spider.settings
        self._spider, self._book, self._follow = spider, book, follow
        self._extractors = Extractors(settings.getint("EXTRACTORS") or None)
        self._max_bytes = settings.getint("MAX_PAGE_BYTES", 10_000_000)
        self.room = Room(_CROWD)
        # The latest pages of this run, and whether they are still under way: several feeds name one at a time.
        self._asked: OrderedDict[str, bool] = OrderedDict()

    def close(self) -> None:
        """End the extracting processes."""
        self._extractors.close()

    async def page(self, job: PageJob) -> AsyncIterator[Any]:
        """The request for a page, or the article at once where the feed carries all of it."""
        if job.id in self._asked:
            if not self._asked[job.id]:
                await self._book.drop_page(job)  # it is an article already; the queue has it anew
            return
        self._asked[job.id] = True
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        self._spider.count("pages_queued")
        entry = job.entry
        needs_no_page = not entry.link or len(plain(entry.content_html)) >= _FULL_TEXT
        if not self._follow or needs_no_page:
            yield self._done(job, await self._from_entry(job))
            return
        self.room.enter()
        self._spider.guard.trust(job.feed.given or job.feed.url)
        yield Request(
            unwrap(entry.link),
            self.parse,
            errback=self.failed,
            dont_filter=True,
            cb_kwargs={"job": job},
            meta={"handle_httpstatus_list": list(range(400, 600)), "download_maxsize": self._max_bytes},
        )

    async def parse(self, response: Response, job: PageJob) -> AsyncIterator[Any]:
        """Make an article of a page; one that fails for now is tried again in a later run."""
        self.room.leave()
        late = response.status >= 500 or response.status == 429
        if late and await self._retry(job, failure_of_status(job.url, response.status).sentence):
            return
        self._spider.count("pages_fetched")
        if response.status != 200:
            yield self._done(job, await self._from_entry(job))
            return
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
        try:
            page = await self._extractors.extract(
                response.body, response.url, content_type=kind, entry=job.entry,
                feed_lang=job.feed.lang, outlet=job.feed.outlet,
            )  # fmt: skip
        except CrawlerError as error:
            if self._spider.ending:
                return
            log_event(logger, logging.INFO, "page.failed", url=job.url, reason=error)
            page = await self._from_entry(job)
        yield self._done(job, page)

    async def failed(self, failure: Failure) -> AsyncIterator[Any]:
        """A page that did not come: later again, and in the end the entry's own text."""
        self.room.leave()
        if self._spider.ending:
            return
        job: PageJob = failure.request.cb_kwargs["job"]  # type: ignore[attr-defined]
        error = failure.value
        if isinstance(error, HostWaits):
            self._asked.pop(job.id, None)
            await self._book.retry_page(job, datetime.now(UTC) + timedelta(seconds=error.seconds), str(error))
        elif not await self._retry(job, failure_of(job.url, error).sentence):
            yield self._done(job, await self._from_entry(job))

    def _done(self, job: PageJob, page: Page) -> Fetched:
        self._asked[job.id] = False
        return Fetched(job, page)

    async def _retry(self, job: PageJob, reason: str) -> bool:
        """Put a page back into the queue, unless it has had its tries."""
        log_event(logger, logging.INFO, "page.failed", url=job.url, reason=reason)
        self._spider.count("pages_failed")
        if job.attempts + 1 >= _ATTEMPTS:
            return False
        self._asked.pop(job.id, None)
        await self._book.retry_page(job, datetime.now(UTC) + _WAIT * 2**job.attempts, reason)
        return True

    async def _from_entry(self, job: PageJob) -> Page:
        """What the entry alone tells; markup is read beside the reactor, as pages are."""
        feed, entry = job.feed, job.entry
        if entry.content_html:
            try:
                return await self._extractors.extract(
                    None, job.url, entry=entry, feed_lang=feed.lang, outlet=feed.outlet
                )
            except CrawlerError as error:
                log_event(logger, logging.INFO, "page.failed", url=job.url, reason=error)
                entry = replace(entry, content_html="")
        return page_from_entry(entry, feed.lang, feed.outlet)
