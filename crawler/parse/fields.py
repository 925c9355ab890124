"""Walking through the elements of an entry, and where what they say goes: what all rules share.

The order of elements and their depth decide between two that fill one field, as they do in feedparser 6.0.14.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, NamedTuple

from crawler.parse.constructs import DEEPEST, base_of, mended, text_of, xhtml
from crawler.parse.names import Names, Unusual, attributes, lang_of

Fields = dict[str, Any]

TYPES: Final = {
    "": "", "text": "text/plain", "plain": "text/plain", "text/plain": "text/plain", "html": "text/html",
    "text/html": "text/html", "xhtml": "application/xhtml+xml", "application/xhtml+xml": "application/xhtml+xml",
}  # fmt: skip
XHTML: Final = "application/xhtml+xml"
NONE: Final[dict[str, str]] = {}
DESCRIPTIONS: Final = {
    "description": "text/html", "dc:description": "text/html", "media:description": "text/html",
    "summary": "text/plain", "itunes:summary": "text/plain",
}  # fmt: skip
# Elements of which feedparser makes something that no rule here does, and the names of its own fields.
_REFUSED: Final = frozenset(
    ["item", "entry", "channel", "feed", "rss", "textinput", "abstract", "fullitem", "body", "xhtml:body",
     "itunes:owner", "itunes:name", "itunes:email", "links", "authors", "title_detail", "summary_detail",
     "published_parsed", "updated_parsed", "media_content", "media_thumbnail", "feedburner_origlink", "svg",
     "math"]
)  # fmt: skip


class At(NamedTuple):
    """An element with its name, its depth in the entry, its attributes and its language."""

    element: Any
    name: str
    depth: int
    found: dict[str, str]
    lang: str | None


# A method of a reader, and the element that it takes.
Rule = Callable[[Any, At], None]


class FieldReader:
    """Fills the fields of one entry (or of the feed itself) from elements in their order, each by its rule."""

    rules: ClassVar[Mapping[str, Rule]] = {}

    __slots__ = (
        "_depths",
        "_in_entry",
        "_title_depth",
        "_version",
        "base",
        "fields",
        "full_text",
        "names",
    )

    def __init__(self, names: Names, version: str, base: str, *, in_entry: bool = True) -> None:
        self.base = base
        self.names, self._version, self._in_entry = names, version, in_entry
        self._depths: dict[str, int] = {}
        self.full_text = False
        self._title_depth = -1
        self.fields: Fields = {}

    def walk(self, parent: Any, depth: int, lang: str | None) -> None:
        """Takes every element under `parent`; those of no rule that hold others are looked through."""
        outside, name_of = self.base, self.names.of
        for element in parent:
            inner, found = lang, NONE
            if element.attrib:
                found = attributes(element)
                inner = lang_of(found, lang)
                self.base = base_of(found, self.base)
            name = name_of(element)
            rule = self.rules.get(name)
            if rule is not None:
                rule(self, At(element, name, depth, found, inner))
            else:
                self._without_rule(element, name, depth, inner)
            # feedparser does not forget a base that stood inside something without one.
            self.base = outside or self.base

    def take(self, at: At) -> None:
        """Takes one element by its rule."""
        rule = self.rules.get(at.name)
        if rule is not None:
            rule(self, at)
        else:
            self._without_rule(at.element, at.name, at.depth, at.lang)

    def _without_rule(self, element: Any, name: str, depth: int, lang: str | None) -> None:
        if name in _REFUSED or depth > DEEPEST:
            raise Unusual(f"an element {name}")
        if len(element):
            self.walk(element, depth + 1, lang)

    def note_text(self, name: str) -> None:
        """Of the feed's own texts only that they were there: they tell how the next entry's are taken."""
        if name in DESCRIPTIONS and "summary" in self.fields and not self.full_text:
            self.full_text = True
        elif name in ("summary", "itunes:summary"):
            self.fields["summary"] = ""
        elif name in ("content", "content:encoded"):
            self.full_text = True
            self.fields.setdefault("summary", "")

    # --- storing

    def _store(self, field: str, value: str, depth: int) -> None:
        """The deeper of two never replaces the other; the later of two as deep does."""
        if self._in_entry:
            before = self._depths.get(field)
            if before is not None and depth > before:
                return
            self._depths[field] = depth
        self.fields[field] = value

    def _detail(self, kind: str, lang: str | None) -> Fields:
        return {"type": kind, "language": lang}

    def _kind(self, found: dict[str, str], default: str) -> str:
        kind = TYPES.get(found.get("type", ""))
        if kind is None or "mode" in found:
            raise Unusual(f"content of type {found.get('type')}")
        kind = kind or default
        if kind == XHTML and self._version != "atom10":
            raise Unusual("XHTML outside Atom")
        return kind

    def _content_text(self, element: Any, kind: str) -> str:
        return mended(xhtml(element) if kind == XHTML else text_of(element))
