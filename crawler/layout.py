"""What a page's own markup says of an extracted body: lines that are links or bold, captions, alternative texts.

The extractor gives paragraphs without the elements that they came from. They are found again in the page in
reading order, and what stands among them is added: captions and pictures' alternative texts, which may say
the headline again, and which the extractor leaves out.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import islice
from typing import NamedTuple

from lxml.etree import _Element
from lxml.html import HtmlElement

from crawler.model import Block, BlockKind
from crawler.text import tidy

_PROSE = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6"))
_LINES = (*_PROSE, "li", "dd", "dt", "div")
_NESTING = (
    "p",
    "ul",
    "ol",
    "table",
    "section",
    "article",
    "div",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "figure",
    "script",
)
_BOLD = ("b", "strong")
# Of a longer line its beginning tells which it is.
_KEY = 80
_LONGEST = 4_000
_MOST_FIGURES = 100
# Alternative texts are many and mostly of other articles' pictures: only those that speak of the headline count.
_ALIKE = 0.6
_FEWEST_WORDS = 3
# A figure often stands beside the text's own element, in the same article.
_UPWARDS = 4
_WORD = re.compile(r"\w+")


class _Figure(NamedTuple):
    """A caption or an alternative text, and the number of the block that it stands before."""

    place: int
    block: Block


def dress(tree: HtmlElement, blocks: tuple[Block, ...], headlines: Collection[str]) -> tuple[Block, ...]:
    """The blocks, links and bold lines marked as such, with captions and what of alternative texts
    resembles a headline in their places among them."""
    numbers = {key(block.text): number for number, block in reversed(list(enumerate(blocks)))}
    numbers.pop("", None)
    known = [words for headline in headlines if len(words := _words(headline)) >= _FEWEST_WORDS]
    paragraphs = (p for p in tree.iter(*_PROSE) if key(text_of(p)) in numbers)
    region = _region(list(paragraphs))
    kinds = [block.kind for block in blocks]
    figures: list[_Figure] = []
    last = 0
    for element in _of_region(tree, region):
        if element.tag in ("img", "figcaption"):
            figures += _figure(element, last, known)
        elif (number := numbers.get(key(_line(element)), -1)) >= 0:
            last = number + 1
            kinds[number] = _kind(element, kinds[number])
    dressed = [Block(kind, block.text) for kind, block in zip(kinds, blocks, strict=True)]
    return tuple(_merged(dressed, figures[:_MOST_FIGURES]))


def _of_region(tree: HtmlElement, region: _Element | None) -> Iterator[_Element]:
    """The lines and figures of a region, after the pictures that stand before it on the page; of all of it else."""
    if region is not None:
        before = itertools.takewhile(lambda element: element is not region, tree.iter("img", region.tag))
        yield from (element for element in before if element.tag == "img")
    yield from (tree if region is None else region).iter(*_LINES, "img", "figcaption")


def _merged(blocks: list[Block], figures: list[_Figure]) -> Iterator[Block]:
    """The blocks with each figure's words, once, before the block at its place."""
    by_place: dict[int, list[Block]] = {}
    for block, place in {figure.block: figure.place for figure in reversed(figures)}.items():
        by_place.setdefault(place, []).insert(0, block)
    for number in range(len(blocks) + 1):
        yield from by_place.get(number, ())
        yield from blocks[number : number + 1]


def _figure(element: _Element, place: int, headlines: list[frozenset[str]]) -> Iterator[_Figure]:
    if element.tag == "figcaption":
        if text := tidy(text_of(element)):
            yield _Figure(place, Block("caption", text))
        return
    text = (element.get("alt") or "")[:_LONGEST]
    words = _words(text)
    if any(len(words & headline) >= _ALIKE * len(words | headline) for headline in headlines):
        yield _Figure(place, Block("alt", tidy(text)))


def _line(element: _Element) -> str:
    """The text of an element that holds one line and not further blocks, else ""."""
    if element.tag not in _PROSE and next(element.iterdescendants(*_NESTING), None) is not None:
        return ""
    return text_of(element)


def _kind(element: _Element, kind: BlockKind) -> BlockKind:
    """ "link" or "bold" for a line that is all of it so; a link may have a bold word or two before it."""
    length = _length(element)
    linked = _covered(element, ("a",))
    bold = _covered(element, _BOLD)
    if any(parent.tag == "a" for parent in islice(element.iterancestors(), 3)):
        linked = length
    if 10 * linked >= 9 * length or (2 * linked >= length and 10 * (linked + bold) >= 9 * length):
        return "link"
    return "bold" if kind == "paragraph" and 10 * bold >= 9 * length else kind


def _covered(element: _Element, tags: tuple[str, ...]) -> int:
    return sum(_length(child) for child in islice(element.iter(*tags), 8))


def _length(element: _Element) -> int:
    return sum(map(len, text_of(element).split()))


def text_of(element: _Element) -> str:
    """The characters of an element as they stand, up to a bound."""
    return "".join(map(str, islice(element.itertext(), 200)))[:_LONGEST]


def key(text: str) -> str:
    """What a line begins with, by which it is found again, white space and case aside."""
    return "".join(text[: 3 * _KEY].split())[:_KEY].casefold()


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _region(lines: list[_Element]) -> _Element | None:
    """The innermost element that holds most of the lines, or the article element not far above it."""
    counts: Counter[_Element] = Counter(parent for element in lines for parent in element.iterancestors())
    holding = [element for element, count in counts.items() if 5 * count >= 4 * len(lines)]
    if not holding:
        return None
    region = max(holding, key=lambda element: sum(1 for _ in element.iterancestors()))
    above = islice(region.iterancestors(), _UPWARDS)
    return next((parent for parent in above if parent.tag in ("article", "main")), region)
