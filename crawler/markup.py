"""From the bytes of a page to a parsed tree of bounded size; nothing in a page makes it raise.

Ordinary pages go to the parser as they are. Of larger ones what is no text is taken out first (scripts, comments, pictures
written into the page), then the rest is cut off: an article stands before the bounds below, and what stands
beyond them would cost the extractor seconds.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from lxml import etree
from lxml.html import HtmlElement

from crawler.decode import decode

MAX_BYTES: Final = 5_000_000
# Larger pages are looked at more closely. The largest of 296 recorded pages has 2.1 million characters, nearly all
# script, and 6,800 opening brackets; one in fifty is longer than this.
MAX_MARKUP: Final = 1_000_000
MAX_BRACKETS: Final = 10_000
# Of a larger page as much JSON-LD is kept; the recorded pages have a tenth at most.
MAX_DATA: Final = 500_000
# The extractor takes 0.1 ms an element, and tries up to four times; the recorded pages have up to 2,650.
MAX_ELEMENTS: Final = 3_500
# The recorded bodies have up to 40,000 characters; the extractor goes over a text some thirty times.
MAX_TEXT: Final = 300_000
# Much is asked of what is above and below an element: the sums of the elements' depths and of their texts' lengths
# times depth count. The recorded pages have at most 30,000 and 1,800,000; what has more is not read. 4,000 elements in
# towers of 200 took 2.3 s, 290,000 characters within 100 nested paragraphs 3 s.
MAX_DEPTHS: Final = 100_000
MAX_TEXT_DEPTHS: Final = 6_000_000
# No taller trees are looked at for these sums: within the bounds above they cannot be large.
_LOW: Final = 24

_LOG = logging.getLogger(__name__)
_OTHER_TYPE = re.compile(r"(?i)\s*(?:(?:image|video|audio|font)/|application/(?:pdf|zip|json|octet-stream))")
_OTHER_MAGIC = (b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b")
# Each match goes on to the end where nothing closes it, so that no character is looked at twice.
_NO_TEXT = re.compile(
    r"<!--(?:[^-]++|-(?!->))*+(?:-->)?"
    r"|(?P<tag><(?P<name>script|style)\b[^<>]{0,2000}>)(?P<code>(?:[^<]++|<(?!/(?P=name)))*+)"
    r"|(?<=data:)[\w/+.;,%-]{1000,}+",
    re.I,
)
_CONTROLS = bytes({*range(32)} - {*b"\t\n\f\r"}) + b"\x7f"
# One class for all elements, chosen in C: lxml.html asks a Python function for every one.
_PARSER = etree.HTMLParser(encoding="utf-8", collect_ids=False, remove_comments=True, remove_pis=True)
_PARSER.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
_is_tall = etree.XPath(f"boolean({'/*' * _LOW})")
_long_texts: Any = etree.XPath(
    f"//text()[string-length() > {MAX_TEXT}][not(parent::script or parent::style)]"
)
_SCRIPTS = ("script", "style")
# What the extractor takes out as well, but only after it has copied and searched all of it.
_TRAPPINGS = (
    "style", "svg", "link", "meta", "title", "iframe", "template", "noscript", "button", "input", "select", "textarea",
    "video", "audio", "source", "object", "embed", "canvas", "nav", "footer", "dialog", "label", "param",
)  # fmt: skip


def parse_page(body: bytes, content_type: str = "") -> HtmlElement | None:
    """The tree of a page up to the bounds of this module, None for what is no page or nested as none is."""
    body = body[:MAX_BYTES]
    if _OTHER_TYPE.match(content_type) or body.startswith(_OTHER_MAGIC):
        return None
    return parse_markup(decode(body, content_type))


def parse_markup(markup: str) -> HtmlElement | None:
    """The tree of decoded markup; libxml2 itself stops at 256 levels, which also bounds every walk over it."""
    if "<" not in markup:
        return None
    try:
        tree = etree.fromstring(
            bounded(markup).encode("utf-8", "replace").translate(None, _CONTROLS), _PARSER
        )
    except etree.LxmlError as error:  # a parser's own failure on wild input is not ours
        _LOG.debug("unreadable page: %s", error)
        return None
    if not isinstance(tree, HtmlElement):
        return None
    _cut_off(tree)
    if len(markup) > MAX_TEXT:
        _cut_texts(tree)
    return None if _is_tall(tree) and _is_tangled(tree) else tree


def lighten(tree: HtmlElement) -> None:
    """Take out of a tree what holds neither text nor JSON-LD; what the page says about itself goes with it."""
    for script in list(tree.iter("script")):
        if "json" not in (script.get("type") or ""):
            script.tag = "style"
    etree.strip_elements(tree, *_TRAPPINGS, with_tail=False)


def bounded(markup: str) -> str:
    """Markup as it is, or without what is no text and up to the bounds, where it is too large."""
    if len(markup) <= MAX_MARKUP and markup.count("<") <= MAX_BRACKETS:
        return markup
    markup = _without_code(markup)[:MAX_MARKUP]
    beyond = markup.split("<", MAX_BRACKETS)[MAX_BRACKETS:]
    return markup[: len(markup) - sum(map(len, beyond))]


def _without_code(markup: str) -> str:
    room = MAX_DATA

    def kept(found: re.Match[str]) -> str:
        nonlocal room
        if not found["tag"]:
            return ""
        if "ld+json" not in found["tag"] or len(found["code"]) > room:
            return found["tag"]
        room -= len(found["code"])
        return found[0]

    return _NO_TEXT.sub(kept, markup)


def _cut_off(tree: HtmlElement) -> None:
    """Take out what comes after as many elements as are read."""
    for element in list(islice(tree.iter(), MAX_ELEMENTS, None)):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)


def _cut_texts(tree: HtmlElement) -> None:
    for text in _long_texts(tree):
        with suppress(ValueError):  # of a character that may be read and not be written
            setattr(text.getparent(), "text" if text.is_text else "tail", text[:MAX_TEXT])


def _is_tangled(tree: HtmlElement) -> bool:
    """Whether elements stand in one another as in no article's page."""
    depths: dict[etree._Element | None, int] = {tree.getparent(): 0}
    text = 0
    for element in tree.iter():
        depth = depths[element] = depths[element.getparent()] + 1
        text += depth * (
            len(element.tail or "") + (0 if element.tag in _SCRIPTS else len(element.text or ""))
        )
    return sum(depths.values()) > MAX_DEPTHS or text > MAX_TEXT_DEPTHS
