"""Texts, markup and addresses inside an entry, as feedparser 6.0.14 gives them, off an lxml tree."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from crawler.parse.names import Unusual, attributes

# Elements nested deeper than this are left to feedparser.
DEEPEST: Final = 200
_QUOTE: Final = {'"': "&quot;"}
_SLASHES: Final = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*://)(/*)(.*?)")
# The code points of Windows-1252's extension, as feedparser maps them.
_C1: Final = re.compile("[\x80-\x9f]")
_CP1252: Final = {
    0x80: "\u20ac", 0x82: "\u201a", 0x83: "\u0192", 0x84: "\u201e", 0x85: "\u2026", 0x86: "\u2020",
    0x87: "\u2021", 0x88: "\u02c6", 0x89: "\u2030", 0x8A: "\u0160", 0x8B: "\u2039", 0x8C: "\u0152",
    0x8E: "\u017d", 0x91: "\u2018", 0x92: "\u2019", 0x93: "\u201c", 0x94: "\u201d", 0x95: "\u2022",
    0x96: "\u2013", 0x97: "\u2014", 0x98: "\u02dc", 0x99: "\u2122", 0x9A: "\u0161", 0x9B: "\u203a",
    0x9C: "\u0153", 0x9E: "\u017e", 0x9F: "\u0178",
}  # fmt: skip


def mended(text: str) -> str:
    """UTF-8 that was taken for Latin-1 put right, and the quotes of Windows-1252 in their own places."""
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_CP1252) if _C1.search(text) else text


def joined(base: str, address: str) -> str:
    """An address against its base (which may be none), its surplus slashes left out."""
    if ":///" in address:
        address = _SLASHES.sub(r"\1\3", address)
    if not base:
        return address
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def base_of(found: dict[str, str], above: str) -> str:
    """The base of addresses inside an element with these attributes."""
    given = found.get("xml:base", found.get("base"))
    if given is None:
        return above
    base = joined(above, given)
    if above and not base.startswith(("http://", "https://")):
        raise Unusual(f"the base {given}")
    return base


def refuse_base(found: dict[str, str]) -> None:
    """Raises Unusual for an element with a base of its own."""
    if "base" in found or "xml:base" in found:
        raise Unusual("a base of its own")


def text_of(element: Any) -> str:
    """The stripped text of an element that holds nothing else; raises Unusual for one that does."""
    if len(element):
        raise Unusual(f"markup inside {element.tag}")
    return (element.text or "").strip()


def guessed(text: str) -> str:
    """Plain text that is markup nevertheless; the guess is feedparser's."""
    if "<" not in text and "&" not in text:
        return "text/plain"
    from crawler.parse.xmlfeed import looks_like_html

    return "text/html" if looks_like_html(text) else "text/plain"


def own_text(element: Any) -> str:
    """The stripped text of an element without that of the elements in it."""
    return "".join([element.text or "", *(inner.tail or "" for inner in element)]).strip()


def xhtml(element: Any) -> str:
    """The markup inside an element, without the one `<div>` around all of it (RFC 4287, 3.1.1.3)."""
    if len(element) == 1 and _local(element[0]) == "div":
        outside = (element.text or "") + (element[0].tail or "")
        if not outside.strip():
            element = element[0]
    return _inside(element, 0).strip()


def _inside(element: Any, depth: int) -> str:
    if depth > DEEPEST:
        raise Unusual("markup nested without end")
    pieces = [escape(element.text or "")]
    for inner in element:
        name, given = _local(inner), attributes(inner)
        if name in ("svg", "math"):
            raise Unusual(f"{name} in markup")
        refuse_base(given)
        found = "".join(f' {key}="{escape(value, _QUOTE)}"' for key, value in given.items())
        pieces += [f"<{name}{found}>", _inside(inner, depth + 1), f"</{name}>", escape(inner.tail or "")]
    return "".join(pieces)


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2].lower()
