"""RSS 0.9x, 1.0 and 2.0, RDF, Atom and CDF, read by feedparser. The only importer of feedparser."""

from __future__ import annotations

import io
import itertools
import re
import xml.sax
import xml.sax.handler
import xml.sax.xmlreader
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import feedparser.api

from crawler.errors import FeedError
from crawler.model import ParsedFeed
from crawler.parse.document import Document, only_characters, readable_xml
from crawler.parse.hints import hints_from
from crawler.parse.names import Unusual
from crawler.parse.quick import Found, read_quickly
from crawler.parse.xmlentries import feed_from
from crawler.text import tidy

# feedparser takes 10 µs for each element, and reads a malformed feed twice; what is beyond is left out.
_ELEMENTS: Final = 40_000
# Its reader of tag soup goes by "<" and "&", however short what follows.
_SIGNS: Final = 50_000
# An honest tag is shorter; each of its attributes costs as much as an element.
_LONG_TAG: Final = re.compile(r"<[^<>]{60000}")
_PIECES: Final = 300_000
_ATTRIBUTES: Final = 500
_NAMESPACES: Final = 300
_AUTHOR_LENGTH: Final = 300


class _Full(Exception):  # noqa: N818 - a way out of the parser, not an error
    """Enough entries were read."""


class _TooMuch(Exception):  # noqa: N818
    """The document is built to be expensive; the text says how."""


class _Bounded:
    """What feedparser's two parsers lack: an end to entries, and no work that grows with the square of the input."""

    entries: list[Any]
    namespaces_in_use: dict[str, str]
    max_entries = 0
    elements = 0
    pieces = 0

    def unknown_starttag(self, tag: str, attrs: list[Any]) -> Any:
        self.elements += 1
        if self.elements > _ELEMENTS:
            self._stop(f"more than {_ELEMENTS:,} elements")
        return super().unknown_starttag(tag, attrs)  # type: ignore[misc]

    def _stop(self, reason: str) -> None:
        """What was read so far is the feed; where nothing was, there is none."""
        if self.entries:
            raise _Full
        raise _TooMuch(reason)

    def track_namespace(self, prefix: str | None, uri: str) -> None:
        # Every element is compared with every namespace.
        if len(self.namespaces_in_use) > _NAMESPACES:
            raise _TooMuch(f"more than {_NAMESPACES} namespaces")
        super().track_namespace(prefix, uri)  # type: ignore[misc]

    def _start_item(self, attrs: dict[str, str]) -> None:
        if len(self.entries) >= self.max_entries:
            raise _Full
        super()._start_item(attrs)  # type: ignore[misc]

    _start_entry = _start_item

    def _add_tag(self, term: str, scheme: str, label: str) -> None:
        # Nobody reads tags here, and feedparser compares each with all before it; it wants to see the last.
        self._get_context()["tags"] = [{"term": term, "scheme": scheme, "label": label}]  # type: ignore[attr-defined]

    def _sync_author_detail(self, key: str = "author") -> None:
        # feedparser parts name and address by a pattern that is quadratic in their length and cuts
        # addresses under ".media" and other long domains; the text is kept whole here.
        context = self._get_context()  # type: ignore[attr-defined]
        authors, value = context.get("authors"), context.get(key)
        if key == "author" and authors and not authors[-1] and isinstance(value, str):
            authors[-1]["name"] = value[:_AUTHOR_LENGTH]


class _Strict(_Bounded, feedparser.api.StrictFeedParser):  # type: ignore[misc]
    """Feedparser's reader of well-formed XML."""

    def startElementNS(self, name: Any, qname: str, attrs: Any) -> None:  # noqa: N802 - SAX names it
        # Each attribute is looked up by going through all of them.
        if len(attrs) > _ATTRIBUTES:
            raise _TooMuch(f"an element of more than {_ATTRIBUTES} attributes")
        super().startElementNS(name, qname, attrs)

    def characters(self, text: str) -> None:
        # Expat gives each reference by itself, however long the text around it.
        self.pieces += 1
        if self.pieces > _PIECES:
            self._stop(f"text in more than {_PIECES:,} pieces")
        super().characters(text)


class _Loose(_Bounded, feedparser.api.LooseFeedParser):  # type: ignore[misc]
    """Feedparser's reader of tag soup."""


@dataclass(slots=True)
class _Reading:
    parser: Any
    malformed: str = ""
    full: bool = False


