"""What every format says in its own way, brought to one form: addresses, times, languages, keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final
from urllib.parse import urljoin, urlsplit

from crawler.model import Entry, ParsedFeed
from crawler.text import storable, tidy

TITLE_LIMIT: Final = 1_000
# A description of this many characters of text is the article: median leads have 150, long ones 600.
FULL_TEXT: Final = 1_200

_LINK_LIMIT: Final = 4_096
_KEY_LIMIT: Final = 1_000
_NAME_LIMIT: Final = 200
_AUTHORS: Final = 50
# Addresses of which there is nothing to doubt; the others are taken apart.
_USUAL: Final = re.compile(
    r"https?://[a-z0-9][a-z0-9.-]*(?::(?:[1-9]\d{0,3}|[1-5]\d{4}))?(?:[/?][!-Z\\^-~]*)?",
    re.ASCII,
)
_YEARS: Final = range(1970, 2101)

_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,12})?)?\s?(?:[Zz]|[+-]\d\d:?\d\d)?)?"
)
_LANGUAGE: Final = re.compile(r"([A-Za-z]{2,3})(?![A-Za-z0-9])")
_ADDRESS: Final = re.compile(r"^\S+@\S+(?: \((.+)\))?$")
# Withdrawn codes that feeds still carry (IANA language subtag registry, "Preferred-Value").
_PREFERRED: Final = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"}


def web_address(link: object, *bases: str) -> str:
    """`link` as an absolute http(s) address against the first base that is one; "" for anything else.

    A link of another scheme (javascript:, mailto:, data:) is nothing that could be fetched or shown.
    """
    if not isinstance(link, str):
        return ""
    if _USUAL.fullmatch(link) and len(link) <= _LINK_LIMIT:
        return link
    found = _tidied(link)
    if not found or len(found) > _LINK_LIMIT:
        return ""
    if is_web(found):
        return found
    for base in filter(is_web, bases):
        joined = _joined(base, found)
        return joined if is_web(joined) else ""
    return ""


def _tidied(link: str) -> str:
    return re.sub(r"[\t\r\n]", "", storable(link)).replace(" ", "%20")


def is_web(link: str) -> bool:
    """Whether `link` is an absolute http or https address with a host."""
    if _USUAL.fullmatch(link):
        return True
    try:
        parts = urlsplit(link)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return ""


def utc(parts: object) -> datetime | None:
    """A time tuple in UTC (year, month, day, hour, minute, second, …) as a time, or a time; nonsense is None."""
    if isinstance(parts, datetime):
        return parts if parts.year in _YEARS else None
    if not isinstance(parts, Sequence) or len(parts) < 6:
        return None
    try:
        year, month, day, hour, minute, second = (int(part) for part in parts[:6])
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.year in _YEARS else None


def rfc3339(text: object) -> datetime | None:
    """A time as JSON Feed writes it (RFC 3339), in UTC; without an offset it is taken as UTC."""
    if not isinstance(text, str) or len(text) > 60 or not _RFC3339.fullmatch(text.strip()):
        return None
    try:
        day, clock = text.strip()[:10], text.strip()[11:].upper().replace(" ", "").replace(",", ".")
        moment = datetime.fromisoformat(f"{day}T{clock}" if clock else day)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in _YEARS else None


def language(tag: object) -> str:
    """The primary subtag of a language tag (BCP 47), in lower case: "en-US" is "en"; no tag is ""."""
    return _subtag(tag.lstrip()[:4]) if isinstance(tag, str) else ""


@lru_cache(maxsize=1_024)
def _subtag(beginning: str) -> str:
    match = _LANGUAGE.match(beginning)
    code = match[1].lower() if match else ""
    return "" if code == "und" else _PREFERRED.get(code, code)


def names(found: Iterable[str]) -> tuple[str, ...]:
    """Authors' names, each once; of "ann@a.example (Ann)" (RSS 2.0) the name, of an address alone nothing."""
    tidied = (_ADDRESS.sub(r"\1", tidy(name[:_NAME_LIMIT])) for name in found)
    return tuple(dict.fromkeys(filter(None, tidied)))[:_AUTHORS]


def key_of(identifier: str, link: str, title: str, summary: str) -> str:
    """An entry's key in its feed: its id, else its link, else a digest of its title and summary."""
    key = tidy(identifier) or link
    if key and len(key) <= _KEY_LIMIT:
        return key
    seed = key or f"{title}\n{summary}"
    return f"sha256:{sha256(seed.encode()).hexdigest()[:32]}"


def finished(feed: ParsedFeed) -> ParsedFeed:
    """`feed` with every key once: an id that stands for several links is told apart by the link.

    Some outlets give all their entries one id: dropping the later ones would lose articles.
    An entry that says nothing at all (no id, no link, no words) is dropped.
    """
    kept: dict[str, Entry] = {}
    repeats = 0
    said = [
        entry for entry in feed.entries if entry.link or entry.title or entry.summary or entry.content_html
    ]
    for entry in said:
        first = kept.get(entry.key)
        if first is not None and first.link != entry.link:
            entry = replace(entry, key=f"{entry.key}\n{entry.link}")
        repeats += entry.key in kept
        kept.setdefault(entry.key, entry)
    counts = ((repeats, "repeated"), (len(feed.entries) - len(said), "empty"))
    notes = tuple(
        f"{count:,} {what} {'entry' if count == 1 else 'entries'} left out" for count, what in counts if count
    )
    return replace(feed, entries=tuple(kept.values()), notes=feed.notes + notes)
