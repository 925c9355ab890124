"""The outer parts of headlines ("Headline - Outlet", "Section | Headline"), where an outlet's name stands."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from dedup.text import tokens

# A hyphen needs spaces around it, a bar does not.
_SEPARATOR = re.compile(r"\s+(?:[-–—―·•»«~*/]|::?)\s+|\s*[|｜]\s*")
_LONGEST = 6
_FEWEST_LEFT = 2


def affixes(title: str) -> list[str]:
    """The words, normalised, of what a headline begins and ends with, where that is the smaller part of it."""
    return list(dict.fromkeys(words for words, _ in _ends(title)))


def without_affixes(title: str, known: Container[str]) -> str:
    """The headline without those of its outer parts that are known, as `affixes` writes them."""
    while rest := next((rest for words, rest in _ends(title) if words in known), ""):
        title = rest
    return title


def without_end(title: str) -> str:
    """The headline without its last outer part, "" where it has none."""
    return next((rest for _, rest in _ends(title) if title.startswith(rest)), "")


def _ends(title: str) -> Iterator[tuple[str, str]]:
    """Each outer part, in words, with what is left of the headline."""
    cuts = list(_SEPARATOR.finditer(title))
    for cut in cuts[-1:]:
        yield from _part(title[cut.end() :], title[: cut.start()])
    for cut in cuts[:1]:
        yield from _part(title[: cut.start()], title[cut.end() :])


def _part(part: str, rest: str) -> Iterator[tuple[str, str]]:
    words, left = tokens(part), tokens(rest)
    if 0 < len(words) <= _LONGEST and len(left) >= max(_FEWEST_LEFT, len(words)):
        yield " ".join(words), rest.strip()
