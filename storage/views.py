"""What readers get: stories, groups, articles and feeds as Redis holds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dedup.body import compared


@dataclass(frozen=True, slots=True)
class ArticleView:
    """One article. `repeated` are its repeats (segment, place, of, similarity, text), `aside` the segments
    that are not text, as (position, kind, place, text). `page` is what kind of page was fetched for it,
    `taken_from` where each of its fields was found."""

    id: str
    url: str
    outlet: str
    lang: str
    title: str
    published: datetime | None
    seen: datetime | None
    group: str
    story: str
    verdict: str
    similarity: float
    matched: str
    score: float
    terms: tuple[tuple[str, float], ...]
    text: str
    repeats: int
    repeated: tuple[Mapping[str, Any], ...]
    aside: tuple[tuple[int, str, str, str], ...]
    authors: tuple[str, ...]
    image: str
    source: str
    revisions: int
    headline_in_text: bool
    skip: tuple[int, int]
    wire: str = ""
    source_url: str = ""
    page: str = "article"
    taken_from: Mapping[str, str] = field(default_factory=dict)
    beside: str = ""

    @property
    def body(self) -> str:
        """What is compared with other articles."""
        return compared(self.title, self.text, headline_in_text=self.headline_in_text)

    @property
    def time(self) -> datetime | None:
        """When it tells its news: its publication, or when it was met."""
        if self.published and self.seen and self.published > self.seen:
            return self.seen
        return self.published or self.seen


@dataclass(frozen=True, slots=True)
class GroupView:
    """One text and its reprints; `articles` are in the order of their times, the origin first."""

    id: str
    story: str
    origin: str
    articles: tuple[ArticleView, ...]

    @property
    def outlets(self) -> tuple[str, ...]:
        """The publishers that printed it, in the order they did."""
        return tuple(dict.fromkeys(article.outlet for article in self.articles))

    @property
    def wire(self) -> str:
        """The news agency that most of its articles credit, "" where none does."""
        credits = Counter(article.wire for article in self.articles if article.wire)
        return credits.most_common(1)[0][0] if credits else ""


@dataclass(frozen=True, slots=True)
class StorySummary:
    """One story as a line: counts, times, and the headline of its representative.

    `growth` is how many of its articles are of the last hour, `wire` the agency that its earliest article credits;
    `pinned` and `hidden` are when an operator did so.
    """

    id: str
    lang: str
    headline: str
    url: str
    outlet: str
    representative: str
    articles: int
    outlets: int
    groups: int
    first: datetime | None
    latest: datetime | None
    seen: datetime | None
    growth: int
    wire: str = ""
    pinned: datetime | None = None
    hidden: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoryView:
    """One story whole: its summary, its groups (most printed first), outlets with their articles, and the stories on
    the same event in other languages with the score of the link, best first."""

    summary: StorySummary
    groups: tuple[GroupView, ...]
    outlets: Mapping[str, int]
    related: tuple[tuple[StorySummary, float], ...] = ()


@dataclass(frozen=True, slots=True)
class FeedView:
    """One feed on the schedule, with its last poll and its next; `bounds` are what was weighed, in seconds.

    `spread` is by how many seconds the next poll is later because of others of its host, `given` the address
    as listed where the feed has moved, `moved_to` a move that is not confirmed yet.
    """

    id: str
    url: str
    title: str
    lang: str
    kind: str
    folder: str
    result: str
    status: int
    error: str
    failure: str
    streak: int
    entries: int
    polled: datetime | None
    good: datetime | None
    failed: datetime | None
    news: datetime | None
    next: datetime | None
    rule: str
    bounds: Mapping[str, int]
    spread: int
    gap: int
    interval: int
    offers: tuple[str, ...]
    notes: tuple[str, ...]
    given: str
    moved_to: str
    moved_polls: int
    validators: tuple[str, ...]
    hub: str
    subscribed: str


@dataclass(frozen=True, slots=True)
class Stats:
    """How much there is."""

    articles: int
    stories: int
    feeds: int
    feeds_failing: int
    feeds_due: int
    pages_waiting: int
    events: int
    memory_bytes: int
