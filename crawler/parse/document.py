"""An answer's bytes as text, and an XML text parted into what stands before its root and the rest."""

from __future__ import annotations

import codecs
import html
import re
from dataclasses import dataclass
from typing import Final

from w3lib.encoding import http_content_type_encoding, read_bom, resolve_encoding

from crawler.errors import FeedError

_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_UTF16_STARTS: Final = {b"\x00<\x00?": "utf-16-be", b"<\x00?\x00": "utf-16-le"}
# Their bytes are often valid UTF-8 by accident, or pure ASCII: what is declared goes first.
_DECLARED_FIRST: Final = re.compile(r"^(gb|big5|euc|shift|cp9|iso2022|hz|utf-16|utf-32)", re.I)
# Python knows these as encodings; none is one that a server may choose for us.
_REFUSED: Final = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7", "mbcs"}
)

_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CONTROLS: Final = bytes({*range(0x20)} - set(b"\t\n\r"))
# What all that is forbidden beside controls has in UTF-8; so do a few scripts, and few feeds.
_PERHAPS: Final = (b"\xed", b"\xef\xbf")
_NUMBERED: Final = re.compile(r"&#([xX][0-9a-fA-F]{1,12}|\d{1,12});?")
_BEFORE_ROOT: Final = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.S)
_DOCTYPE: Final = re.compile(r"<!DOCTYPE\b", re.I)
_DOCTYPE_PIECE: Final = re.compile(r"\"[^\"]*\"|'[^']*'|<!--.*?(?:-->|\Z)|[\[\]<>]|[^\[\]<>\"']+", re.S)
_ROOT: Final = re.compile(r"<([A-Za-z_][\w.:-]{0,60})")
_ENTITY: Final = re.compile(
    r"<!ENTITY\s+(%\s+)?([\w.:-]{1,60})\s+(?:\"([^\"]*)\"|'([^']*)'|(SYSTEM|PUBLIC)\b)"
)

# A parser expands these while it reads a declaration: "&#38;a;" then refers to the entity a.
_CHARACTER: Final = re.compile(r"&#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});")
_MARKUP_IN_ENTITY: Final = re.compile(r"<[\w!?/]|&[\w.:-]")

_REFERENCE: Final = re.compile(r"&([\w.:-]{1,60});")
_DOCTYPE_LENGTH: Final = 65_536
_ENTITIES_KEPT: Final = 500
_ENTITY_LENGTH: Final = 100
# What entities may add to a document; the HTML ones of a whole feed make some kilobytes.
_ENTITY_GROWTH: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class Document:
    """An XML text in parts: `root` is its first element's name in lower case, `body` starts with that element.

    `entities` are the harmless ones that its DOCTYPE declares; `line` is the line on which `body` begins.
    """

    root: str
    body: str
    doctype: str = ""
    entities: tuple[tuple[str, str], ...] = ()
    line: int = 1


def decode(body: bytes, content_type: str = "") -> str:
    """The text of an answer, whatever its labels say: a byte order mark, then valid UTF-8, then the labels.

    RFC 7303 puts the header before the XML declaration; both are wrong often, and text that is valid
    UTF-8 by accident is rare but in the multi-byte encodings, which are believed first therefore.
    """
    sniffed = read_bom(body)[0] or _UTF16_STARTS.get(body[:4])
    if sniffed:
        return body.decode(sniffed, "replace").lstrip("\ufeff")
    declared = [name for name in (_from_header(content_type), _from_declaration(body)) if name]
    first = [name for name in declared if _DECLARED_FIRST.match(name)]
    for name in (*first, "utf-8"):
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    return _patched(body, declared)


def _patched(body: bytes, declared: list[str]) -> str:
    """Text with some invalid bytes: still UTF-8 if most of it is, for one bad byte must not garble the rest."""
    text = body.decode("utf-8", "replace")
    foreign = sum(1 for char in text[:200_000] if char > "\x7f")
    if text[:200_000].count("\ufffd") * 2 <= foreign:
        return text
    single = [name for name in declared if codecs.lookup(name).name != "utf-8"]
    return body.decode(single[0] if single else "cp1252", "replace")


