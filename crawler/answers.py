"""Requests for feeds and what comes back, between Scrapy's objects and the decider's."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawler.poll import Answer

_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
# Feeds judge every status themselves but the redirects, which Scrapy follows.
_ALL_BUT_REDIRECTS = [*range(201, 300), 300, 304, 305, 306, *range(400, 600)]
_ONE_OF = frozenset({"etag", "last-modified", "retry-after", "date", "expires", "age"})


def feed_request(
    url: str, callback: Callable[..., Any], errback: Callable[..., Any], *, max_bytes: int,
    conditions: dict[str, bytes] | None = None, **more: Any,
) -> Request:  # fmt: skip
    """A request for a feed: the address as it is, whatever robots.txt says of it, for a feed is there to be polled."""
    return Request(
        url,
        callback,
        headers={"Accept": _ACCEPT, **(conditions or {})},
        errback=errback,
        dont_filter=True,
        priority=10,
        cb_kwargs=more,
        meta={
            "dont_obey_robotstxt": True,
            "handle_httpstatus_list": _ALL_BUT_REDIRECTS,
            "download_maxsize": max_bytes,
            "verbatim_url": True,
        },
    )


def answer_to(response: Response, url: str) -> Answer:
    """A response to a request for `url` as the decider reads it."""
    meta = response.meta
    passed = [*meta.get("redirect_urls", ()), response.url]
    hops = tuple(zip(meta.get("redirect_reasons", ()), passed[1:], strict=False))
    headers = response.request.headers if response.request else {}
    return Answer(
        response.status, _headers(response), response.body, datetime.now(UTC), random.random(),
        url=response.url if hops else url,
        hops=tuple((status, target) for status, target in hops if isinstance(status, int)),
        conditional="If-None-Match" in headers or "If-Modified-Since" in headers,
    )  # fmt: skip


def no_answer() -> Answer:
    """What stands for an answer where none came."""
    return Answer(0, {}, b"", datetime.now(UTC), random.random())


def _headers(response: Response) -> dict[str, str]:
    """Names in lower case; of a header that is to be there once the first, others joined."""
    found = {}
    for raw, values in response.headers.items():
        name = raw.decode("latin-1").lower()
        texts = [_text(value) for value in values]
        found[name] = texts[0] if name in _ONE_OF and texts else ", ".join(texts)
    return found


def _text(value: bytes) -> str:
    """A header's value; what is no UTF-8 could not be sent back byte for byte, and is as if it were not there."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return ""
