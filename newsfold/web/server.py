"""`newsfold serve`: server-rendered pages and a small JSON API from Redis; read-only but for what hubs push."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from redis.exceptions import RedisError

from newsfold.web.api import PATHS, add_api
from newsfold.web.asked import READER
from newsfold.web.metrics import add_metrics
from newsfold.web.pages import add_pages, failure_page
from newsfold.web.problems import Problem, problem
from newsfold.web.websub import Subscriber
from storage.errors import StorageError
from storage.reader import Reader

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def build_app(reader: Reader, subscriber: Subscriber | None = None, public_url: str = "") -> web.Application:
    """The web application over one reader; with a subscriber it takes what hubs push, too.

    `public_url` is what addresses in feeds begin with; without one, as the server was addressed.
    """
    app = web.Application(middlewares=[_answers])
    app[READER] = reader
    add_pages(app)
    add_api(app, reader, public_url)
    add_metrics(app, reader)
    if subscriber is not None:
        subscriber.attach(app)
    return app


def serve(
    reader: Reader, host: str, port: int, subscriber: Subscriber | None = None, public_url: str = ""
) -> None:
    """Serve until SIGTERM or SIGINT."""
    web.run_app(build_app(reader, subscriber, public_url), host=host, port=port, print=None)


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
    except Problem as error:
        response = problem(error.status, error.detail)
    except (RedisError, StorageError):
        response = _failure(request, 503, "Redis does not answer")
    response.headers.update(_HEADERS)
    return response


def _failure(request: web.Request, status: int, message: str) -> web.Response:
    """An error in the form that the one who asked reads."""
    if request.path.startswith(PATHS):
        return problem(status, f"{message.rstrip('.')}.")
    return failure_page(request, status, message)
