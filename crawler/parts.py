"""Bodies that a page cuts into several elements of one class, with advertisements between them.

The extractor reads the first of them. The others are found by their likeness to it and moved into it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container

from lxml.etree import _Element
from lxml.html import HtmlElement

from crawler.layout import key, text_of

# Shorter parts are teasers, which look like one another too.
_FEWEST_CHARACTERS = 300
_ALIKE = 0.5
_STORIES = ("article", "main", "body")


def join_parts(tree: HtmlElement, lines: Container[str]) -> bool:
    """Move the further parts of a body into its first; whether there are any.

    `lines` are the keys of the lines that were found in the first part, as `crawler.layout.key` makes them.
    """
    holding = Counter(p.getparent() for p in tree.iter("p") if key(text_of(p)) in lines)
    body = max(holding, key=lambda element: holding[element], default=None)
    if body is None or not _classes(body):
        return False
    story = next(body.iterancestors(*_STORIES), tree)
    parts = [part for part in story.iter(body.tag) if part is not body and _continues(part, body, lines)]
    for part in parts:
        body.extend(list(part))
    return bool(parts)


def _continues(part: _Element, body: _Element, lines: Container[str]) -> bool:
    mine, others = _classes(part), _classes(body)
    if len(mine & others) < _ALIKE * len(mine | others) or not mine:
        return False
    texts = [text_of(p) for p in part.iterchildren("p")]
    return sum(map(len, texts)) >= _FEWEST_CHARACTERS and not any(key(text) in lines for text in texts)


def _classes(element: _Element) -> frozenset[str]:
    return frozenset((element.get("class") or "").split())
