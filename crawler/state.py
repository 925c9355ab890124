"""Bodies that a page holds in its scripts, as a string of markup which the reader's browser sets up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

# Strings shorter than this are labels and teasers.
_SHORTEST = 500
_MOST_DEPTH = 3
_FEWEST_PARAGRAPHS = 2
_COMMON_WORDS = 2
_STRING = re.compile(r'"((?:[^"\\\n]++|\\.)*+)"')
_PARAGRAPH = re.compile(r"<p[\s>]")
_WORD = re.compile(r"\w{2,}")


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
