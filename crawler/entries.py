"""What is kept in mind of a feed's entries, to tell new from edited from said again under another id."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from crawler.model import Entry
from crawler.redirects import unwrap
from crawler.urls import canonical_url

# Systems number their articles: /12345678/slug, a-slug-1.7654321, ?p=123456.
_NUMBER = re.compile(r"\d[\d.]{4,}")

Kind = Literal["new", "edited", "known"]


def digest(*words: str) -> str:
    """A short name for texts."""
    return hashlib.blake2b("\0".join(words).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def entry_url(feed_url: str, entry: Entry) -> str:
    """The canonical URL of an entry's article; an entry without a link is named by feed and key."""
    if entry.link:
        return canonical_url(unwrap(entry.link))
    return f"{feed_url}#{digest(entry.key)}"


class Remembered(NamedTuple):
    """One entry as remembered, in digests: what it said, the address of its article, its time and number, its markup.

    `time` is when it was published or updated, in seconds of the epoch.
    """

    said: str
    url: str = ""
    same: str = ""
    raw: str = ""
    time: int = 0

    def __str__(self) -> str:
        return f"{self.said} {self.url} {self.same} {self.raw} {self.time or ''}"

    @classmethod
    def of(cls, entry: Entry, url: str) -> Remembered:
        """An entry as it stands in the feed; `same` is empty where nothing but its address tells it apart."""
        updated = entry.updated.isoformat() if entry.updated else ""
        numbers = _NUMBER.findall(entry.link or entry.key)
        published, time = entry.published, entry.published or entry.updated
        same = digest(published.isoformat(), max(numbers, key=len)) if published and numbers else ""
        return cls(
            digest(url, entry.title, entry.summary, updated), digest(url), same, entry.raw,
            int(time.timestamp()) if time else 0,
        )  # fmt: skip

    @classmethod
    def read(cls, text: str) -> Remembered:
        """What `str` wrote."""
        said, url, same, raw, time = (*text.split(" "), "", "", "", "")[:5]
        return cls(said, url, same, raw, int(time or 0))


class Sorted(NamedTuple):
    """An entry with its article's URL, the digest of that and what it is; `earlier` is the URL's digest before."""

    entry: Entry
    url: str
    at: str
    kind: Kind
    earlier: str = ""


class Memory:
    """What is remembered of one feed's entries, by their keys."""

    def __init__(self, seen: Mapping[str, str]) -> None:
        self.texts = seen
        self.entries = {key: Remembered.read(text) for key, text in seen.items()}

    def raws(self) -> frozenset[str]:
        """The digests of entries that need not be read again when they stand in the feed as they did."""
        return frozenset(one.raw for one in self.entries.values() if one.raw)

    def still_there(self, raws: Sequence[str]) -> dict[str, Remembered]:
        """Those of the entries that the feed has unchanged."""
        found = set(raws)
        return {key: one for key, one in self.entries.items() if one.raw in found}


def sort_entries(
    feed_url: str, entries: Sequence[Entry], memory: Memory, still: Mapping[str, Remembered]
) -> tuple[tuple[Sorted, ...], dict[str, Remembered]]:
    """Each entry as new, edited or known, and what is to be remembered of each.

    `still` are those that the feed has beside these, unchanged. An entry of a new id is an old one edited when the
    feed had its address before, or when one of the same time and number has gone from it: systems make ids and
    addresses of headlines, and change them with the headline.
    """
    by_url = {one.url: one for one in memory.entries.values()}
    current = {entry.key for entry in entries} | still.keys()
    gone: dict[str, list[Remembered]] = defaultdict(list)
    for key, one in memory.entries.items():
        if one.same and key not in current:
            gone[one.same].append(one)
    found, remembered = [], {}
    for entry in entries:
        url = entry_url(feed_url, entry)
        now = remembered[entry.key] = Remembered.of(entry, url)
        old = memory.entries.get(entry.key) or by_url.get(now.url)
        if old is None and len(gone[now.same]) == 1:
            old = gone[now.same][0]
        kind: Kind = "new" if old is None else "known" if old.said == now.said else "edited"
        earlier = old.url if old is not None and old.url != now.url else ""
        found.append(Sorted(entry, url, now.url, kind, earlier))
    return tuple(found), remembered
