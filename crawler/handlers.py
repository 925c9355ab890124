"""Downloading with every resolved address judged before it is connected to, and again as it is.

Scrapy's aiohttp handler is measured 1.7 times as fast as the Twisted one; the setting `crawl.handler`
chooses. The names below hide Scrapy's underscore module from the settings.
"""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import ClientResponse, TCPConnector
from aiohttp.abc import AbstractResolver
from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Headers, Request, Response
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from crawler.errors import ForbiddenAddress
from crawler.events import log_event
from crawler.guard import AddressGuard
from crawler.resolver import GuardedNames, guarded_sockets
from crawler.slow import SlowRequests
from crawler.waits import Waits

logger = logging.getLogger(__name__)


class GuardedAiohttpHandler(AiohttpDownloadHandler):
    """Scrapy's aiohttp handler with guarded name resolution; made at the first request, in a running loop."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        # The choice is ours and documented; the warning at every start is not for operators.
        logger = logging.getLogger("scrapy.core.downloader.handlers._base_streaming")
        logger.addFilter(lambda record: "is experimental" not in record.getMessage())
        super().__init__(crawler)
        connector = self._session.connector
        if not isinstance(connector, TCPConnector):
            raise TypeError(f"Scrapy's aiohttp handler connects by {type(connector).__name__}, not by TCP")
        guard = AddressGuard.of(crawler)
        connector._limit = 0  # the engine bounds what is under way, and `crawler.slow` lends more
        connector._resolver = GuardedNames(guard, self.resolver())
        connector._socket_factory = guarded_sockets(guard)
        self._waits, self._slow = Waits.of(crawler), SlowRequests.of(crawler)

    @staticmethod
    def resolver() -> AbstractResolver | None:
        """Who is asked for the addresses of names; None for the system's resolver."""
        return None

    async def download_request(self, request: Request) -> Response:
        """Download, unless the host has asked to be left alone while this request waited for its turn."""
        self._waits.check(request.url)
        with self._slow.watched():
            response = await super().download_request(request)
        self._waits.note(request.url, response.status, response.headers.get("Retry-After"))
        return response

    @staticmethod
    def _extract_headers(response: ClientResponse) -> Headers:
        """The headers byte for byte: a validator must be sent back as it came."""
        headers = Headers()
        for name, value in response.raw_headers:
            headers.appendlist(name, value)
        return headers


class GuardedResolver(CachingThreadedResolver):
    """Name resolution for the Twisted handler; until a crawl has begun nothing but the public web is open."""

    guard = AddressGuard()

    def getHostByName(self, name: str, timeout: Any = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        def judge(address: str) -> str:
            try:
                self.guard.check_resolved(name, 0, address)
            except ForbiddenAddress as error:
                # Twisted tells every other error with a traceback, and the poll only that there is no address.
                log_event(logger, logging.WARNING, "address.refused", reason=error)
                raise DNSLookupError(str(error)) from error
            return address

        return super().getHostByName(name, timeout).addCallback(judge)
