"""The pages that people read: the front page, a story, the feeds, and a short page for what went wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from newsfold.web.asked import READER, SPANS, Asked, asked
from newsfold.web.find import one_story
from newsfold.web.front import front
from newsfold.web.health import feeds_page
from newsfold.web.recent import Recent
from newsfold.web.render import HERE, Served, render
from newsfold.web.whole import story_page

_RECENT: Final = web.AppKey("recent", Recent)
SORT_NAMES: Final = (
    ("front", "as a front page"), ("outlets", "most outlets"), ("latest", "latest"), ("growth", "growing fastest"),
)  # fmt: skip

# What is told to people in more words than to machines.
_SENTENCES: Final = {
    HTTPStatus.NOT_FOUND.phrase: "There is no such page",
    HTTPStatus.METHOD_NOT_ALLOWED.phrase: "This page can be looked at and nothing else",
    "Redis does not answer": "Redis does not answer, so there is nothing to show just now",
}


def add_pages(app: web.Application) -> None:
    """Add the routes of the pages and of what they are styled with; the application has its reader."""
    app[_RECENT] = Recent(app[READER])
    app.router.add_get("/", _front)
    app.router.add_get("/story/{id}", _story)
    app.router.add_get("/feeds", _feeds)
    app.router.add_static("/static", HERE / "static")


def failure_page(request: web.Request, status: int, message: str) -> web.Response:
    """An error as a page of one sentence."""
    message = _SENTENCES.get(message, message)
    return _answer(_page(request, "message.html", message=message), status)


def _page(request: web.Request, name: str, **values: Any) -> str:
    # Addresses are relative, so that a proxy may hand the pages on under any path.
    depth = request.rel_url.raw_path.count("/") - 1
    return render(name, at=Served("../" * depth or "./"), now=datetime.now(UTC), **values)


def _answer(text: str, status: int = 200) -> web.Response:
    # Half a surrogate pair, which JSON can carry into Redis, has no UTF-8.
    body = text.encode("utf-8", "replace")
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8")


async def _front(request: web.Request) -> web.Response:
    return _answer(await asyncio.to_thread(_front_text, request, asked(request.query)))


def _front_text(request: web.Request, choice: Asked) -> str:
    found = front(request.app[READER], request.app[_RECENT].get(), choice, datetime.now(UTC))
    return _page(request, "front.html", front=found, asked=choice, spans=SPANS, sorts=SORT_NAMES)


async def _story(request: web.Request) -> web.Response:
    summary = await one_story(request)
    wanted = [request.query.get(name, "") for name in ("a", "b")]

    def text() -> str:
        page = story_page(request.app[READER], summary, wanted)
        return _page(request, "story.html", page=page)

    return _answer(await asyncio.to_thread(text))


async def _feeds(request: web.Request) -> web.Response:
    reader = request.app[READER]
    number = asked(request.query).page

    def text() -> str:
        page = feeds_page(reader.feeds(), number)
        return _page(request, "feeds.html", page=page)

    return _answer(await asyncio.to_thread(text))
