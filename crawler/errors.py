"""The errors of getting: every one says the URL or file that it is about.

CrawlerError
├── FeedListError      a feed list that cannot be read
├── FeedError          an answer that is no feed
│   └── NotAFeed       HTML, an image, plain text
├── FetchError         no usable answer at all
├── ForbiddenAddress   an address that the operator has not opened
│   └── ClosedPort     its port
└── HostWaits          a host that has asked to be left alone for a while
"""

from __future__ import annotations


class CrawlerError(Exception):
    """Anything that went wrong outside this program while getting news."""


class FeedListError(CrawlerError):
    """A feed list could not be read; the sentence has the file, and the line where there is one."""


class FeedError(CrawlerError):
    """An answer could not be read as a feed; the sentence has the URL."""


class NotAFeed(FeedError):  # noqa: N818 - reads as what it says
    """The answer is something else (a web page, an image); `candidates` holds feeds that it names."""

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class FetchError(CrawlerError):
    """The request brought no usable answer: no address, no connection, too late, too large."""


class ForbiddenAddress(CrawlerError):  # noqa: N818
    """The address lies in a network that the operator has not opened (`allow_net`)."""


class ClosedPort(ForbiddenAddress):
    """The port is neither the web's nor one that the operator has opened (`crawl.ports`)."""


class HostWaits(CrawlerError):  # noqa: N818
    """The host has asked to wait (Retry-After); `seconds` is how long still."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds
