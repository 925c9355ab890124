"""Choosing among what page and feed say: one title, one date, the authors, one image. Pure functions.

The rules are general, by source and by agreement between sources; none knows an outlet. Their
measurement is `python -m benchmarks.pages`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from crawler.jsonld import MAX_VALUE, fold
from crawler.metadata import Candidate, PageMeta
from crawler.text import plain

# How much one source's word counts when sources disagree. A headline said for news aggregators (JSON-LD)
# is the article's; og is rewritten to be clicked, <title> to be found. Chosen on the 115 recorded pages
# with a gold title, so the 85 % that they give there is no estimate for others; of 864 combinations,
# tried with an earlier form of the vote, the best gave 87 % and most 82 %.
TITLE_WEIGHTS = {
    "jsonld": 4.0, "og:title": 3.0, "h1": 2.5, "itemprop": 2.0, "headline": 1.5, "title": 0.8, "twitter:title": 0.5,
    "entry": 3.5,
}  # fmt: skip
_OTHER_WEIGHT = 0.5
# An h1 that nothing else on the page repeats may be the outlet's name or a teaser's headline.
_ALONE = 0.4
# Loose, because a cut only counts where what it leaves is a known name or another source's title.
_SEPARATOR = re.compile(r"\s+[-–—―·•:»«~]+\s+|\s*[|｜ㅣ]\s*|-")
_WORD = re.compile(r"\w+")

_FIRST_DATES = ("jsonld", "article:published_time", "itemprop")
_LAST_DATES = frozenset(("time", "last-modified"))
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_NEAR_SECONDS = 26 * 3600

_BY = re.compile(
    r"(?i)^(?:by|von|par|por|door|av|af|di|de|автор|text|words|written by|story by)\s*:?\s+(?=\S)"
)
_AND = re.compile(r"\s*(?:[,;|/•·]|\s(?:and|und|et|y|e|og|och|en|i|&)\s)\s*")
_NOT_PEOPLE = re.compile(r"(?i)https?://|www\.|^\S+@\S+$|^\(")
_NO_NAME = re.compile(r"(?i)@|\d{3}|^(?:admin|administrator|editor|staff|unknown|none|null|n/a|redaktion)$")
_MAX_NAME_WORDS = 6
_LONG_NAME = 7
_MAX_AUTHORS = 20
_NO_PHOTO = re.compile(r"(?i)(?:^|[/_.-])(?:logo|favicon|placeholder|default|sprite|blank|pixel)(?:[_.-]|$)")


def choose_title(meta: PageMeta, entry_title: str = "", *, outlet: str = "", feed_title: str = "") -> str:
    """The headline that most of the page's sources agree on, without the outlet's name, "" if none.

    Sources vote by weight; a longer title that is another source's with a segment before or after
    ("Headline - Section - Outlet") votes for that shorter one. A feed's headline that any source
    of the page repeats is the outlet's own choice and wins.
    """
    names = _outlet_names((*meta.site_names, feed_title), outlet)
    found = [*meta.titles, *([Candidate("entry", entry_title)] if entry_title else [])]
    cleaned = [(c.source, without_outlet(plain(c.text), names)) for c in found]
    voices = [(source, text) for source, text in cleaned if text and _key(text) not in names]
    if not voices:
        return next((text for _, text in cleaned if text), "")
    said = without_outlet(plain(entry_title), names)
    repeated = [text for source, text in voices if source != "entry" and _key(text) == _key(said)]
    if repeated:
        return said if said in repeated else repeated[0]
    scores = {text: _support(text, voices) for _, text in voices}
    return max(scores, key=lambda text: scores[text])


def without_outlet(title: str, names: frozenset[str]) -> str:
    """A title without leading or trailing segments that are one of `names` (as `_key` writes them)."""
    while (last := _split_last(title)) and _is_name(last[1], names):
        title = last[0]
    while (first := _split_first(title)) and _is_name(first[0], names):
        title = first[1]
    return title


def choose_date(
    meta: PageMeta, entry_published: datetime | None = None, *, guess: str = ""
) -> datetime | None:
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
            return entry_published.astimezone(UTC)
        return moment
    if entry_published:
        return entry_published.astimezone(UTC)
    guessed = parse_when(guess)
    return guessed.replace(tzinfo=guessed.tzinfo or UTC).astimezone(UTC) if guessed else None


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
) -> tuple[str, ...]:
    """The names of the first source that names people; the outlet itself only where nobody else is named."""
    names = _outlet_names((*meta.site_names, feed_title), outlet)
    sources = dict.fromkeys(candidate.source for candidate in meta.authors)
    groups = [[c.text for c in meta.authors if c.source == source] for source in sources]
    people = [
        tuple(dict.fromkeys(p for text in group for p in _people(text)))
        for group in (*groups, [*entry_authors])
    ]
    for group in people:
        if named := tuple(name for name in group if not _is_name(name, names)):
            return named[:_MAX_AUTHORS]
    return next((group[:1] for group in people if group), ())


def choose_image(meta: PageMeta, base_url: str, entry_image: str = "") -> str:
    """The absolute address of the article's picture, "" if none; logos only where nothing else is."""
    found: list[tuple[bool, int, str]] = []
    for text in (*(candidate.text for candidate in meta.images), entry_image):
        try:
            address = urljoin(base_url, html.unescape(text).strip()) if text.strip() else ""
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.netloc and len(address) < MAX_VALUE:
            found.append((bool(_NO_PHOTO.search(parts.path)), len(found), address))
    return min(found)[2] if found else ""


