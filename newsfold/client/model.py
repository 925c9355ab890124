"""What readers of newsfold's Redis get: stories, articles and events, as docs/redis-schema.md has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.plain import from_iso


class ContractDiffers(Exception):  # noqa: N818 - it reads as what it says
    """Redis was written under a contract that this client does not know; the sentence has both."""


@dataclass(frozen=True, slots=True)
class Story:
    """Texts on one event, in one language. Counts are of now; times are aware, in UTC.

    `groups` are its independent texts, `headline`, `url` and `outlet` those of the article that is shown for it
    (`representative`), `first` and `latest` the times of its earliest and latest article, `seen` when it last grew.
    `wire` is the agency that its earliest article credits, "" for none; `pinned` and `hidden` are when an operator did so.
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
    created: datetime | None
    seen: datetime | None
    wire: str
    pinned: datetime | None = None
    hidden: datetime | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """One article. `published` is None where it is not known; `matched` is the article it was compared with,
    `similarity` (0–1) how much alike they are, `verdict` one of new, exact, near-duplicate and contained."""

    id: str
    url: str
    outlet: str
    lang: str
    title: str
    text: str
    published: datetime | None
    seen: datetime | None
    group: str
    story: str
    verdict: str
    similarity: float
    matched: str
    wire: str

    @property
    def time(self) -> datetime | None:
        """When it tells its news: its publication, or when it was met."""
        if self.published and self.seen and self.published > self.seen:
            return self.seen
        return self.published or self.seen


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the events stream: `type` as docs/redis-schema.md lists them, and the ids that it names.

    `story` is that of the event's time: what `get` returns for it has followed what was merged since. `into` and
    `left` are of merged stories, and of groups that moved. `again` says that it was given to a consumer before that may have
    handled it. A `type` of "gap" is no entry: entries went before this group read them, `lost` of them where that is known.
    """

    id: str
    type: str
    at: datetime | None = None
    story: str = ""
    group: str = ""
    article: str = ""
    into: str = ""
    left: str = ""
    again: bool = False
    lost: int | None = None


def story_of(row: Mapping[str, str]) -> Story | None:
    """A story's hash as a story; None for one that is gone or was merged."""
    if "created" not in row:
        return None
    return Story(
        id=row["id"],
        lang=row.get("lang", ""),
        headline=row.get("headline", ""),
        url=row.get("url", ""),
        outlet=row.get("outlet", ""),
        representative=row.get("representative", ""),
        articles=int(row.get("articles", 0)),
        outlets=int(row.get("outlets", 0)),
        groups=int(row.get("groups", 0)),
        first=from_iso(row.get("first", "")),
        latest=from_iso(row.get("latest", "")),
        created=from_iso(row["created"]),
        seen=from_iso(row.get("seen", "")),
        wire=row.get("wire", ""),
        pinned=from_iso(row.get("pinned", "")),
        hidden=from_iso(row.get("hidden", "")),
    )


def article_of(row: Mapping[str, str]) -> Article | None:
    """An article's hash as an article; None for one that is gone."""
    if "group" not in row:
        return None
    return Article(
        id=row["id"],
        url=row.get("url", ""),
        outlet=row.get("outlet", ""),
        lang=row.get("lang", ""),
        title=row.get("title", ""),
        text=row.get("text", ""),
        published=from_iso(row.get("published", "")),
        seen=from_iso(row.get("seen", "")),
        group=row["group"],
        story=row.get("story", ""),
        verdict=row.get("verdict", ""),
        similarity=float(row.get("similarity", 0)),
        matched=row.get("matched", ""),
        wire=row.get("wire", ""),
    )


def event_of(identity: str, fields: Mapping[str, str], *, again: bool) -> Event:
    """A stream entry as an event; fields that are not known are passed over."""
    return Event(
        id=identity,
        type=fields.get("type", ""),
        at=from_iso(fields.get("at", "")),
        story=fields.get("story", ""),
        group=fields.get("group", ""),
        article=fields.get("article", ""),
        into=fields.get("into", ""),
        left=fields.get("from", ""),
        again=again,
    )
