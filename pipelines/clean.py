"""First stage: a fetched page becomes an article, its headline once, repeats and furniture set apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapy.exceptions import DropItem

from crawler.book import Fetched
from crawler.model import Page
from crawler.urls import outlet_of
from dedup.clean import clean
from dedup.model import Article, Place
from dedup.wire import wire_credit
from pipelines.desk import Desk
from pipelines.placing import Submission
from storage.keys import article_id

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


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
    """Turns `Fetched` into `Submission`; a page without headline and text is dropped from the queue."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CleanPipeline:
        return cls(Desk.of(crawler))

    def process_item(self, item: Fetched) -> Submission:
        page = item.page if item.page.url else replace(item.page, url=item.job.url)
        # An entry whose id and address changed with its headline is the article that it was.
        page = replace(page, id=page.id or item.job.article)
        outlet = page.outlet or outlet_of(item.job.feed.url)
        article = to_article(page, datetime.now(UTC), self._desk.family(outlet))
        if not article.title and not article.text:
            self._desk.queue.pages.drop(item.job)
            raise DropItem(f"{item.job.url} holds neither headline nor text")
        urls = tuple(dict.fromkeys(url for url in (page.url, item.job.url) if url))
        return Submission(article, urls, item.job.id)
