"""The same data for machines: stories and articles as JSON, and stories as feeds, with conditional GET on all of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from aiohttp import web

from newsfold.jsonview import article_json, dumps, story_json, summary_json
from newsfold.web.caching import Cache
from newsfold.web.feeds_out import Channel, Entry, atom, json_feed, opml, parameters, shortened
from newsfold.web.listing import Listing, Page, languages, moment, read_cursor
from newsfold.web.openapi import document
from newsfold.web.problems import Problem
from newsfold.web.query import Query, Sort, read_query
from storage.reader import Reader

_JSON: Final = "application/json; charset=utf-8"
# Feeds are asked for by the clock, the API by whoever wants to know now.
_FEED_AGE, _API_AGE, _DOCUMENT_AGE = 300, 0, 3_600


@dataclass(frozen=True, slots=True)
class Machines:
    """What the answers for machines need; `public_url` is where newsfold is reached, "" for as it was asked."""

    reader: Reader
    listing: Listing
    cache: Cache
    public_url: str


MACHINES = web.AppKey("machines", Machines)
# What is answered here, and so fails as machines read it.
PATHS: Final = ("/api/", "/stories.", "/metrics", "/healthz")


def add_api(app: web.Application, reader: Reader, public_url: str = "") -> None:
    """Add the routes of the API and of the feeds."""
    app[MACHINES] = Machines(reader, Listing(reader, reader.history()), Cache(), public_url.rstrip("/"))
    app.router.add_get("/api/openapi.json", _openapi)
    app.router.add_get("/api/stories", _stories)
    app.router.add_get("/api/stories/{id}", _story)
    app.router.add_get("/api/articles/{id}", _article)
    app.router.add_get("/stories.atom", _atom)
    app.router.add_get("/stories.json", _json_feed)
    app.router.add_get("/stories.opml", _opml)


def _encoded(value: object) -> bytes:
    # A publisher may print half of a pair of surrogates, which no encoding has.
    return dumps(value).encode("utf-8", "replace")


def _asked(request: web.Request, sort: Sort) -> tuple[Query, int]:
    """The query, and the time from which its spans count: that of the first page."""
    cursor = request.query.get("cursor", "").strip()
    now = read_cursor(cursor).now if cursor else int(time.time())
    return read_query(list(request.query.items()), moment(now), sort), now


async def _openapi(request: web.Request) -> web.Response:
    return request.app[MACHINES].cache.answer(request, _encoded(document()), _JSON, _DOCUMENT_AGE)


async def _page(request: web.Request, sort: Sort) -> tuple[Query, Page]:
    query, now = _asked(request, sort)
    return query, await asyncio.to_thread(request.app[MACHINES].listing.page, query, now)


async def _stories(request: web.Request) -> web.Response:
    _, page = await _page(request, "outlets")
    said = [*parameters(list(request.query.items())), ("cursor", page.next)]
    following = f"/api/stories?{urlencode(said, quote_via=quote)}" if page.next else None
    told = {"stories": [summary_json(s) for s in page.stories], "total": page.total, "next": following}
    answer = request.app[MACHINES].cache.answer(request, _encoded(told), _JSON, _API_AGE)
    if following:
        answer.headers["Link"] = f'<{following}>; rel="next"'
    return answer


async def _story(request: web.Request) -> web.Response:
    machines, wanted = request.app[MACHINES], _identity(request, "story")

    def read() -> tuple[str, bytes]:
        identity = machines.reader.settled("story", wanted)
        story = machines.reader.story(identity)
        if story is None:
            raise Problem(404, f"There is no story {wanted!r} (any more).")
        return identity, _encoded(story_json(story))

    identity, body = await asyncio.to_thread(read)
    answer = machines.cache.answer(request, body, _JSON, _API_AGE)
    if identity != wanted:
        answer.headers["Content-Location"] = f"/api/stories/{identity}"
    return answer


async def _article(request: web.Request) -> web.Response:
    machines, wanted = request.app[MACHINES], _identity(request, "article")

    def read() -> bytes:
        article = machines.reader.article(wanted)
        if article is None:
            raise Problem(404, f"There is no article {wanted!r} (any more).")
        return _encoded(article_json(article))

    return machines.cache.answer(request, await asyncio.to_thread(read), _JSON, _API_AGE)


def _identity(request: web.Request, kind: str) -> str:
    """The id in the path; one with a colon could name a key beside a story."""
    wanted = request.match_info["id"]
    if (":" in wanted and kind == "story") or not wanted.isprintable():
        raise Problem(404, f"There is no {kind} {wanted[:50]!r}.")
    return wanted


# --- feeds


async def _channel(request: web.Request) -> Channel:
    """The feed that was asked for, with the leads and outlets of its stories."""
    query, page = await _page(request, "latest")
    reader = request.app[MACHINES].reader

    def shown() -> list[tuple[str, dict[str, int]]]:
        outlets = reader.outlets(story.id for story in page.stories)
        return list(zip(reader.leads(page.stories), outlets, strict=True))

    entries = tuple(
        Entry(story, shortened(lead), outlets)
        for story, (lead, outlets) in zip(page.stories, await asyncio.to_thread(shown), strict=True)
    )
    return Channel(_base(request), query, parameters(list(request.query.items())), entries, page.next)


def _base(request: web.Request) -> str:
    return request.app[MACHINES].public_url or f"{request.scheme}://{request.host}"


async def _feed(request: web.Request, write: Callable[[Channel], bytes], kind: str) -> web.Response:
    body = await asyncio.to_thread(write, await _channel(request))
    return request.app[MACHINES].cache.answer(request, body, kind, _FEED_AGE)


async def _atom(request: web.Request) -> web.Response:
    return await _feed(request, atom, "application/atom+xml; charset=utf-8")


async def _json_feed(request: web.Request) -> web.Response:
    return await _feed(
        request, lambda channel: _encoded(json_feed(channel)), "application/feed+json; charset=utf-8"
    )


async def _opml(request: web.Request) -> web.Response:
    query, now = _asked(request, "latest")
    machines = request.app[MACHINES]
    said = tuple(pair for pair in parameters(list(request.query.items())) if pair[0] != "limit")

    def write() -> bytes:
        found = languages(machines.listing.chosen(query, now))
        return opml(Channel(_base(request), query, said, ()), () if query.lang else found)

    body = await asyncio.to_thread(write)
    return machines.cache.answer(request, body, "text/x-opml; charset=utf-8", _FEED_AGE)
