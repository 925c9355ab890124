"""From the bytes of a page to a parsed tree of bounded size; nothing in a page makes it raise."""

from __future__ import annotations

import logging
import re

from lxml.html import HtmlElement
from trafilatura.utils import load_html

from crawler.decode import decode

MAX_BYTES = 5_000_000
# The largest of 296 recorded pages has a tenth; with three times as many the extractor can take 20 s.
MAX_ELEMENTS = 30_000

_LOG = logging.getLogger(__name__)
_OTHER_TYPE = re.compile(r"(?i)\s*(?:(?:image|video|audio|font)/|application/(?:pdf|zip|json|octet-stream))")
_OTHER_MAGIC = (b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b")


def parse_page(body: bytes, content_type: str = "") -> HtmlElement | None:
    """The tree of a page, None for what is no page or is larger than any article's."""
    body = body[:MAX_BYTES]
    if _OTHER_TYPE.match(content_type) or body.startswith(_OTHER_MAGIC):
        return None
    return parse_markup(decode(body, content_type))


def parse_markup(markup: str) -> HtmlElement | None:
    """The tree of decoded markup; libxml2 itself stops at 256 levels, which also bounds every walk over it."""
    if "<" not in markup:
        return None
    try:
        tree = load_html(markup.replace("\x00", ""))
    except Exception as error:  # a parser's own failure on wild input is not ours
        _LOG.debug("unreadable page: %s", error)
        return None
    if tree is None or not isinstance(tree.tag, str) or tree.xpath("count(//*)") > MAX_ELEMENTS:
        return None
    return tree
