"""What is kept in mind of a feed's entries, to tell new from edited from said again under another id."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Remembered:
    """One entry as remembered: what it said, the address of its article, its time and its number, all as digests."""

    said: str
    url: str = ""
    same: str = ""

    def __str__(self) -> str:
        return f"{self.said} {self.url} {self.same}".rstrip()

    @classmethod
    def of(cls, entry: Entry, url: str) -> Remembered:
        """An entry as it stands in the feed; `same` is empty where nothing but its address tells it apart."""
        updated = entry.updated.isoformat() if entry.updated else ""
        numbers = _NUMBER.findall(entry.link or entry.key)
        moment = entry.published
        same = digest(moment.isoformat(), max(numbers, key=len)) if moment and numbers else ""
        return cls(digest(url, entry.title, entry.summary, updated), digest(url), same)

    @classmethod
    def read(cls, text: str) -> Remembered:
        """What `str` wrote."""
        said, _, rest = text.partition(" ")
        url, _, same = rest.partition(" ")
        return cls(said, url, same)


@dataclass(frozen=True, slots=True)
class Sorted:
    """An entry with its article's URL and what it is; `earlier` is the digest of the URL it had before."""

    entry: Entry
    url: str
    kind: Kind
    earlier: str = ""


def sort_entries(
    feed_url: str, entries: Sequence[Entry], seen: Mapping[str, str]
) -> tuple[tuple[Sorted, ...], dict[str, str]]:
    """Each entry as new, edited or known, and what is to be remembered of those that are not known.

    An entry of a new id is an old one edited when the feed had its address before, or when one of the same time
    and number has gone from it: systems make ids and addresses of headlines, and change them with the headline.
    """
    before = {key: Remembered.read(text) for key, text in seen.items()}
    by_url = {one.url: one for one in before.values()}
    current = {entry.key for entry in entries}
    gone: dict[str, list[Remembered]] = defaultdict(list)
    for key, one in before.items():
        if one.same and key not in current:
            gone[one.same].append(one)
    sorted_entries, remembered = [], {}
    for entry in entries:
        url = entry_url(feed_url, entry)
        now = Remembered.of(entry, url)
        old = before.get(entry.key) or by_url.get(now.url)
        if old is None and len(gone[now.same]) == 1:
            old = gone[now.same][0]
        if str(now) != seen.get(entry.key):
            remembered[entry.key] = str(now)
        kind: Kind = "new" if old is None else "known" if old.said == now.said else "edited"
        earlier = old.url if old is not None and old.url != now.url else ""
        sorted_entries.append(Sorted(entry, url, kind, earlier))
    return tuple(sorted_entries), remembered
