"""First stage: a fetched page becomes an article, its headline once, repeats and furniture set apart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.book import FeedState, Fetched
from crawler.events import log_event
from crawler.model import Page
from crawler.urls import outlet_of
from dedup.clean import clean
from dedup.model import Article, Place
from dedup.wire import wire_credit
from pipelines.desk import Desk
from pipelines.placing import Submission
from storage.claims import Claims
from storage.keys import article_id

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)


def to_article(page: Page, seen: datetime, family: str) -> Article:
    """Clean a page; the article's id is the page's own or made of its canonical URL."""
    blocks: list[tuple[Place, str]] = [(block.kind, block.text) for block in page.blocks]
    cleaned = clean(page.title, blocks, headlines=page.headlines, authors=page.authors)
    texts = [
        segment.text for segment in cleaned.segments if segment.kind not in ("headline", "repeat", "caption")
    ]
    return Article(
        wire=wire_credit(texts, page.authors, page.lang).agency,
        id=page.id or article_id(page.url),
        url=page.url,
        outlet=family,
        lang=page.lang,
        title=cleaned.title,
        segments=cleaned.segments,
        seen=seen,
        published=page.published,
        repeats=cleaned.repeats,
        authors=page.authors,
        image=page.image,
        source=page.source,
        feed=page.feed,
        entry_key=page.entry_key,
        headline_in_text=cleaned.headline_in_text,
        page=page.kind,
        source_url=page.source_url,
        taken_from=page.sources,
    )


class CleanPipeline:
    """Turns `Fetched` into `Submission`; a page without headline and text is dropped from the queue.

    Dropped, too, is what a feed of one site says of another's address where there is an article already: whoever
    lists a stranger's address does not write his article.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._claims = Claims(desk.client, desk.keys)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CleanPipeline:
        return cls(Desk.of(crawler))

    async def process_item(self, item: Fetched) -> Submission:
        page = item.page if item.page.url else replace(item.page, url=item.job.url)
        outlet = self._desk.family(page.outlet or outlet_of(item.job.feed.url))
        hearsay = is_hearsay(page, item.job.feed, self._desk.family)
        if hearsay or item.job.article:
            return await asyncio.to_thread(self._disputed, item, page, outlet, hearsay=hearsay)
        return self._submission(item, page, outlet)

    def _disputed(self, item: Fetched, page: Page, outlet: str, *, hearsay: bool) -> Submission:
        job = item.job
        # An entry whose id and address changed with its headline is the article that it was, on its own site.
        if job.article and not page.id and self._claims.keeps(job.article, page.url):
            page = replace(page, id=job.article)
        if not hearsay:
            return self._submission(item, page, outlet)
        page = replace(page, feed=job.feed.id)
        made = self._submission(item, page, outlet)
        if self._claims.is_anothers(made.article.id, job.feed.id):
            self._desk.queue.pages.drop(job)
            log_event(
                logger, logging.INFO, "article.refused", url=job.url, feed=job.feed.url, reason="another's"
            )
            raise _dropped(f"{job.url} is not {job.feed.url}'s to write", "DEBUG")
        return replace(made, urls=self._claims.free(made.urls, made.article.id))

    def _submission(self, item: Fetched, page: Page, outlet: str) -> Submission:
        article = to_article(page, datetime.now(UTC), outlet)
        if not article.title and not article.text:
            self._desk.queue.pages.drop(item.job)
            raise _dropped(f"{item.job.url} holds neither headline nor text")
        urls = tuple(dict.fromkeys(url for url in (page.url, item.job.url) if url))
        return Submission(article, urls, item.job.id)


def _dropped(sentence: str, level: str | None = None) -> Exception:
    """What has Scrapy drop an item. A crawl has loaded it; an ingest, which comes here for articles, need not."""
    from scrapy.exceptions import DropItem

    return DropItem(sentence, log_level=level)


def is_hearsay(page: Page, feed: FeedState, family: Callable[[str], str] = str) -> bool:
    """Whether a text comes from a feed alone, and the feed is of another publisher than the address that it gives.

    `family` is the publisher of a registrable domain.
    """
    if page.source not in ("feed", "summary"):
        return False
    publisher = family(outlet_of(page.url))
    return all(family(outlet_of(home)) != publisher for home in (feed.url, feed.given) if home)