def parse_xml(
    document: Document, url: str, notes: Sequence[str], max_entries: int, known: Container[str] = ()
) -> ParsedFeed:
    """Reads an XML document as a feed; malformed XML is read as well as it goes, with a note.

    This is `feedparser.parse` without its guess of the encoding (the text is decoded already) and
    with bounds. It gets no address to resolve links against: those come out as published, or
    against xml:base, and are made absolute against the feed's own link by the caller.
    """
    quick = _quickly(document, max_entries, known)
    if quick is not None:
        said = [*notes, f"only the first {max_entries:,} entries were read"] if quick.full else notes
        hints = hints_from(quick.feed, document.body)
        version = _netscape(document) or quick.version
        found = feed_from(version, quick.feed, quick.entries, url, said, hints)
        return replace(found, known=quick.known) if quick.known else found
    try:
        reading = _read(document, max_entries)
    except _TooMuch as reason:
        raise FeedError(f"{url} is no feed that can be read: it has {reason}") from None
    except Exception as error:  # feedparser raises a dozen kinds on malformed input
        said = tidy(f"{type(error).__name__}: {str(error)[:200]}")
        raise FeedError(f"{url} could not be read as a feed: {said}") from error
    said = list(notes)
    if reading.malformed:
        said.append(f"malformed XML: {reading.malformed}")
    if reading.full:
        said.append(f"only the first {len(reading.parser.entries):,} entries were read")
    parser = reading.parser
    version = _version(document, parser)
    # As plain mappings: feedparser's own warn and guess on look-up.
    entries = [dict(entry) for entry in parser.entries]
    feed = dict(parser.feeddata)
    return feed_from(version, feed, entries, url, said, hints_from(feed, document.body))


def looks_like_html(text: str) -> bool:
    """Whether feedparser takes what was declared to be plain text for markup."""
    return bool(feedparser.api.StrictFeedParser.looks_like_html(text))


def any_time(text: str) -> object:
    """The time tuple (UTC) that feedparser reads from a text, None where it reads none."""
    try:
        return feedparser.datetimes._parse_date(text)
    except Exception:  # its readers raise what they please on wild numbers
        return None


def _quickly(document: Document, max_entries: int, known: Container[str] = ()) -> Found | None:
    try:
        return read_quickly(document, max_entries, known)
    except Unusual:
        return None


def _netscape(document: Document) -> str:
    return "rss091n" if "netscape" in document.doctype.lower() else ""


def _version(document: Document, parser: Any) -> str:
    if netscape := _netscape(document):
        return netscape
    # RDF of an unknown vocabulary is a feed only if entries were found in it.
    rdf = document.root.rpartition(":")[2] == "rdf" and parser.entries
    return str(parser.version or ("rdf" if rdf else ""))


def _read(document: Document, max_entries: int) -> _Reading:
    reading = _Reading(_prepared(_Strict("", None, "utf-8"), max_entries))
    try:
        _sax_reader(reading.parser).parse(_source(document))
    except _Full:
        reading.full = True
    except xml.sax.SAXException as error:
        reading = _read_loosely(document, max_entries, str(error.getMessage()))
    return reading


def _read_loosely(document: Document, max_entries: int, malformed: str) -> _Reading:
    reading = _Reading(_prepared(_Loose("", None, "utf-8", dict(document.entities)), max_entries), malformed)
    body = _beginning(document.body)
    reading.full = len(body) < len(document.body)
    try:
        reading.parser.feed(only_characters(body))
    except _Full:
        reading.full = True
    except Exception as error:  # what it had read by then stands
        if not reading.parser.entries:
            raise
        reading.malformed += f"; reading ended at {type(error).__name__}"
    return reading


def _beginning(body: str) -> str:
    """As much of a text as the reader of tag soup gets through in half a second."""
    if long := _LONG_TAG.search(body):
        body = body[: long.start()]
    if body.count("<") + body.count("&") <= _SIGNS:
        return body
    signs = re.finditer("[<&]", body)
    last = next(itertools.islice(signs, _SIGNS, None))
    return body[: last.start()]


def _prepared(parser: Any, max_entries: int) -> Any:
    # Both cost a quarter of the time; text is cleaned and links are resolved where they are used.
    parser.resolve_relative_uris = False
    parser.sanitize_html = False
    parser.max_entries = max_entries
    return parser


def _sax_reader(handler: Any) -> xml.sax.xmlreader.XMLReader:
    reader = xml.sax.make_parser()  # noqa: S317 - no entity that grows or reads files gets here (document.py)
    reader.setFeature(xml.sax.handler.feature_namespaces, True)
    reader.setFeature(xml.sax.handler.feature_external_ges, False)
    reader.setContentHandler(handler)
    reader.setErrorHandler(handler)
    return reader


def _source(document: Document) -> xml.sax.xmlreader.InputSource:
    quoted = ((name, value.replace('"', "&#34;")) for name, value in document.entities)
    declared = "".join(f'<!ENTITY {name} "{value}">' for name, value in quoted)
    doctype = f"<!DOCTYPE feed [{declared}]>" if declared else ""
    source = xml.sax.xmlreader.InputSource()
    source.setByteStream(io.BytesIO(readable_xml(doctype + document.body).encode()))
    return source
