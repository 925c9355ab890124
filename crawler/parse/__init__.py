"""Feeds out of bytes: `parse_feed` tells the format and reads it. No network, no clock."""

from __future__ import annotations

import re
import zlib
from collections.abc import Container
from typing import Final

from crawler.errors import FeedError, NotAFeed
from crawler.model import ParsedFeed
from crawler.parse.document import Document, decode, split_document
from crawler.parse.jsonfeed import parse_json
from crawler.parse.sitemap import parse_sitemap
from crawler.parse.webpage import feeds_named
from crawler.parse.xmlfeed import parse_xml
from crawler.text import tidy

__all__ = ["MAX_BYTES", "MAX_ENTRIES", "parse_feed"]

MAX_BYTES: Final = 20_000_000
MAX_ENTRIES: Final = 5_000
# Reading takes up to a microsecond and forty bytes a character.
MAX_CHARACTERS: Final = 5_000_000

_SIGNATURES: Final = {
    b"\x89PNG": "an image (PNG)",
    b"GIF8": "an image (GIF)",
    b"\xff\xd8\xff": "an image (JPEG)",
    b"RIFF": "an image or a recording (RIFF)",
    b"\x00\x00\x01\x00": "an image (ICO)",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "gzip data",
    b"ID3": "a recording (MP3)",
}
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")

_FEED_START: Final = re.compile(r"<\?xml\s|<(?:rss|feed|(?:\w{1,10}:)?RDF)[\s>]", re.I)
# Warnings of the server's language are the junk that comes before a feed.
_WARNING: Final = re.compile(r"<(?:br|b)\b", re.I)
_JUNK: Final = 10_000

_HTML: Final = re.compile(
    "html|head|body|title|meta|link|script|style|div|span|p|a|b|h[1-6]|table|center|br|img"
)
_OTHER_XML: Final = {
    "opml": "an OPML list of feeds, not a feed",
    "svg": "an image (SVG), not a feed",
    "error": "an error message in XML, not a feed",
}


def parse_feed(
    body: bytes,
    url: str,
    content_type: str = "",
    *,
    max_bytes: int = MAX_BYTES,
    max_entries: int = MAX_ENTRIES,
    known: Container[str] = (),
) -> ParsedFeed:
    """Reads an answer as a feed: RSS, RDF, Atom, JSON Feed or a news sitemap, told by its content and not by its label.

    Raises NotAFeed for a web page (with the feeds that it names), an image, plain text or other XML
    and JSON, and FeedError for what is empty, too large or beyond reading; nothing else. A feed
    without entries is a feed. Malformed ones are read as far as it goes, and `notes` says so.
    `url` is where the answer came from: relative links are made absolute, messages name it. Entries whose digest
    (`Entry.raw`) is among `known` are not read again where that can be told before reading them.
    """
    if len(body) > max_bytes:
        size, most = len(body) / 1e6, max_bytes / 1e6
        raise FeedError(f"{url} answered with {size:,.1f} MB; of a feed at most {most:,.0f} MB are read")
    try:
        return _parse(_unpacked(body, max_bytes), url, content_type, max_entries, known)
    except FeedError:
        raise
    except Exception as error:  # whatever a hostile feed has found must not end the crawl
        said = tidy(f"{type(error).__name__}: {str(error)[:200]}")
        raise FeedError(f"{url} could not be read as a feed: {said}") from error


def _unpacked(body: bytes, max_bytes: int) -> bytes:
    """A body that is a gzip file itself (as sitemaps are), unpacked as far as it may be read."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, max_bytes) or body
    except zlib.error:
        return body


def _parse(body: bytes, url: str, content_type: str, max_entries: int, known: Container[str]) -> ParsedFeed:
    _refuse_binary(body, url)
    text = decode(body, content_type).lstrip("\ufeff\x00 \t\r\n")
    if not text:
        raise FeedError(f"{url} answered with an empty body")
    if text.startswith(("{", "[")):
        if len(text) > MAX_CHARACTERS:
            raise FeedError(
                f"{url} answered with more JSON than is read of a feed ({len(text) / 1e6:,.1f} million characters)"
            )
        return parse_json(text, url, max_entries, known)
    notes = []
    if len(text) > MAX_CHARACTERS:
        notes.append(f"only the first {MAX_CHARACTERS / 1e6:,.0f} million characters were read")
        text = _shortened(text)
    return _parse_markup(text, url, content_type, max_entries, notes, known)


def _shortened(text: str) -> str:
    """The beginning of a long feed, which has the newest entries, ended after a whole one."""
    beginning = text[:MAX_CHARACTERS]
    for last, ending in ((r"</item\s*>", "</channel></rss>"), (r"</entry\s*>", "</feed>")):
        at = [match.end() for match in re.finditer(last, beginning[-MAX_CHARACTERS // 4 :])]
        if at:
            return beginning[: len(beginning) - MAX_CHARACTERS // 4 + at[-1]] + ending
    return beginning


def _refuse_binary(body: bytes, url: str) -> None:
    for signature, what in _SIGNATURES.items():
        if body.startswith(signature):
            raise NotAFeed(f"{url} is {what}, not a feed")
    # A stray NUL in markup or JSON is dirt; in anything else it says that this is no text.
    start = body[:512].strip(b"\xef\xbb\xbf\x00 \t\r\n")
    if b"\x00" in start and not body.startswith(_UTF16_MARKS) and start[:1] not in (b"<", b"{"):
        raise NotAFeed(f"{url} is binary data, not a feed")


def _parse_markup(
    text: str, url: str, content_type: str, max_entries: int, notes: list[str], known: Container[str]
) -> ParsedFeed:
    if not text.startswith("<") or _WARNING.match(text):
        start = _FEED_START.search(text, 0, _JUNK)
        if not start:
            raise _no_feed(text, url, content_type)
        notes.append(f"{start.start():,} characters before the feed were skipped")
        text = text[start.start() :]
    document = split_document(text, url)
    if document.root.rpartition(":")[2] in ("urlset", "sitemapindex"):
        return parse_sitemap(document, url, max_entries)
    _refuse_other(document, url, text)
    feed = parse_xml(document, url, notes, max_entries, known)
    if feed.kind == "unknown" and not feed.entries and not feed.known:
        raise NotAFeed(f"{url} is XML (<{document.root or '?'}>), but not a feed")
    return feed


def _no_feed(text: str, url: str, content_type: str) -> NotAFeed:
    if text.startswith("<") or ("html" in content_type.lower() and "<" in text):
        return _web_page(text, url)
    return NotAFeed(f"{url} is plain text, not a feed")


def _refuse_other(document: Document, url: str, text: str) -> None:
    doctype = document.doctype[9:40].lower().split()
    if _HTML.fullmatch(document.root) or doctype[:1] in (["html"], ["html>"]):
        raise _web_page(text, url)
    if document.root in _OTHER_XML:
        raise NotAFeed(f"{url} is {_OTHER_XML[document.root]}")
    if not document.root:
        raise NotAFeed(f"{url} is markup without an element, not a feed")


def _web_page(text: str, url: str) -> NotAFeed:
    candidates = feeds_named(text, url)
    named = f"; it names {', '.join(candidates[:3])}" if candidates else " and names none"
    return NotAFeed(f"{url} is a web page, not a feed{named}", candidates)
