"""What went wrong, as machines read it: application/problem+json (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from newsfold.jsonview import dumps

TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - it is the name of the thing
    """What cannot be answered: a status, and one sentence that says why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def problem(status: int, detail: str) -> web.Response:
    """The answer for it."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return web.Response(
        body=dumps(body).encode("utf-8", "replace"),
        status=status,
        headers={"Content-Type": TYPE, "Cache-Control": "no-store"},
    )
