"""What feedparser would find in a well-formed feed of the usual kind, read off lxml's tree in a fraction of the time.

Whatever feedparser has a special way with, and the rules have not, raises `Unusual`, and feedparser reads the
feed. A test compares the two on every feed of the measuring data and on mutations of them.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Any, Final, NamedTuple

from lxml import etree

from crawler.parse.constructs import base_of
from crawler.parse.document import Document, readable_xml
from crawler.parse.fields import At, Fields
from crawler.parse.names import ATOM, Names, Unusual, attributes, lang_of
from crawler.parse.rules import EntryReader
from crawler.parse.slices import Slices

_RSS10: Final = "http://purl.org/rss/1.0/"
_FOUNDERS: Final = frozenset({"http://my.netscape.com/rdf/simple/0.9/", _RSS10, ATOM.lower()})
_RSS_VERSIONS: Final = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS: Final = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}
_ENTRY: Final = ("item", "entry")
_TITLES: Final = ("title", "dc:title", "media:title")
_READ_OF_FEED: Final = (
    *_TITLES,
    "link",
    "id",
    "guid",
    "language",
    "dc:language",
    "ttl",
    "sy:updateperiod",
    "sy:updatefrequency",
)
_INSIDE_IMAGE: Final = frozenset({"title", "link", "description", "url", "href", "width", "height"})
_INSIDE_INPUT: Final = frozenset({"title", "link", "description", "name"})
_ELEMENTS: Final = 600_000
_NAMESPACES: Final = 100


# Element, name, language, and whether it stands in the feed's own element or (as in RDF) beside it.
_Child = tuple[Any, str, str | None, bool]


class Found(NamedTuple):
    """What feedparser's parser holds when it is done: the version, the feed's fields, the entries' fields."""

    version: str
    feed: Fields
    entries: list[Fields]
    full: bool
    known: tuple[str, ...] = ()


def read_quickly(document: Document, max_entries: int, known: Container[str] = ()) -> Found:
    """The fields of feed and entries as feedparser gives them; raises Unusual where it must be asked itself.

    Entries whose digest is among `known` are not read; each that is read has its digest as the field "raw".
    """
    body = document.body
    if document.entities or body.count("<") > _ELEMENTS:
        raise Unusual("entities, or a great many elements")
    root, names = _tree(body), Names()
    if len(root.nsmap) > _NAMESPACES:
        raise Unusual("a great many namespaces")
    version, lang = _version(root, names), lang_of(attributes(root), None)
    children = list(_children(root, names, version, lang))
    slices = Slices(body, sum(name in _ENTRY for _, name, _, _ in children))
    reader = _FeedReader(names, version, base_of(attributes(root), ""), known)
    if lang and version != "rss10":
        reader.feed.fields["language"] = lang.replace("_", "-")
    return reader.read(children, slices, max_entries)


class _FeedReader:
    """Reads the children of a feed in their order: each may decide how those behind it are taken."""

    def __init__(self, names: Names, version: str, base: str, known: Container[str]) -> None:
        self._names, self._version, self._base, self._known = names, version, base, known
        self.feed = EntryReader(names, version, base, in_entry=False)
        self._entries: list[Fields] = []
        self._again: list[str] = []

    def read(self, children: Sequence[_Child], slices: Slices, max_entries: int) -> Found:
        feed, titles = self.feed, 0
        for element, name, lang, inside in children:
            if name not in _ENTRY:
                titles += name in _TITLES
                self._of_feed(element, name, lang, inside)
                continue
            if len(self._entries) + len(self._again) >= max_entries:
                return self._found(full=True)
            raw = slices.next((lang, feed.base, feed.full_text, feed.fields.get("link")))
            if raw in self._known:
                self._again.append(raw)
                feed.full_text = False
            else:
                self._entry(element, lang, raw)
        if titles > 1:
            raise Unusual("several titles")
        return self._found(full=False)

    def _found(self, *, full: bool) -> Found:
        return Found(self._version, self.feed.fields, self._entries, full, tuple(self._again))

    def _entry(self, element: Any, lang: str | None, raw: str) -> None:
        feed = self.feed
        reader = _entry_reader(element, self._names, self._version, feed.base)
        reader.full_text, feed.full_text = feed.full_text, False
        reader.walk(element, 0, lang)
        reader.fields["raw"] = raw
        self._entries.append(reader.fields)
        feed.base = self._base or reader.base

    def _of_feed(self, element: Any, name: str, lang: str | None, inside: bool) -> None:
        feed = self.feed
        feed.note_text(name)
        if element.attrib:
            feed.base = base_of(attributes(element), feed.base)
        _feed_element(feed, element, name, lang, inside)
        feed.base = self._base or feed.base


def _tree(body: str) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(readable_xml(body).encode(), parser)
    except (etree.LxmlError, ValueError) as error:
        raise Unusual(str(error)) from error


def _version(root: Any, names: Names) -> str:
    founders = _FOUNDERS.intersection(uri.lower() for uri in root.nsmap.values())
    kind, given = names.of(root), attributes(root).get("version", "")
    if kind == "rss" and founders <= {ATOM.lower()}:
        return _RSS_VERSIONS.get(given) or ("rss20" if given.startswith("2.") else "rss")
    if kind == "feed" and founders == {ATOM.lower()}:
        return "atom10"
    if kind == "feed" and not founders:
        return _ATOM_VERSIONS.get(given, "atom")
    if kind == "rdf:rdf" and founders == {_RSS10}:
        return "rss10"
    raise Unusual(f"the root {root.tag}")


def _children(root: Any, names: Names, version: str, lang: str | None) -> Iterator[_Child]:
    if version.startswith("atom"):
        for child in root:
            yield child, names.of(child), lang_of(attributes(child), lang) if child.attrib else lang, True
        return
    channels = 0
    for child in root:
        name = names.of(child)
        if name != "channel":
            yield child, name, lang_of(attributes(child), lang), False
            continue
        channels += 1
        if channels > 1 or {"lastmod", "href", "base", "xml:base"} & attributes(child).keys():
            raise Unusual("several channels, one of CDF, or one with a base")
        inside = lang_of(attributes(child), lang)
        for inner in child:
            yield inner, names.of(inner), lang_of(attributes(inner), inside) if inner.attrib else inside, True


def _entry_reader(element: Any, names: Names, version: str, base: str) -> EntryReader:
    found = attributes(element) if element.attrib else {}
    if {"lastmod", "href"} & found.keys():
        raise Unusual("an item of CDF")
    reader = EntryReader(names, version, base_of(found, base))
    if about := found.get("rdf:about"):
        reader.fields["id"] = about
    return reader


def _feed_element(feed: EntryReader, element: Any, name: str, lang: str | None, inside: bool) -> None:
    if len(element) and any(base_of(attributes(inner), "") for inner in element.iterdescendants()):
        raise Unusual(f"a base inside {name}")
    if name in ("image", "textinput"):
        allowed = _INSIDE_IMAGE if name == "image" else _INSIDE_INPUT
        if any(len(inner) or feed.names.of(inner) not in allowed for inner in element):
            raise Unusual(f"an {name} that holds more")
    elif name in _READ_OF_FEED:
        if not inside:
            raise Unusual(f"a {name} beside the channel")
        feed.take(At(element, name, 0, attributes(element), lang))
    elif len(element):
        for inner in element.iterdescendants():
            if feed.names.of(inner) in (*_READ_OF_FEED, "item", "entry", "image", "textinput", "channel"):
                raise Unusual(f"a {inner.tag} inside {element.tag}")
