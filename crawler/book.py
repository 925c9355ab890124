"""What a crawl keeps in mind between runs, and the interface of whoever keeps it.

The spider knows only this module; the book itself is given to it by the setting `FEED_BOOK`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from crawler.model import Entry, FeedSpec, Page

PollResult = Literal["changed", "unchanged", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed on the schedule, as it stands before a poll. Intervals in seconds, times aware UTC."""

    id: str
    url: str
    title: str = ""
    folder: tuple[str, ...] = ()
    lang: str = ""
    outlet: str = ""
    etag: str = ""
    modified: str = ""
    body_hash: str = ""
    interval: int = 0
    streak: int = 0
    polled: datetime | None = None
    good: datetime | None = None


@dataclass(frozen=True, slots=True)
class PageJob:
    """A page to fetch for an entry; `attempts` are the tries that failed."""

    id: str
    url: str
    feed: FeedState
    entry: Entry
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page made of a queued job: what the spider hands to the item pipelines."""

    job: PageJob
    page: Page


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What a poll came to: new state, new pages, entries seen, and when to come again by which rule.

    `due` is None for a feed that is not to be polled any more. `error` is one sentence with the URL.
    """

    result: PollResult
    status: int
    interval: int
    due: datetime | None
    rule: str
    etag: str = ""
    modified: str = ""
    body_hash: str = ""
    title: str = ""
    kind: str = ""
    lang: str = ""
    error: str = ""
    pages: tuple[PageJob, ...] = ()
    seen: Mapping[str, str] = field(default_factory=dict)
    entries: int = 0


class FeedBook(Protocol):
    """The schedule and the page queue, shared by all workers; every claim is a lease of this worker's."""

    async def add_feeds(self, specs: Sequence[FeedSpec]) -> tuple[str, ...]:
        """Put feeds on the schedule, due at once where they are new; returns their ids."""

    async def feed_ids(self) -> tuple[str, ...]:
        """Every feed on the schedule."""

    async def claim_feeds(self, most: int, *, only: Sequence[str] | None, force: bool) -> list[FeedState]:
        """Lease due feeds; of `only` these where given, and due or not with `force`."""

    async def digests(self, feed: str, entries: Sequence[str]) -> dict[str, str]:
        """What each of a feed's entries said when last seen; entries never seen are left out."""

    async def known_urls(self, urls: Sequence[str]) -> set[str]:
        """Those of the canonical URLs that have an article already."""

    async def finish_poll(self, feed: FeedState, outcome: PollOutcome) -> bool:
        """Store a poll in one step; False when the lease was lost and nothing was stored."""

    async def claim_pages(self, most: int) -> list[PageJob]:
        """Lease pages that an earlier run left."""

    async def retry_page(self, job: PageJob, due: datetime, error: str) -> None:
        """Put a page back to be tried again later."""

    async def drop_page(self, job: PageJob) -> None:
        """Take a page off the queue without an article."""

    async def close(self) -> None:
        """Give back what is still leased."""
