"""Downloader middlewares."""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler

from crawler.guard import AddressGuard


class AddressGuardMiddleware:
    """Refuses requests to addresses that are not open, redirects and robots.txt included.

    Names are judged where they are resolved, in the download handler.
    """

    def __init__(self, guard: AddressGuard, proxy: str) -> None:
        self._guard, self._proxy = guard, proxy
        parts = urlsplit(proxy)
        if parts.hostname:
            guard.open_host(parts.hostname, parts.port or 80)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> AddressGuardMiddleware:
        return cls(AddressGuard.of(crawler), crawler.settings.get("PROXY_URL") or "")

    def process_request(self, request: Request) -> None:
        """Raise ForbiddenAddress, or send the request through the operator's proxy."""
        self._guard.check_url(request.url)
        if self._proxy:
            request.meta["proxy"] = self._proxy
