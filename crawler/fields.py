"""Choosing among what page and feed say: address, date, authors, image. Pure; each names its source.

The rules are general, by source and by agreement between sources; none knows an outlet. Their
measurement is `python -m benchmarks.pages`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urljoin, urlsplit

from crawler.elements import Candidate
from crawler.jsonld import MAX_VALUE, fold
from crawler.metadata import PageMeta
from crawler.model import Chosen
from crawler.text import plain
from crawler.titles import is_name, outlet_names
from crawler.urls import canonical_url, declared_address

_FIRST_DATES = ("jsonld", "article:published_time", "itemprop")
_LAST_DATES = frozenset(("time", "last-modified"))
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_NEAR_SECONDS = 26 * 3600

_BY = re.compile(
    r"(?i)^(?:by|von|par|por|door|av|af|di|de|автор|text|words|written by|story by)\s*:?\s+(?=\S)"
)
_AND = re.compile(r"\s*(?:[,;|/•·]|\s(?:and|und|et|y|e|og|och|en|i|&)\s)\s*")
_NOT_PEOPLE = re.compile(r"(?i)https?://|www\.|^\S+@\S+$|^\(")
_NO_NAME = re.compile(
    r"(?i)@|\d{3}|^(?:admin|administrator|editor|staff|staff (?:reports?|writers?)|news ?(?:room|desk)|web desk|agenc(?:y|ies)|unknown|none|null|n/a|redaktion)$"
)
_MAX_AUTHORS = 20
_MAX_NAME_WORDS = 6
_NO_PHOTO = re.compile(r"(?i)(?:^|[/_.-])(?:logo|favicon|placeholder|default|sprite|blank|pixel)(?:[_.-]|$)")


def choose_url(meta: PageMeta, fetched: str) -> Chosen[str]:
    """The article's canonical address: what the page declares where that can be trusted, else where it was got."""
    for candidate in meta.canonical:
        if address := declared_address(fetched, candidate.text):
            return Chosen(address, candidate.source)
    return Chosen(canonical_url(fetched), "address")


def choose_date(
    meta: PageMeta, entry_published: datetime | None = None, *, guess: str = ""
) -> Chosen[datetime | None]:
    """When the article was first published, aware UTC, or None.

    Order: JSON-LD, article:published_time, other declared fields, the feed entry, <time>, `guess`.
    A local time without an offset gives way to the entry's instant of about the same day.
    """
    for candidate in _by_trust(meta.published):
        moment = parse_when(candidate.text)
        if moment is None:
            continue
        naive = moment.tzinfo is None
        moment = moment.replace(tzinfo=UTC) if naive else moment.astimezone(UTC)
        if candidate.source in _LAST_DATES and entry_published:
            break
        if naive and entry_published and abs((entry_published - moment).total_seconds()) < _NEAR_SECONDS:
            return Chosen(entry_published.astimezone(UTC), "entry")
        return Chosen(moment, candidate.source)
    if entry_published:
        return Chosen(entry_published.astimezone(UTC), "entry")
    guessed = parse_when(guess)
    if guessed is None:
        return Chosen(None)
    return Chosen(guessed.replace(tzinfo=guessed.tzinfo or UTC).astimezone(UTC), "htmldate")


def parse_when(text: str) -> datetime | None:
    """A time as pages write it (ISO 8601, RFC 2822, seconds of the epoch), naive without an offset.

    None for what is no time and for the fillers of content systems (year 1, the epoch itself).
    """
    text = fold(text)
    for read in (_from_epoch, _from_iso, parsedate_to_datetime, _from_leading_date):
        try:
            moment = read(text)
            aware = (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError, OSError):
            continue
        return moment if aware > _EARLIEST and aware.timestamp() != 0 else None
    return None


def choose_authors(
    meta: PageMeta, entry_authors: Iterable[str] = (), *, outlet: str = "", feed_title: str = ""
) -> Chosen[tuple[str, ...]]:
    """The names of the first source that names people; the outlet itself only where nobody else is named."""
    names = outlet_names((*meta.site_names, feed_title), outlet)
    sources = dict.fromkeys(candidate.source for candidate in meta.authors)
    groups = {source: [c.text for c in meta.authors if c.source == source] for source in sources}
    groups["entry"] = [*entry_authors]
    people = {
        source: tuple(dict.fromkeys(p for text in group for p in _people(text)))
        for source, group in groups.items()
    }
    for source, group in people.items():
        if named := tuple(name for name in group if not is_name(name, names)):
            return Chosen(named[:_MAX_AUTHORS], source)
    return next((Chosen(group[:1], source) for source, group in people.items() if group), Chosen(()))


def choose_image(meta: PageMeta, base_url: str, entry_image: str = "") -> Chosen[str]:
    """The absolute address of the article's picture, "" if none; logos only where nothing else is."""
    found: list[tuple[bool, int, str, str]] = []
    for source, text in (*meta.images, Candidate("entry", entry_image)):
        try:
            address = _spelled(urljoin(base_url, html.unescape(text).strip())) if text.strip() else ""
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.netloc and len(address) < MAX_VALUE:
            found.append((bool(_NO_PHOTO.search(parts.path)), len(found), address, source))
    return Chosen(*min(found)[2:]) if found else Chosen("")


def _spelled(address: str) -> str:
    """An address in the characters that addresses have; what is spelt so already stays."""
    return quote(address, safe="%/:=&?~#+!$,;'@()*[]|")


def _by_trust(candidates: tuple[Candidate, ...]) -> Iterator[Candidate]:
    def rank(candidate: Candidate) -> int:
        if candidate.source in _FIRST_DATES:
            return _FIRST_DATES.index(candidate.source)
        return 9 if candidate.source in _LAST_DATES else 5

    return iter(sorted(candidates, key=rank))


def _from_epoch(text: str) -> datetime:
    if not re.fullmatch(r"\d{10}(?:\d{3})?", text):
        raise ValueError(text)
    return datetime.fromtimestamp(int(text[:10]), UTC)


def _from_iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d\d:?\d\d$|Z$)", "", text))
    except ValueError:
        return datetime.combine(date.fromisoformat(text), time())


def _from_leading_date(text: str) -> datetime:
    match = re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", text)
    if match is None:
        raise ValueError(text)
    return datetime(int(match[1]), int(match[2]), int(match[3]))  # noqa: DTZ001 - the page says no zone


def _people(text: str) -> Iterator[str]:
    """Names in a by-line; addresses, e-mail and picture credits are none, initials behind a name go."""
    text = plain(text)
    if _NOT_PEOPLE.search(text):
        return
    for part in _AND.split(_BY.sub("", re.sub(r"\s*\([^()]*\)", "", text))):
        name = part.strip(" .,:-–—*")
        if len(name) > 1 and not _NO_NAME.search(name) and len(name.split()) <= _MAX_NAME_WORDS:
            yield name
