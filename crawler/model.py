"""What getting produces, one frozen dataclass a stage: feed list line, entry, parsed feed, page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, Literal, NamedTuple, TypeVar

_Value = TypeVar("_Value", covariant=True)

BlockKind = Literal["paragraph", "heading", "list", "quote", "table", "bold", "link", "caption", "alt"]
PageKind = Literal["article", "live", "gallery", "video", "paywall", "consent", "missing", "index"]


class Chosen(NamedTuple, Generic[_Value]):
    """A value and the source that it was taken from ("jsonld", "og:title", "entry" …), "" where there is none."""

    value: _Value
    source: str = ""


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """One feed as the operator lists it; an empty field means "as the feed itself says"."""

    url: str
    title: str = ""
    folder: tuple[str, ...] = ()
    lang: str = ""
    outlet: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A feed's record of one article, as published; texts are plain, times aware UTC.

    `key` identifies the entry within its feed: its id, else its link, else a digest of its title.
    `content_html` is the full content where the feed carries it, as markup; never shown unread.
    `raw` is a digest of the entry as it stood in the feed, "" where it was not taken.
    """

    key: str
    link: str
    title: str = ""
    summary: str = ""
    content_html: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    lang: str = ""
    source_url: str = ""
    source_title: str = ""
    image: str = ""
    raw: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Hints:
    """What a feed itself says of how often to come: seconds, hours of the day (UTC), days (Monday is 0)."""

    ttl: int = 0
    period: int = 0
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


NO_HINTS = Hints()


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """One answer read as a feed. `kind` names the format ("rss20", "atom10", "rdf", "json11", "sitemap" …).

    `known` are the digests of entries that were not read, as the caller knows them already.
    `parts` are the sitemaps that an index of sitemaps names, the newest first; it has no entries of its own.
    """

    kind: str
    entries: tuple[Entry, ...]
    title: str = ""
    link: str = ""
    lang: str = ""
    self_url: str = ""
    hub: str = ""
    hints: Hints = NO_HINTS
    parts: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def joined(self, part: ParsedFeed) -> ParsedFeed:
        """This feed with the entries of one of its parts; of entries with one key the first stays."""
        merged = {entry.key: entry for entry in self.entries}
        for entry in part.entries:
            merged.setdefault(entry.key, entry)
        return replace(
            self, entries=tuple(merged.values()), lang=self.lang or part.lang, title=self.title or part.title
        )


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page's body in reading order; `text` has no markup and no line break.

    "bold" and "link" are lines that are nothing but that; "caption" and "alt" (a picture's alternative text)
    are no part of the text.
    """

    kind: BlockKind
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """One article as a page and its feed entry tell it, before cleaning.

    `url` is canonical, `outlet` the registrable domain, `lang` a two-letter code or "und".
    `source` says where the body came from: "page", "feed" (entry's full content), "summary" or "input".
    `source_url` is where an aggregator's item says that it comes from.
    `kind` is what the fetched page was; of what is no article the entry gives the text.
    `headlines` are what else page and feed call it, `sources` where each field was taken from.
    """

    url: str
    outlet: str
    title: str
    blocks: tuple[Block, ...]
    lang: str
    published: datetime | None = None
    authors: tuple[str, ...] = ()
    image: str = ""
    source: str = "page"
    source_url: str = ""
    id: str = ""
    feed: str = ""
    entry_key: str = ""
    kind: PageKind = "article"
    headlines: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
