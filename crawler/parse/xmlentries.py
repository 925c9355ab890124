"""What feedparser found, as the records of `crawler.model`. Its values may be anything: each is checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from crawler.model import Entry, Hints, ParsedFeed
from crawler.parse.facts import (
    FULL_TEXT,
    TITLE_LIMIT,
    finished,
    is_web,
    key_of,
    language,
    names,
    utc,
    web_address,
)
from crawler.text import escaped, plain, storable

Found = Mapping[str, Any]

# More of an author's name is never read.
_NAME: Final = 2_000
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_IMAGE_NAME: Final = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:[?#]|$)", re.I)


def feed_from(
    version: str, feed: Found, entries: Sequence[Found], url: str, notes: Sequence[str], hints: Hints
) -> ParsedFeed:
    """A parsed feed out of feedparser's dictionaries; links are absolute against the feed's link, else `url`.

    `version` is feedparser's name of the format, "" where it found none.
    """
    home = _home(feed, url)
    bases = (home, url)
    return finished(
        ParsedFeed(
            kind=version or "unknown",
            entries=tuple(_entry(entry, bases, version.startswith("atom")) for entry in entries),
            title=_title(feed, version.startswith("atom")),
            link=home,
            lang=language(feed.get("language")),
            self_url=_related(feed, "self", bases),
            hub=_related(feed, "hub", bases),
            hints=hints,
            notes=tuple(notes),
        )
    )


def _entry(entry: Found, bases: tuple[str, ...], atom: bool) -> Entry:
    link = _link(entry, bases)
    title = _title(entry, atom)
    summary, content = _texts(entry, atom)
    published, updated = utc(entry.get("published_parsed")), utc(entry.get("updated_parsed"))
    source = entry.get("source")
    source = source if isinstance(source, dict) else None
    return Entry(
        key=key_of(_str(entry, "id"), link, title, summary),
        link=link,
        title=title,
        summary=summary,
        content_html=content,
        # RSS has one time an entry, and dc:date comes out of feedparser as a time of updating.
        published=published if atom else published or updated,
        updated=updated,
        authors=_authors(entry),
        lang=_language(entry),
        source_url=_source_link(source, bases) if source else "",
        source_title=plain(_str(source, "title"), TITLE_LIMIT) if source else "",
        image=_image(entry, bases),
        raw=_str(entry, "raw"),
    )


def _str(found: Found, key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""


def _dicts(found: Found, key: str) -> list[Found]:
    value = found.get(key)
    if value is None:
        return []
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _home(feed: Found, url: str) -> str:
    link = _str(feed, "link")
    # An id is a link where it looks like one; feedparser takes "12345" for one too.
    if link == _str(feed, "id") and not is_web(link):
        link = ""
    return web_address(link, url) or next(
        (
            web_address(link.get("href"), url)
            for link in _dicts(feed, "links")
            if link.get("rel") == "alternate"
        ),
        "",
    )


def _related(feed: Found, rel: str, bases: tuple[str, ...]) -> str:
    found = (
        web_address(link.get("href"), *bases) for link in _dicts(feed, "links") if link.get("rel") == rel
    )
    return next(filter(None, found), "")


def _link(entry: Found, bases: tuple[str, ...]) -> str:
    # Where a service counts clicks, this is the outlet's own address.
    if is_web(original := _str(entry, "feedburner_origlink").strip()):
        return web_address(original)
    link, identifier = _str(entry, "link").strip(), _str(entry, "id").strip()
    # An id is a link where it looks like one; feedparser takes "12345" for one too.
    if link and link == identifier and not is_web(link):
        link = ""
    if not link:
        link = next(
            (_str(one, "href") for one in _dicts(entry, "links") if one.get("rel") == "alternate"), ""
        )
    return web_address(link, *bases) or web_address(identifier)


def _title(found: Found, atom: bool) -> str:
    return plain(_markup(found, "title", atom), TITLE_LIMIT)


def _markup(found: Found, key: str, atom: bool) -> str:
    """A text construct as markup: Atom says whether "<" is a tag (RFC 4287, 3.1), RSS leaves it to be guessed."""
    value, detail = _str(found, key), found.get(f"{key}_detail")
    kind = detail.get("type") if isinstance(detail, dict) else ""
    return escaped(value) if atom and kind == "text/plain" else value


def _texts(entry: Found, atom: bool) -> tuple[str, str]:
    """Summary and full content; a description as long as an article is both."""
    content = _content(entry)
    # Without this detail, feedparser has copied the content to where the summary is missing.
    markup = _markup(entry, "summary", atom) if "summary_detail" in entry or not content else ""
    summary = plain(markup)
    if not content and len(summary) > FULL_TEXT:
        content = storable(markup)
    return summary, content


def _content(entry: Found) -> str:
    candidates = []
    for part in _dicts(entry, "content"):
        value = _str(part, "value")
        kind = part.get("type")
        if kind in _HTML or "</" in value:
            candidates.append(storable(value))
        elif kind in ("text/plain", "", None):
            candidates.append(escaped(value))
    return max(candidates, key=len, default="")


def _authors(entry: Found) -> tuple[str, ...]:
    found = [_str(author, "name") for author in _dicts(entry, "authors")]
    return _named(*(name[:_NAME] for name in (found if any(found) else [_str(entry, "author")])))


@lru_cache(maxsize=256)
def _named(*found: str) -> tuple[str, ...]:
    """A feed has the same few authors again and again."""
    return names(plain(name, 200) for name in found)


def _language(entry: Found) -> str:
    if own := language(entry.get("language")):
        return own
    details = (entry.get(key) for key in ("title_detail", "summary_detail"))
    inherited = (detail.get("language") for detail in details if isinstance(detail, dict))
    return next(filter(None, map(language, inherited)), "")


def _source_link(source: Found, bases: tuple[str, ...]) -> str:
    # RSS: <source url="…">; Atom: the feed that the entry was copied from, by its self link or its id.
    return (
        web_address(_str(source, "href"), *bases)
        or _related(source, "self", bases)
        or web_address(source.get("id"))
    )


def _image(entry: Found, bases: tuple[str, ...]) -> str:
    for one in _pictures(entry):
        if address := web_address(one.get("url") or one.get("href"), *bases):
            return address
    return ""


def _pictures(entry: Found) -> Iterator[Found]:
    yield from filter(_is_picture, _dicts(entry, "media_content"))
    yield from _dicts(entry, "media_thumbnail")
    yield from (one for one in _dicts(entry, "links") if one.get("rel") == "enclosure" and _is_picture(one))
    if isinstance(image := entry.get("image"), dict):
        yield image


def _is_picture(media: Found) -> bool:
    kind = _str(media, "medium") or _str(media, "type").partition("/")[0]
    if kind and kind != "text":
        return kind.lower() == "image"
    return bool(_IMAGE_NAME.search(_str(media, "url") or _str(media, "href")))
