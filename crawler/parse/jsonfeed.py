"""JSON Feed 1.0 and 1.1 (https://jsonfeed.org/version/1.1)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Mapping
from typing import Any, Final

from crawler.errors import FeedError, NotAFeed
from crawler.model import Entry, ParsedFeed
from crawler.parse.facts import TITLE_LIMIT, finished, key_of, language, names, rfc3339, web_address
from crawler.text import escaped, plain, storable, tidy

_VERSION: Final = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/(\d)(?:\.(\d))?/?")

Found = Mapping[str, Any]


def parse_json(text: str, url: str, max_entries: int, known: Container[str] = ()) -> ParsedFeed:
    """Reads a JSON Feed; JSON of another kind is NotAFeed, broken JSON a FeedError.

    A value of an unexpected type counts as missing: one bad field must not cost the feed.
    """
    found = _loaded(text, url)
    version = _VERSION.fullmatch(_str(found, "version").strip())
    if not version or not isinstance(found.get("items"), list):
        raise NotAFeed(f"{url} is JSON, but not a JSON Feed: it has no version of jsonfeed.org or no items")
    home = web_address(found.get("home_page_url"), url)
    items = [item for item in found["items"] if isinstance(item, Mapping)]
    notes = _notes(found["items"], items, max_entries)
    raws = [(_raw(item, home), item) for item in items[:max_entries]]
    return finished(
        ParsedFeed(
            kind=f"json{version[1]}{version[2] or 0}",
            entries=tuple(_entry(item, (home, url), raw) for raw, item in raws if raw not in known),
            known=tuple(raw for raw, _ in raws if raw in known),
            title=_line(found, "title"),
            link=home,
            lang=language(found.get("language")),
            self_url=web_address(found.get("feed_url"), url),
            hub=_hub(found, url),
            notes=notes,
        )
    )


def _loaded(text: str, url: str) -> Found:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FeedError(f"{url} answered with broken JSON: {error}") from error
    return found if isinstance(found, Mapping) else {}


def _notes(all_items: list[Any], items: list[Found], max_entries: int) -> tuple[str, ...]:
    notes = []
    if strange := len(all_items) - len(items):
        notes.append(f"{strange:,} items are no JSON objects")
    if len(items) > max_entries:
        notes.append(f"only the first {max_entries:,} entries were read")
    return tuple(notes)


def _raw(item: Found, home: str) -> str:
    return hashlib.blake2b(repr((home, item)).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _entry(item: Found, bases: tuple[str, ...], raw: str) -> Entry:
    link = web_address(item.get("url"), *bases) or web_address(item.get("external_url"), *bases)
    title, summary = _line(item, "title"), plain(escaped(_str(item, "summary")))
    identifier = _identifier(item)
    images = (item.get("image"), item.get("banner_image"), *_attached(item))
    return Entry(
        key=key_of(identifier, link, title, summary),
        link=link or web_address(identifier),
        title=title,
        summary=summary,
        content_html=storable(_str(item, "content_html")) or escaped(_str(item, "content_text")),
        published=rfc3339(item.get("date_published")),
        updated=rfc3339(item.get("date_modified")),
        authors=_authors(item),
        lang=language(item.get("language")),
        image=next(filter(None, (web_address(image, *bases) for image in images)), ""),
        raw=raw,
    )


def _str(found: Found, key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""


def _dicts(found: Found, key: str) -> list[Found]:
    value = found.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _line(found: Found, key: str) -> str:
    # The specification says plain text; "&amp;" and tags come nevertheless, "<" as itself does too.
    return plain(_str(found, key), TITLE_LIMIT)


def _identifier(item: Found) -> str:
    value = item.get("id")
    # Version 1.0 let publishers write numbers; a boolean is an int to Python only.
    return (
        str(value)
        if isinstance(value, int | float) and not isinstance(value, bool)
        else tidy(_str(item, "id"))
    )


def _authors(item: Found) -> tuple[str, ...]:
    single = item.get("author")
    authors = _dicts(item, "authors") or ([single] if isinstance(single, Mapping) else [])
    return names(plain(_str(author, "name"), 200) for author in authors)


def _attached(item: Found) -> list[object]:
    return [
        part.get("url")
        for part in _dicts(item, "attachments")
        if _str(part, "mime_type").startswith("image/")
    ]


def _hub(found: Found, url: str) -> str:
    return next(filter(None, (web_address(hub.get("url"), url) for hub in _dicts(found, "hubs"))), "")
