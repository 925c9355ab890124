"""`newsfold serve`: server-rendered pages and a small JSON API from Redis; read-only but for what hubs push."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web
from redis.exceptions import RedisError

from newsfold.jsonview import dumps, story_json, summary_json
from newsfold.web.asked import OUTLETS, READER, asked
from newsfold.web.find import one_story
from newsfold.web.pages import add_pages, failure_page
from newsfold.web.select import select
from newsfold.web.websub import Subscriber
from storage.reader import Reader
from storage.views import StorySummary

_MOST = 200
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def build_app(reader: Reader, subscriber: Subscriber | None = None) -> web.Application:
    """The web application over one reader; with a subscriber it takes what hubs push, too."""
    app = web.Application(middlewares=[_answers])
    app[READER] = reader
    add_pages(app)
    app.router.add_get("/api/stories", _api_stories)
    app.router.add_get("/api/stories/{id}", _api_story)
    app.router.add_get("/healthz", _health)
    if subscriber is not None:
        subscriber.attach(app)
    return app


def serve(reader: Reader, host: str, port: int, subscriber: Subscriber | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    web.run_app(build_app(reader, subscriber), host=host, port=port, print=None)


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


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(text=dumps(value), status=status, content_type="application/json")


def _failure(request: web.Request, status: int, message: str) -> web.Response:
    """An error in the form that the one who asked reads."""
    if request.path.startswith("/api/"):
        return _json({"error": message}, status)
    return failure_page(request, status, message)


async def _api_stories(request: web.Request) -> web.Response:
    reader, choice = request.app[READER], asked(request.query, OUTLETS)

    def found() -> list[StorySummary]:
        return select(reader, reader.stories(), choice, datetime.now(UTC))[:_MOST]

    return _json([summary_json(story) for story in await asyncio.to_thread(found)])


async def _api_story(request: web.Request) -> web.Response:
    summary = await one_story(request)
    story = await asyncio.to_thread(request.app[READER].story, summary.id)
    if story is None:
        raise web.HTTPNotFound
    return _json(story_json(story))


async def _health(request: web.Request) -> web.Response:
    await asyncio.to_thread(request.app[READER].stats, datetime.now(UTC))
    return web.Response(text="ok\n")
