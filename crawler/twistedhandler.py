"""The other way of downloading, for who sets `crawl.handler`; it takes a tenth of a second to load, whether used or not."""

from __future__ import annotations

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler

from crawler.guard import AddressGuard
from crawler.handlers import GuardedResolver


class GuardedTwistedHandler(HTTP11DownloadHandler):
    """Scrapy's Twisted handler, whose names are resolved under the crawl's guard."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # The resolver is the process's and made before the crawl; of crawls a process has one.
        GuardedResolver.guard = AddressGuard.of(crawler)
