"""Why a request brought nothing: its class, and one sentence with the URL in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)

from crawler.errors import ClosedPort, ForbiddenAddress, HostWaits
from crawler.text import tidy

FailureClass = Literal[
    "no address", "refused", "timeout", "tls", "transfer", "too large", "redirects", "robots", "private address",
    "closed port", "waiting", "not found", "gone", "login", "forbidden", "too many requests", "server", "status", "not a feed",
    "unreadable", "error",
]  # fmt: skip


class Failure(NamedTuple):
    """A failure's class and its sentence."""

    kind: FailureClass
    sentence: str


_RAISED: Final[tuple[tuple[type[BaseException], FailureClass, str], ...]] = (
    (CannotResolveHostError, "no address", "the host has no address"),
    (DownloadTimeoutError, "timeout", "no answer came in time"),
    (DownloadCancelledError, "too large", "the answer is larger than allowed"),
    (ResponseDataLossError, "transfer", "the answer broke off"),
)
_MOST_WORDS: Final = 200
_STATUS: Final[dict[int, tuple[FailureClass, str]]] = {
    401: ("login", "asks for a login"),
    402: ("login", "asks for payment"),
    403: ("forbidden", "refuses this crawler"),
    404: ("not found", "is not there"),
    407: ("login", "asks for a login at a proxy"),
    410: ("gone", "is gone for good"),
    429: ("too many requests", "asks for fewer requests"),
    451: ("forbidden", "is withheld for legal reasons"),
}


def failure_of(url: str, error: BaseException | None) -> Failure:
    """What a download raised, as a failure; the error's own words where it is of no known kind."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ClosedPort):
            return Failure("closed port", str(cause))
        if isinstance(cause, ForbiddenAddress):
            return Failure("private address", str(cause))
        if isinstance(cause, HostWaits):
            return Failure("waiting", str(cause))
    for kind, name, reason in _RAISED:
        if isinstance(error, kind):
            return Failure(name, f"{url}: {reason}")
    if any(
        "ssl" in type(cause).__name__.lower() or "certificate" in type(cause).__name__.lower()
        for cause in causes
    ):
        return Failure("tls", f"{url}: the encrypted connection failed ({_words(causes[-1])})")
    if isinstance(error, DownloadConnectionRefusedError):
        return Failure("refused", f"{url}: the connection was refused")
    if isinstance(error, IgnoreRequest):
        return _ignored(url, str(error))
    if isinstance(error, DownloadFailedError):
        return Failure("transfer", f"{url}: the transfer failed ({_words(error)})")
    return Failure("error", f"{url}: {_words(error)}")


def _words(error: BaseException | None) -> str:
    """What a library says, on one line and not at length: it quotes what the server sent, however much that was."""
    said = tidy(str(error)[: 4 * _MOST_WORDS])
    return f"{said[:_MOST_WORDS]}…" if len(said) > _MOST_WORDS else said or type(error).__name__


def _ignored(url: str, words: str) -> Failure:
    if "DOWNLOAD_MAXSIZE" in words:
        return Failure("too large", f"{url}: the answer is larger than allowed once it is unpacked")
    if "redirection" in words:
        return Failure("redirects", f"{url}: it redirects without end")
    if "robots.txt" in words:
        return Failure("robots", f"{url}: robots.txt forbids it")
    return Failure("error", f"{url}: {tidy(words[:_MOST_WORDS]) or 'it was left out'}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def failure_of_status(url: str, status: int) -> Failure:
    """An answer that is no success, as a failure."""
    if status >= 500:
        return Failure("server", f"{url} has a fault of its own (HTTP {status})")
    kind, words = _STATUS.get(status, ("status", "answered with no feed or page"))
    return Failure(kind, f"{url} {words} (HTTP {status})")
