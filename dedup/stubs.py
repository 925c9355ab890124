"""Texts that say nothing of what their headline says: notices that stand in an article's place.

"Click here to read the full story", a podcast's credits, a paywall's offer: one such text is under many headlines, and that
two articles have it says nothing of whether they are one.
"""

from __future__ import annotations

from dedup.terms import term_of, words

# What is longer has words of its headline where it is an article's: of AllSides' teasers of up to 40 words one in eleven has none.
MOST_WORDS = 40
_MOST_CHARACTERS = 400
# Words that are said more often, of all words of the language, stand in any headline.
_COMMONEST = 1e-3

# The stems of a headline of which the text says nothing; None where it does, or where there is no such headline.
Stub = frozenset[int] | None


def stub_of(title: str, text: str, lang: str) -> Stub:
    """What the headline of a short text says, if the text says none of it."""
    if len(text) > _MOST_CHARACTERS or not text:
        return None
    said = words(text)
    if len(said) > MOST_WORDS:
        return None
    headline = _stems(words(title), lang)
    return headline if headline and headline.isdisjoint(_stems(said, lang)) else None


def tell_nothing(one: Stub, other: Stub) -> bool:
    """Whether two texts say nothing of their headlines, which have nothing in common."""
    return one is not None and other is not None and one.isdisjoint(other)


def _stems(said: list[str], lang: str) -> frozenset[int]:
    terms = (term_of(word, lang) for word in said)
    return frozenset(term.key for term in terms if term and term.frequency < _COMMONEST)
