"""Downloader middlewares."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.http import Response

from crawler.errors import HostWaits
from crawler.freshness import retry_after
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


class HostWaitsMiddleware:
    """Leaves a host alone that has answered "too many requests" (429) with Retry-After, for as long as it asks.

    The schedule knows it for later runs; this is for what the present run would still ask of the host.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._until: dict[str, float] = {}
        self._clock = clock

    def process_request(self, request: Request) -> None:
        """Raise HostWaits while the host is to be left alone."""
        if not self._until:
            return
        host = urlsplit(request.url).netloc
        left = self._until.get(host, 0.0) - self._clock()
        if left > 0:
            raise HostWaits(
                f"{request.url}: {host} has asked to be left alone for {left:.0f} s more", int(left) + 1
            )

    def process_response(self, request: Request, response: Response) -> Response:
        """Take note of what the host asks for."""
        if response.status == 429:
            value = (response.headers.get("Retry-After") or b"").decode("latin-1")
            if seconds := retry_after({"retry-after": value}, datetime.now(UTC)):
                self._until[urlsplit(request.url).netloc] = self._clock() + seconds
        return response


class Redirects(RedirectMiddleware):
    """Scrapy's own, without Referer: where a feed or a page leads is nobody's business."""

    def _engine_started(self) -> None:
        """Scrapy's would miss the middleware that sets Referer, and say so at every start."""

    def handle_referer(self, request: Request, response: Response) -> None:  # noqa: ARG002
        """Leave no trace of where the request came from."""
        request.headers.pop("Referer", None)
