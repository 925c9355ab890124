"""Downloader middlewares."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http import Response
from scrapy.robotstxt import RobotParser

from crawler.guard import AddressGuard
from crawler.waits import Waits


class AddressGuardMiddleware:
    """Refuses requests to addresses and ports that are not open, redirects and robots.txt included.

    Names are judged where they are resolved, in the download handler. `proxy` is the configured one; those of the
    environment (http_proxy), which Scrapy heeds, are the operator's as well.
    """

    def __init__(self, guard: AddressGuard, proxy: str) -> None:
        self._guard, self._proxy = guard, proxy
        for url in (proxy, *getproxies().values()):
            parts = urlsplit(url if "://" in url else f"http://{url}")
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
    """Takes note of hosts that answer "too many requests" (429) with Retry-After, and asks them nothing more.

    aiohttp's handler does so itself, before the next request of the host has its turn; this is for the other.
    """

    def __init__(self, waits: Waits) -> None:
        self._waits = waits

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> HostWaitsMiddleware:
        return cls(Waits.of(crawler))

    def process_request(self, request: Request) -> None:
        """Raise HostWaits while the host is to be left alone."""
        self._waits.check(request.url)

    def process_response(self, request: Request, response: Response) -> Response:
        """Take note of what the host asks for."""
        self._waits.note(request.url, response.status, response.headers.get("Retry-After"))
        return response


class Redirects(RedirectMiddleware):
    """Scrapy's own, without Referer: where a feed or a page leads is nobody's business."""

    def _engine_started(self) -> None:
        """Scrapy's would miss the middleware that sets Referer, and say so at every start."""

    def handle_referer(self, request: Request, response: Response) -> None:  # noqa: ARG002
        """Leave no trace of where the request came from."""
        request.headers.pop("Referer", None)


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, asking for a host's robots.txt once.

    Of several requests that wait for one robots.txt, Scrapy 2.19 tells only the first what it says and lets the
    others pass: they share a Deferred, whose result is gone after its first reader.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._asked: dict[str, asyncio.Future[RobotParser | None]] = {}

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules of a request's host; None where it has none."""
        host = urlsplit(request.url).netloc
        if host not in self._asked:
            self._asked[host] = asyncio.ensure_future(super().robot_parser(request))
        return await asyncio.shield(self._asked[host])