def _from_header(content_type: str) -> str:
    return _known(http_content_type_encoding(content_type) or "")


def _from_declaration(body: bytes) -> str:
    match = _DECLARED.search(body[:1024])
    return _known(match[1].decode("ascii")) if match else ""


def _known(label: str) -> str:
    try:
        name = resolve_encoding(label) or ""
        b"<".decode(name or "utf-8")  # refuses what is a codec, but not of text (rot13, zip)
    except (LookupError, ValueError):
        return ""
    # UTF-16 without its mark was sniffed before: a label that claims it here is wrong.
    return "" if name in _REFUSED or name.startswith(("utf-16", "utf-32")) else name


def split_document(text: str, url: str) -> Document:
    """Parts `text` before its root element; a DOCTYPE whose entities could grow or read files is a FeedError."""
    at, doctype = 0, ""
    while at < len(text):
        if match := _BEFORE_ROOT.match(text, at):
            at = match.end()
        elif not doctype and _DOCTYPE.match(text, at):
            end = _doctype_end(text, at)
            doctype, at = text[at:end], end
        else:
            break
    body = text[at:]
    root = _ROOT.match(body)
    entities = _entities(doctype, body, url)
    return Document(root[1].lower() if root else "", body, doctype, entities, text.count("\n", 0, at) + 1)


def only_xml(text: str) -> str:
    """`text` without the characters that XML 1.0 forbids: one of them makes a whole feed malformed."""
    # To look through bytes costs less than to look through characters, and hardly any feed has one.
    data = text.encode("utf-8", "surrogatepass")
    if (not text.isascii() and any(mark in data for mark in _PERHAPS)) or len(
        data.translate(None, _CONTROLS)
    ) != len(data):
        return _NOT_XML.sub("", text)
    return text


def readable_xml(text: str) -> str:
    """XML without what it forbids, as characters or by number."""
    return only_characters(only_xml(text))


def only_characters(text: str) -> str:
    """`text` without numbered references to what is no character: libraries stumble over halves of surrogate pairs."""
    return _NUMBERED.sub(_existing, text) if "&#" in text else text


def _existing(reference: re.Match[str]) -> str:
    digits = reference[1]
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    return reference[0] if code < 0xD800 or 0xE000 <= code <= 0x10FFFF else ""


def _doctype_end(text: str, start: int) -> int:
    depth, subset, at = 0, False, start
    while match := _DOCTYPE_PIECE.match(text, at, start + _DOCTYPE_LENGTH):
        at, piece = match.end(), match[0]
        subset = (subset or piece == "[") and piece != "]"
        depth += (piece == "<") - (piece == ">")
        if depth == 0 and not subset and piece == ">":
            return at
    # Never closed, or longer than any honest one: all that follows is its content, and no root comes any more.
    return len(text)


def _entities(doctype: str, body: str, url: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for parameter, name, double, single, external in _ENTITY.findall(doctype):
        if parameter:
            continue  # `%HTMLlat1;` and its like; nothing outside is ever read
        value = double or single
        if external or len(value) > _ENTITY_LENGTH or _refers(value):
            raise FeedError(f"{url} declares the XML entity {name!r}, of a kind that is refused for safety")
        found.setdefault(name, value)
    growth = sum(len(found.get(name, "")) for name in _REFERENCE.findall(body)) if found else 0
    if len(found) > _ENTITIES_KEPT or growth > _ENTITY_GROWTH:
        raise FeedError(f"{url} declares XML entities that would grow it beyond measure")
    return tuple(found.items())


def _refers(value: str) -> bool:
    """Whether an entity's value holds markup or another entity, as it stands or once it is expanded."""
    if re.search(r"[%<]|&(?!#\w+;)", value):
        return True
    return bool(_MARKUP_IN_ENTITY.search(_CHARACTER.sub(lambda match: html.unescape(match[0]), value)))
