"""A feed's entries sifted against what is remembered of it: what is new or edited, ready for the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from crawler.book import FeedState
from crawler.entries import Memory, Sorted, digest, sort_entries
from crawler.model import ParsedFeed
from crawler.packed import pack
from crawler.urls import same_site

# A content of so many characters is taken for the article.
_WHOLE: Final = 1_200


class News(NamedTuple):
    """A new or edited entry: its article's canonical URL and the digest of that, its queued page's id, itself packed.

    `earlier` is the digest of the URL that it had before.
    """

    kind: Literal["new", "edited"]
    url: str
    at: str
    page: str
    packed: str
    earlier: str = ""


@dataclass(frozen=True, slots=True)
class Sifted:
    """What came of a parsed feed's entries, which `parsed` has no more; `times` and `count` are of all of them."""

    parsed: ParsedFeed
    news: tuple[News, ...]
    remembered: Mapping[str, str]
    dropped: tuple[str, ...]
    times: tuple[int, ...]
    count: int

    @property
    def new(self) -> tuple[str, ...]:
        """The addresses of new entries, as they are looked up."""
        return tuple(one.at for one in self.news if one.kind == "new")

    @property
    def lookups(self) -> tuple[str, ...]:
        """What is to be looked up before the decision: addresses of new entries, earlier ones of edited ones."""
        return (*self.new, *(one.earlier for one in self.news if one.earlier and one.kind == "edited"))


def page_id(url: str, feed: str = "") -> str:
    """The id of a queued page: one a canonical URL, however many feeds name it, but for what `feed` alone tells of it."""
    return "p" + (digest(url, feed) if feed else digest(url))


def sift(feed: FeedState, parsed: ParsedFeed, memory: Memory) -> Sifted | None:
    """Sort the entries of an answer against what is remembered of the feed.

    None where an entry that was read has the id of one that was not: then all must be read to tell them apart.
    """
    still = memory.still_there(parsed.known)
    if any(entry.key in still for entry in parsed.entries):
        return None
    found, now = sort_entries(feed.url, parsed.entries, memory, still)
    texts = {key: str(one) for key, one in now.items()}
    return Sifted(
        replace(parsed, entries=(), known=()),
        tuple(_news(feed, one) for one in found if one.kind != "known"),
        remembered={key: text for key, text in texts.items() if memory.texts.get(key) != text},
        dropped=tuple(sorted(memory.entries.keys() - now.keys() - still.keys())),
        times=tuple(one.time for one in (*now.values(), *still.values()) if one.time),
        count=len(parsed.entries) + len(still),
    )  # fmt: skip


def _news(feed: FeedState, one: Sorted) -> News:
    kind: Literal["new", "edited"] = "new" if one.kind == "new" else "edited"
    page = page_id(one.url, feed.id) if _tells_anothers(feed, one) else f"p{one.at}"
    return News(kind, one.url, one.at, page, pack(one.entry), one.earlier)


def _tells_anothers(feed: FeedState, one: Sorted) -> bool:
    """Whether an entry brings a whole text for another site's address: its own feed's word must not wait behind that."""
    whole = len(one.entry.content_html) >= _WHOLE
    return whole and not any(same_site(home, one.url) for home in (feed.url, feed.given) if home)
