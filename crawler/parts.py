"""Bodies that are not in one place of a page: in several elements of one class, or in a script.

Advertisements part a body; the extractor reads the first part, and the others are found by their likeness to it. A
script may hold a body as a string of markup, which the reader's browser sets up.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator

from lxml.etree import _Element
from lxml.html import HtmlElement

from crawler.layout import key, text_of

# Shorter parts are teasers, which look like one another too.
_FEWEST_CHARACTERS = 300
_ALIKE = 0.5
_STORIES = ("article", "main", "body")
# Strings of a script that are shorter are labels and teasers.
_SHORTEST = 500
_MOST_DEPTH = 3
_FEWEST_PARAGRAPHS = 2
_COMMON_WORDS = 2
# An open one goes on to the end of its line, so that no character is looked at twice.
_STRING = re.compile(r'"((?:[^"\\\n]++|\\.)*+)"?')
_PARAGRAPH = re.compile(r"<p[\s>]")
_WORD = re.compile(r"\w{2,}")


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


def state_markup(scripts: Iterable[str], headline: str) -> str:
    """The longest string of paragraphs in scripts that has words of the headline, "" if there is none."""
    words = set(_WORD.findall(headline.casefold()))
    needed = min(_COMMON_WORDS, len(words))
    found = (markup for script in scripts for markup in _markups(script, _MOST_DEPTH))
    fitting = (m for m in found if len(words.intersection(_WORD.findall(m.casefold()))) >= needed)
    return max(fitting, key=len, default="")


def _markups(script: str, depth: int) -> Iterator[str]:
    """Strings of markup in a script, also those within strings that are JSON themselves."""
    for raw in _STRING.findall(script):
        if len(raw) < _SHORTEST:
            continue
        try:
            text = json.loads(f'"{raw}"', strict=False)
        except ValueError:
            continue
        if text.lstrip()[:1] not in "{[" and len(_PARAGRAPH.findall(text)) >= _FEWEST_PARAGRAPHS:
            yield text
        elif depth > 1:
            yield from _markups(text, depth - 1)