def _support(text: str, voices: list[tuple[str, str]]) -> float:
    """The weight of the sources that say this title, alone or as the main segment of a longer one."""
    key = _key(text)
    saying = {source for source, other in voices if key == _key(other) or key in _main_segments(other)}
    weight = sum(TITLE_WEIGHTS.get(source, _OTHER_WEIGHT) for source in saying)
    return weight * (_ALONE if saying == {"h1"} else 1.0)


def _main_segments(title: str) -> set[str]:
    """Keys of what is left of a title after taking segments off an end, where that is most of it."""
    cuts = [match.span() for match in _SEPARATOR.finditer(title)]
    rests = {_key(title[:start]) for start, _ in cuts} | {_key(title[end:]) for _, end in cuts}
    return {rest for rest in rests if 2 * len(rest) > len(_key(title))}


def _outlet_names(names: Iterable[str], outlet: str) -> frozenset[str]:
    """Keys of all that an outlet is called: declared names, its domain, the domain's first label."""
    keys = {_key(name) for name in names} | {_key(outlet), _key("www." + outlet), _key(outlet.split(".")[0])}
    return frozenset(keys - {"", "www"})


def _is_name(segment: str, names: frozenset[str]) -> bool:
    """Whether a segment is an outlet's name, or a few words with its long name among them."""
    key, words = _key(segment), _WORD.findall(segment.casefold())
    if key in names or key.removeprefix("the") in names or f"the{key}" in names:
        return True
    return len(words) <= _MAX_NAME_WORDS and any(len(word) >= _LONG_NAME and word in names for word in words)


def _split_last(title: str) -> tuple[str, str] | None:
    cuts = [m for m in _SEPARATOR.finditer(title) if m.start() > 0]
    return (title[: cuts[-1].start()], title[cuts[-1].end() :]) if cuts else None


def _split_first(title: str) -> tuple[str, str] | None:
    match = re.search(rf"{_SEPARATOR.pattern}|:\s+", title)
    return (title[: match.start()], title[match.end() :]) if match and match.start() > 0 else None


def _key(text: str) -> str:
    """What two spellings of one title have in common: its letters and digits."""
    return "".join(_WORD.findall(text.casefold()))


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
