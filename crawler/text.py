"""Markup and wild strings made into plain text: no tags, no entities, no control characters, one line."""

from __future__ import annotations

import html
import itertools
import re
import threading
from typing import Any, Final

from lxml import etree

TEXT_LIMIT: Final = 5_000

# More markup than this is never read: an inlined image may come before the first word, a book may not.
_MARKUP_LIMIT: Final = 400_000
# An article has some hundred tags; a microsecond each, and a feed may hold a million.
_TAGS: Final = 4_000

_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")

# The white space among the controls (TAB, LF, VT, FF, CR, FS-US, NEL) is left to folding. Direction overrides,
# embeddings and isolates can turn a printed line round; marks (U+200E, U+200F) and joiners cannot and stay, for
# Arabic, Persian and Indic scripts need them. A soft hyphen is layout, a byte order mark is no text.
_UNWANTED: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)

_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Decoded text that still closes a tag, gives one an attribute or breaks a line was encoded twice; "the <b> tag"
# was not.
_MARKUP_AGAIN: Final = re.compile(
    r"</[A-Za-z][A-Za-z0-9]{0,15}\s{0,9}>|<(?:br|img|p|div)\b[^<>]{0,2000}>"
    r"|<[A-Za-z][A-Za-z0-9]{0,15}[\s/][^<>=]{0,200}=[^<>]{0,2000}>",
    re.I,
)

# Markup of nothing but the commonest tags, whose words are what stands between them.
_GIVEN: Final = r"""(?:\s[^<>"']{0,200}(?:"[^"<>]{0,2000}"[^<>"']{0,200}){0,20})?>"""
_PARTING: Final = re.compile(rf"<(?:/?(?:p|div|li|ul|h[1-6])|br|img){_GIVEN}")
_JOINING: Final = re.compile(rf"</?(?:a|b|i|em|strong|span|u){_GIVEN}")

_INLINE: Final = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "mark",
        "nobr",
        "q",
        "rb",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
_SILENT: Final = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "iframe",
        "object",
        "svg",
        "math",
        "head",
        "title",
        "textarea",
        "select",
    ]
)


class _Words:
    """Collects a document's words; block tags part them, inline tags do not ("<b>W</b>ord")."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._silent = 0

    def start(self, tag: str, _attributes: object) -> None:
        """An opening tag: silence begins, or words part."""
        if tag in _SILENT:
            self._silent += 1
        if tag not in _INLINE:
            self._pieces.append(" ")

    def end(self, tag: str) -> None:
        """A closing tag, also of an element that the reader closed itself."""
        if tag in _SILENT:
            self._silent -= 1
        if tag not in _INLINE:
            self._pieces.append(" ")

    def data(self, data: str) -> None:
        """Text between tags."""
        if not self._silent:
            self._pieces.append(data)

    def comment(self, text: str) -> None:
        """Comments are no words."""

    def close(self) -> str:
        """All that was collected; the next document starts afresh."""
        collected = "".join(self._pieces)
        self._pieces, self._silent = [], 0
        return collected


class _Reader(threading.local):
    """One parser a thread: lxml looks at its target's signatures for as long as it reads a short text."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        target: Any = _Words()  # the stubs want methods that lxml does not
        self.parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True, no_network=True)


_READER = _Reader()


def plain(markup: str, limit: int = TEXT_LIMIT) -> str:
    """The words of `markup` on one line, at most `limit` characters, safe to print on a terminal.

    Tags are stripped (scripts and styles with what they hold), entities decoded, those encoded twice as well,
    white space folded, and escape sequences, control characters, direction overrides and lone surrogates removed.
    """
    text = _without_controls(markup[:_MARKUP_LIMIT])
    # Decoding may bring controls in again; nothing else does.
    encoded = "&" in text
    if "<" in text:
        text = _words(text)
    elif encoded:
        text = html.unescape(text)
    if encoded and _ENTITY.search(text):
        text = html.unescape(text)
    if "<" in text and _MARKUP_AGAIN.search(text):
        text = _words(text)
    return _cut(tidy(text) if encoded else " ".join(text.split()), limit)


def tidy(text: str) -> str:
    """`text` on one line without control characters; "<" and "&" in it mean themselves."""
    return " ".join(_without_controls(text).split())


def storable(markup: str) -> str:
    """`markup` with its tags and lines, but without what no encoder or terminal takes: controls, surrogates."""
    return _without_controls(markup).strip()


def escaped(text: str) -> str:
    """Plain text as markup: one paragraph for each run of lines."""
    parts = (part.strip() for part in re.split(r"\n[ \t\r]*\n", storable(text)))
    return "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in parts if part)


def _without_controls(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    return _UNWANTED.sub("", text)


def _words(text: str) -> str:
    """The text between tags; without a parser where all of them are common ones and nothing is encoded."""
    if "&" not in text and text.count("<") <= _TAGS:
        bare = _JOINING.sub("", _PARTING.sub(" ", text))
        if "<" not in bare:
            return bare
    return _words_parsed(text)


def _words_parsed(text: str) -> str:
    if text.count("<") > _TAGS:
        last = next(itertools.islice(re.finditer("<", text), _TAGS, None))
        text = text[: last.start()]
    # A target, not a tree: nesting of any depth costs no stack, and nothing is built to be thrown away.
    try:
        return str(etree.fromstring(f"<div>{text}</div>".encode(), _READER.parser))
    except etree.LxmlError:
        _READER.renew()
        return re.sub(r"<[^<>]*>", " ", text)


def _cut(text: str, limit: int) -> str:
    """At most `limit` characters, ended at a word where one ends near: scripts without spaces are cut anywhere."""
    if len(text) <= limit:
        return text
    space = text.rfind(" ", max(0, limit - 80), limit + 1)
    return text[: space if space > 0 else limit].rstrip()
