"""Why a request brought nothing, as one sentence with the URL in it."""

from __future__ import annotations

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)

from crawler.errors import ForbiddenAddress

_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (CannotResolveHostError, "the host has no address"),
    (DownloadConnectionRefusedError, "the connection was refused"),
    (DownloadTimeoutError, "no answer came in time"),
    (DownloadCancelledError, "the answer is larger than allowed"),
    (ResponseDataLossError, "the answer broke off"),
    (IgnoreRequest, "robots.txt forbids it, or it redirects without end"),
)


def sentence(url: str, error: BaseException | None) -> str:
    """One clear sentence for what a download raised; the error's own words where it is of no known kind."""
    if isinstance(error, ForbiddenAddress):
        return str(error)
    cause = error.__cause__ if error else None
    while cause is not None:
        if isinstance(cause, ForbiddenAddress):
            return str(cause)
        cause = cause.__cause__
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return f"{url}: {reason}"
    if isinstance(error, DownloadFailedError):
        return f"{url}: the transfer failed ({error})"
    return f"{url}: {error or type(error).__name__}"


_STATUS = {
    401: "asks for a login",
    403: "refuses this crawler",
    404: "is not there",
    410: "is gone for good",
    429: "asks for fewer requests",
}


def status_sentence(url: str, status: int) -> str:
    """One sentence for an answer that is no success."""
    known = _STATUS.get(
        status, "has a fault of its own" if status >= 500 else "answered with no feed or page"
    )
    return f"{url} {known} (HTTP {status})"
