"""What a crawl keeps in mind between runs, and the interface of whoever keeps it.

The spider knows only this module; the book itself is given to it by the setting `FEED_BOOK`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from crawler.model import NO_HINTS, Entry, FeedSpec, Hints, Page
from crawler.packed import unpack

PollResult = Literal["changed", "unchanged", "failed", "gone", "moved", "pushed"]


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed on the schedule: what the operator says of it, and what polls have taught. Times aware UTC, spans in seconds.

    `url` is polled; `given` is the address as listed, where a confirmed redirect has replaced it. `final` is where
    the validators came from, `whole` when a body last came, `gap` the time between two new entries, `news` the
    latest of them. `moved_*` is a permanent redirect that waits for confirmation. `lease` is this worker's claim.
    """

    id: str
    url: str
    given: str = ""
    title: str = ""
    folder: tuple[str, ...] = ()
    lang: str = ""
    outlet: str = ""
    kind: str = ""
    etag: str = ""
    modified: str = ""
    body_hash: str = ""
    final: str = ""
    whole: datetime | None = None
    interval: int = 0
    gap: int = 0
    news: datetime | None = None
    hints: Hints = NO_HINTS
    streak: int = 0
    polled: datetime | None = None
    good: datetime | None = None
    moved_to: str = ""
    moved_polls: int = 0
    moved_since: datetime | None = None
    hub: str = ""
    topic: str = ""
    pushed: datetime | None = None
    lease: str = ""


class PageJob(NamedTuple):
    """A page to fetch for an entry, which is `packed`; `attempts` are the tries that failed.

    `article` is the id of the article that this is known to be, where its address may say otherwise.
    """

    id: str
    url: str
    feed: FeedState
    packed: str
    attempts: int = 0
    article: str = ""

    @property
    def entry(self) -> Entry:
        """The entry, unpacked anew each time."""
        return unpack(self.packed)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page made of a queued job: what the spider hands to the item pipelines."""

    job: PageJob
    page: Page


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What a poll came to: the feed's new state, new pages, entries seen, and when to come again by which rule.

    `due` is None for a feed that is not to be polled any more. `bounds` are all spans that were weighed, in
    seconds by name. `error` is one sentence with the URL, `failure` its class, `offers` are feeds that a page named.
    `seen` are the entries that are new or say something else, `dropped` those that the feed has no more.
    `host_wait` is what the host asked all its feeds to wait, or (not `host_whole`) perhaps this one only.
    """

    result: PollResult
    status: int
    after: FeedState
    due: datetime | None
    rule: str
    bounds: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    failure: str = ""
    offers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pages: tuple[PageJob, ...] = ()
    seen: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    entries: int = 0
    host_wait: int = 0
    host_whole: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """Feeds leased to this worker; `busy` are due ones that wait for others of their host which it holds."""

    feeds: tuple[FeedState, ...]
    busy: int = 0


class FeedBook(Protocol):
    """The schedule and the page queue, shared by all workers; every claim is a lease of this worker's."""

    async def add_feeds(self, specs: Sequence[FeedSpec]) -> tuple[str, ...]:
        """Put feeds on the schedule, due at once where they are new; returns their ids."""

    async def feed_ids(self) -> tuple[str, ...]:
        """Every feed on the schedule."""

    async def due_feeds(self, only: Sequence[str]) -> tuple[str, ...]:
        """Those of the feeds that are due."""

    async def claim_feeds(self, most: int, *, only: Sequence[str] | None, force: bool) -> Claim:
        """Lease due feeds; of `only` these where given, and due or not with `force`."""

    async def renew(self) -> None:
        """Hold on to the feeds that are leased to this worker."""

    async def seen(self, feed: str) -> dict[str, str]:
        """What each of a feed's entries said when last seen (`crawler.entries`)."""

    async def articles_at(self, digests: Sequence[str], new: Sequence[str] = ()) -> dict[str, str]:
        """The ids of the articles at those canonical URLs (given by `crawler.entries.digest`) that have one.

        For `new` ones an article counts as none of which only a feed of another site tells.
        """

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
