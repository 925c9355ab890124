"""News sitemaps (https://www.sitemaps.org/protocol.html, https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap)
and indexes of sitemaps, read as feeds: some outlets publish their news in no other form.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from crawler.errors import FeedError, NotAFeed
from crawler.model import Entry, ParsedFeed
from crawler.parse.document import Document, readable_xml
from crawler.parse.facts import TITLE_LIMIT, finished, key_of, language, utc, web_address
from crawler.parse.times import moment
from crawler.text import plain

_PARTS: Final = 50
_DEPTH: Final = 3


def parse_sitemap(document: Document, url: str, max_entries: int) -> ParsedFeed:
    """A news sitemap's entries, or the sitemaps that an index names as `parts`, the newest first.

    Raises NotAFeed for a sitemap of a whole site: it says where pages are, and not what is new.
    """
    root = _tree(document, url)
    if document.root.endswith("sitemapindex"):
        return _index(root, url)
    found = [fields for element in root if (fields := _fields(element)) and "news" in fields]
    if not found:
        raise NotAFeed(f"{url} is a sitemap that names no news, not a feed")
    entries = [_entry(fields, url) for fields in found[:max_entries]]
    notes = (f"only the first {max_entries:,} entries were read",) if len(found) > max_entries else ()
    title = plain(found[0].get("name", ""), TITLE_LIMIT)
    return finished(ParsedFeed("sitemap", tuple(entries), title=title, notes=notes))


def _tree(document: Document, url: str) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=True,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(readable_xml(document.body).encode(), parser)
    except (etree.LxmlError, ValueError) as error:
        raise FeedError(f"{url} could not be read as a sitemap: {error}") from error
    if root is None:
        raise FeedError(f"{url} could not be read as a sitemap")
    return root


def _index(root: Any, url: str) -> ParsedFeed:
    found = [fields for element in root if (fields := _fields(element)).get("loc")]
    # News before all else, then what changed last; RFC 3339 times sort as texts well enough.
    found.sort(key=lambda fields: fields.get("lastmod", ""), reverse=True)
    found.sort(key=lambda fields: "news" not in fields["loc"].lower())
    parts = dict.fromkeys(filter(None, (web_address(fields["loc"], url) for fields in found)))
    if not parts:
        raise NotAFeed(f"{url} is an index of sitemaps that names none")
    return ParsedFeed("sitemapindex", (), parts=tuple(parts)[:_PARTS])


def _entry(fields: dict[str, str], url: str) -> Entry:
    link, title = web_address(fields.get("loc", ""), url), plain(fields.get("title", ""), TITLE_LIMIT)
    return Entry(
        key=key_of("", link, title, ""),
        link=link,
        title=title,
        published=utc(moment(fields.get("publication_date", ""))),
        updated=utc(moment(fields.get("lastmod", ""))),
        lang=language(fields.get("language")),
        image=web_address(fields.get("image:loc", ""), url),
    )


def _fields(element: Any) -> dict[str, str]:
    """The texts under a `<url>` or `<sitemap>` by their names; "news" is there where an element of that name is."""
    found: dict[str, str] = {}
    for name, above, inner in _below(element, 0):
        key = "image:loc" if name == "loc" and above == "image" else name
        found.setdefault(key, (inner.text or "").strip())
    return found


def _below(element: Any, depth: int) -> Iterator[tuple[str, str, Any]]:
    above = _local(element)
    for inner in element:
        yield _local(inner), above, inner
        if depth < _DEPTH:
            yield from _below(inner, depth + 1)


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2].lower()
