"""`newsfold serve`: server-rendered pages and a small JSON API from Redis; read-only but for what hubs push."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
from aiohttp import web
from redis.exceptions import RedisError

from newsfold.jsonview import dumps, story_json, summary_json
from newsfold.show import ago
from newsfold.web.websub import Subscriber
from storage.reader import Reader
from storage.views import StorySummary, StoryView

_HERE = Path(__file__).parent
_READER = web.AppKey("reader", Reader)
_PAGES = web.AppKey("pages", jinja2.Environment)
_RIGHT_TO_LEFT = frozenset(("ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"))
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_MOST = 200
_NO_STORY = "There is no such story"
_SORTS: dict[str, Callable[[StorySummary], Any]] = {
    "outlets": lambda s: (-s.outlets, -s.articles, s.id),
    "latest": lambda s: (-(s.latest.timestamp() if s.latest else 0), s.id),
    "growth": lambda s: (-s.growth, -s.articles, s.id),
}


def build_app(reader: Reader, subscriber: Subscriber | None = None) -> web.Application:
    """The web application over one reader; with a subscriber it takes what hubs push, too."""
    app = web.Application(middlewares=[_answers])
    app[_READER], app[_PAGES] = reader, _environment()
    app.router.add_get("/", _front)
    app.router.add_get("/story/{id}", _story_page)
    app.router.add_get("/feeds", _feeds)
    app.router.add_get("/api/stories", _api_stories)
    app.router.add_get("/api/stories/{id}", _api_story)
    app.router.add_get("/healthz", _health)
    app.router.add_static("/static", _HERE / "static")
    if subscriber is not None:
        subscriber.attach(app)
    return app


def serve(reader: Reader, host: str, port: int, subscriber: Subscriber | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    web.run_app(build_app(reader, subscriber), host=host, port=port, print=None)


def _environment() -> jinja2.Environment:
    pages = jinja2.Environment(loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True)
    pages.filters |= {"ago": ago, "direction": _direction, "link": _link, "clock": _clock}
    return pages


def _direction(lang: str) -> str:
    return "rtl" if lang.lower().split("-")[0] in _RIGHT_TO_LEFT else "ltr"


def _link(url: str) -> str:
    """The URL where a link may lead to it: the web, and nothing that runs."""
    try:
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:  # publishers print what no parser takes, such as https://[
        return ""


def _clock(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "time not known"


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _answers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Security headers on everything; errors as short pages."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = _failure(request, error.status, error.reason)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
    except RedisError:
        response = _failure(request, 503, "Redis does not answer")
    response.headers.update(_HEADERS)
    return response


def _page(request: web.Request, name: str, *, status: int = 200, **values: Any) -> web.Response:
    text = request.app[_PAGES].get_template(name).render(now=datetime.now(UTC), **values)
    return web.Response(text=text, status=status, content_type="text/html")


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(text=dumps(value), status=status, content_type="application/json")


def _failure(request: web.Request, status: int, message: str) -> web.Response:
    """An error in the form that the one who asked reads."""
    if request.path.startswith("/api/"):
        return _json({"error": message}, status)
    return _page(request, "message.html", status=status, message=message)


async def _stories(request: web.Request) -> list[StorySummary]:
    return await asyncio.to_thread(request.app[_READER].stories)


def _chosen(stories: list[StorySummary], request: web.Request) -> list[StorySummary]:
    """Those of the stories that the query asks for."""
    query = request.query
    lang, words = query.get("lang", "").lower(), query.get("q", "").casefold().split()
    wanted = query.get("min_outlets", "")
    outlets = int(wanted) if wanted.isdecimal() and len(wanted) < 7 else 0
    found = [
        story
        for story in stories
        if (not lang or story.lang == lang)
        and story.outlets >= outlets
        and all(word in story.headline.casefold() for word in words)
    ]
    return sorted(found, key=_SORTS.get(query.get("sort", ""), _SORTS["outlets"]))[:_MOST]


async def _one(request: web.Request) -> StoryView:
    """The story that the path names, by id or a beginning that only one has."""
    reader, wanted = request.app[_READER], request.match_info["id"]
    # Ids are letters and digits; anything else could name a key beside a story, or a pattern.
    if not (wanted.isascii() and wanted.isalnum()):
        raise web.HTTPNotFound(reason=_NO_STORY)
    ids = await asyncio.to_thread(reader.resolve, "story", wanted)
    story = await asyncio.to_thread(reader.story, ids[0]) if len(ids) == 1 else None
    if story is None:
        raise web.HTTPNotFound(reason=_NO_STORY)
    return story


async def _front(request: web.Request) -> web.Response:
    stories = await _stories(request)
    languages = sorted({story.lang for story in stories})
    chosen = _chosen(stories, request)
    return _page(request, "front.html", stories=chosen, languages=languages, query=request.query)


async def _story_page(request: web.Request) -> web.Response:
    return _page(request, "story.html", story=await _one(request))


async def _feeds(request: web.Request) -> web.Response:
    feeds = await asyncio.to_thread(request.app[_READER].feeds)
    return _page(request, "feeds.html", feeds=sorted(feeds, key=lambda feed: (-feed.streak, feed.url)))


async def _api_stories(request: web.Request) -> web.Response:
    return _json([summary_json(story) for story in _chosen(await _stories(request), request)])


async def _api_story(request: web.Request) -> web.Response:
    return _json(story_json(await _one(request)))


async def _health(request: web.Request) -> web.Response:
    await asyncio.to_thread(request.app[_READER].stats, datetime.now(UTC))
    return web.Response(text="ok\n")
