"""What an article is found by: the words of its headline and lead, folded and stemmed as terms are.

A query is a list of parts that must all be there. A part of one word is looked up by its stem; one of several words, or
of several characters where words are not separated, must stand so in headline or lead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dedup.background import frequency
from dedup.terms import term_of, words
from dedup.text import tokens

# How many words of the text are its lead, and how many characters hold them whatever the language.
LEAD_WORDS = 60
_LEAD_CHARACTERS = 12 * LEAD_WORDS
# Words that are more than so many of all words of the language stand anywhere, and are not looked up.
_COMMON = 0.002
_QUOTED = re.compile(r'["“”„«»「」『』]([^"“”„«»「」『』]+)["“”„«»「」『』]|(\S+)')


def search_keys(title: str, text: str, lang: str) -> tuple[int, ...]:
    """The keys (32 bits each) that an article is entered under."""
    lead = words(text[:_LEAD_CHARACTERS])[:LEAD_WORDS]
    return _keys((*words(title), *lead), lang)


def _keys(found: Iterable[str], lang: str) -> tuple[int, ...]:
    """The keys of what is not too common; 0 stands for none."""
    terms = (term_of(word, lang) for word in dict.fromkeys(found))
    return tuple(dict.fromkeys(term.key for term in terms if term and term.frequency < _COMMON and term.key))


@dataclass(frozen=True, slots=True)
class Query:
    """What is sought: each part as it was written."""

    parts: tuple[str, ...]

    def keys(self, lang: str) -> tuple[int, ...]:
        """What to look up in a language; empty where all of it is too common or too short."""
        found = [word for part in self.parts for word in words(part)]
        # The rarest first, which leaves least to be looked at.
        return _keys(sorted(found, key=lambda word: frequency(word, lang)), lang)

    def unsure(self, lang: str) -> tuple[tuple[str, ...], ...]:
        """The parts, as tokens, that must be compared with the text, as their keys say too little."""
        return tuple(
            split
            for part in self.parts
            if len(split := tuple(tokens(part))) > 1 or not _keys(words(part), lang)
        )


def read_query(arguments: Iterable[str]) -> Query:
    """The query that words on a command line are: one that holds spaces is a phrase, as is what stands in quotes."""
    parts: list[str] = []
    for argument in arguments:
        if re.search(r'["“”„«»「」『』]', argument):
            parts += [quoted or word for quoted, word in _QUOTED.findall(argument)]
        else:
            parts.append(argument)
    return Query(tuple(part for part in parts if tokens(part)))


def holds(title: str, text: str, sought: Iterable[tuple[str, ...]]) -> bool:
    """Whether headline or lead have all of these runs of tokens."""
    said = "\x1f".join(("", *tokens(title), "", *tokens(text[:_LEAD_CHARACTERS]), ""))
    return all("\x1f".join(("", *run, "")) in said for run in sought)
