"""A look at feeds as a poll would see them, without storing anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from crawler.answers import answer_to, feed_request, no_answer
from crawler.book import FeedState
from crawler.errors import CrawlerError, NotAFeed
from crawler.failures import Failure, failure_of, failure_of_status
from crawler.guard import AddressGuard
from crawler.model import ParsedFeed
from crawler.parse import parse_feed
from crawler.poll import Answer


@dataclass(frozen=True, slots=True)
class Probe:
    """What an address is: a feed, or why it is none. `again` is the status of a second, conditional request.

    `offers` are the feeds that it names where it is a page, `asked` the address that this was asked of.
    """

    asked: str
    url: str
    answer: Answer
    feed: ParsedFeed | None = None
    failure: Failure | None = None
    offers: tuple[str, ...] = ()
    again: int = 0


class ProbeSpider(Spider):
    """Asks for `urls`; with `follow`, for the first feed that a page names, too. The findings are `probes`."""

    name = "probe"
    max_bytes = 20_000_000

    def __init__(self, *, urls: Sequence[str] = (), follow: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.urls, self.follow = tuple(urls), follow
        self.probes: dict[str, Probe] = {}
        self.guard: AddressGuard

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> ProbeSpider:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.guard = AddressGuard.of(crawler)
        spider.max_bytes = crawler.settings.getint("MAX_FEED_BYTES", 20_000_000)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """A request for each address."""
        for url in self.urls:
            self.guard.trust(url)
            yield self._request(url, asked=url)

    def _request(self, url: str, **more: Any) -> Any:
        return feed_request(url, self.seen, self.missed, max_bytes=self.max_bytes, **more)

    async def seen(self, response: Response, asked: str) -> AsyncIterator[Any]:
        """An answer: a feed, a page that names one, or neither."""
        url = response.meta.get("redirect_urls", [response.url])[0]
        probe = self.probes[asked] = _probe(asked, url, answer_to(response, url))
        if probe.offers and self.follow and url == asked:
            self.guard.trust(asked)
            yield self._request(probe.offers[0], asked=asked)
        elif probe.feed is not None and (conditions := _conditions(probe.answer)):
            yield feed_request(
                url,
                self.seen_again,
                self.missed_again,
                max_bytes=self.max_bytes,
                conditions=conditions,
                asked=asked,
            )

    async def seen_again(self, response: Response, asked: str) -> None:
        """The answer to the same question with conditions."""
        self._again(asked, response.status)

    async def missed(self, failure: TwistedFailure) -> None:
        """No answer."""
        request: Any = failure.request  # type: ignore[attr-defined]
        asked = request.cb_kwargs["asked"]
        self.probes[asked] = Probe(
            asked, request.url, no_answer(), failure=failure_of(request.url, failure.value)
        )

    async def missed_again(self, failure: TwistedFailure) -> None:
        """No answer to the second question."""
        self._again(failure.request.cb_kwargs["asked"], 0)  # type: ignore[attr-defined]

    def _again(self, asked: str, status: int) -> None:
        one = self.probes[asked]
        self.probes[asked] = Probe(asked, one.url, one.answer, one.feed, again=status)


def _conditions(answer: Answer) -> dict[str, bytes]:
    found = {
        "If-None-Match": answer.headers.get("etag", ""),
        "If-Modified-Since": answer.headers.get("last-modified", ""),
    }
    return {name: value.encode() for name, value in found.items() if value}


def _probe(asked: str, url: str, answer: Answer) -> Probe:
    if answer.status != 200:
        return Probe(asked, url, answer, failure=failure_of_status(url, answer.status))
    try:
        feed = parse_feed(answer.body, answer.url, answer.headers.get("content-type", ""))
    except NotAFeed as error:
        return Probe(asked, url, answer, failure=Failure("not a feed", str(error)), offers=error.candidates)
    except CrawlerError as error:
        return Probe(asked, url, answer, failure=Failure("unreadable", str(error)))
    return Probe(asked, url, answer, feed)


def unpolled(url: str) -> FeedState:
    """The state of a feed that was never polled."""
    return FeedState("", url)
