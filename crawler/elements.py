"""What elements of a page say, as candidates for an article's fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from lxml import etree
from lxml.etree import _Element
from lxml.html import HtmlElement

from crawler.jsonld import fold

_MOST_VALUES = 20
_MAX_STEPS = 2_000

_SILENT = frozenset(("script", "style", "template", "noscript", "svg", "math", "iframe", "object"))
_INLINE = frozenset(
    ("a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "mark", "nobr", "q", "s", "small", "span",
     "strong", "sub", "sup", "time", "tt", "u", "wbr")
)  # fmt: skip
_with_itemprop: Any = etree.XPath("descendant::*[@itemprop]")
# What these hold is about somebody or something else.
_OTHER_ITEMS = frozenset(("comment", "publisher"))


class Candidate(NamedTuple):
    """One value and the place in the page that says it ("jsonld", "og:title", "h1", "time" …)."""

    source: str
    text: str


def from_elements(
    source: str, elements: Iterable[_Element], attributes: tuple[str, ...] = ()
) -> Iterator[Candidate]:
    """Candidates from elements: the first attribute that is there, else the text."""
    for element in islice(elements, _MOST_VALUES):
        value = next((element.get(name) for name in attributes if element.get(name)), None)
        text = fold(value if value is not None else _words(element))
        if text:
            yield Candidate(source, text)


def of_item(tree: HtmlElement, name: str) -> Iterator[_Element]:
    """Elements with a property of the page's item, not of its comments or publisher; of a person the name within."""
    for element in _with_itemprop(tree):
        if element.get("itemprop") == name and not any(
            above.get("itemprop") in _OTHER_ITEMS for above in element.iterancestors()
        ):
            within = [each for each in _with_itemprop(element) if each.get("itemprop") == "name"]
            yield from within if name == "author" and within else (element,)


def parent_tag(element: _Element) -> str:
    """The name of the element around one, "" of a root."""
    parent = element.getparent()
    return str(parent.tag) if parent is not None else ""


def _words(element: HtmlElement) -> str:
    """The words of an element: no scripts or drawings, and blocks and line breaks part them."""
    walker = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    pieces: list[str] = []
    for event, node in islice(walker, _MAX_STEPS):
        if event in ("start", "end") and node.tag not in _INLINE:
            pieces.append(" ")
        if event == "start" and node.tag in _SILENT:
            walker.skip_subtree()
        elif event == "start":
            pieces.append(node.text or "")
        elif node is not element:
            pieces.append(node.tail or "")
    return "".join(pieces)
