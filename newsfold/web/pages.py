"""The pages that people read: the front page, a story, the feeds, and a short page for what went wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
from aiohttp import web

from newsfold.show import ago
from newsfold.web.asked import READER, chosen, one_story, stories

_HERE = Path(__file__).parent
_PAGES = web.AppKey("pages", jinja2.Environment)
_RIGHT_TO_LEFT = frozenset(("ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"))


def add_pages(app: web.Application) -> None:
    """Add the routes of the pages and of what they are styled with."""
    app[_PAGES] = _environment()
    app.router.add_get("/", _front)
    app.router.add_get("/story/{id}", _story_page)
    app.router.add_get("/feeds", _feeds)
    app.router.add_static("/static", _HERE / "static")


def failure_page(request: web.Request, status: int, message: str) -> web.Response:
    """An error as a page of one sentence."""
    return _page(request, "message.html", status=status, message=message)


def _environment() -> jinja2.Environment:
    pages = jinja2.Environment(loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True)
    pages.filters |= {"ago": ago, "direction": direction, "link": link, "clock": _clock}
    return pages


def direction(lang: str) -> str:
    """Which way a language is written, as HTML says it."""
    return "rtl" if lang.lower().split("-")[0] in _RIGHT_TO_LEFT else "ltr"


def link(url: str) -> str:
    """The URL where a link may lead to it: the web, and nothing that runs."""
    try:
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:  # publishers print what no parser takes, such as https://[
        return ""


def _clock(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "time not known"


def _page(request: web.Request, name: str, *, status: int = 200, **values: Any) -> web.Response:
    text = request.app[_PAGES].get_template(name).render(now=datetime.now(UTC), **values)
    return web.Response(text=text, status=status, content_type="text/html")


async def _front(request: web.Request) -> web.Response:
    found = await stories(request)
    languages = sorted({story.lang for story in found})
    return _page(
        request, "front.html", stories=chosen(found, request), languages=languages, query=request.query
    )


async def _story_page(request: web.Request) -> web.Response:
    return _page(request, "story.html", story=await one_story(request))


async def _feeds(request: web.Request) -> web.Response:
    feeds = await asyncio.to_thread(request.app[READER].feeds)
    return _page(request, "feeds.html", feeds=sorted(feeds, key=lambda feed: (-feed.streak, feed.url)))
