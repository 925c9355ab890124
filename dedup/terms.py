"""What a text is about, as weighted terms.

MinHash does not find events: texts in other words share names, numbers and rare words. A term weighs what it is said in
title, lead and body times how rare it is, in the language (`wordfreq`, from data that ships with it) and in the stream
of late. Where words are not separated, the terms are pairs of characters, or of letters where an alphabet is written so runs of four.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dedup.background import frequency, stem
from dedup.days import named_days
from dedup.text import CHARACTER, classify, code_points, normalise, token_bounds, tokens
from dedup.thresholds import TermConfig

# Terms are told apart by 32 bits where they are looked up, by the first 16 of them where they are counted and compared.
SLOTS = 1 << 16

_FEWEST = 1e-8  # a word that no list has is taken for a name
_FEWEST_RUN = 1e-6  # of characters: lists have words
# Two characters of Chinese or Japanese are mostly a word; two letters of Thai, Lao, Burmese or Khmer are half a syllable,
# which any text has.
_CHARACTERS, _LETTERS = 2, 4
_ALPHABETS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


@dataclass(frozen=True, slots=True)
class Term:
    """A term as it is counted: its text, its 32-bit key, and how often it is said of all words of the language."""

    text: str
    key: int
    frequency: float

    @property
    def slot(self) -> int:
        """Where it is counted and compared."""
        return self.key >> 16


@dataclass(frozen=True, slots=True)
class Counted:
    """The distinct terms of a text, each with its weighted count, and the weekdays that it names (`dedup.days`)."""

    terms: tuple[Term, ...]
    counts: tuple[float, ...]
    days: int = 0

    @property
    def slots(self) -> NDArray[np.uint16]:
        """The slot of each term."""
        return (np.array([term.key for term in self.terms], np.uint32) >> 16).astype(np.uint16)


@dataclass(frozen=True, slots=True)
class TermVector:
    """The weightiest terms of a text, weightiest first, as a vector of length 1 (no terms for no words).

    `slots` (uint16) and `weights` (float32) are what is compared, with the `days` that the text names, `terms` what is
    shown and looked up.
    """

    terms: tuple[Term, ...]
    slots: NDArray[np.uint16]
    weights: NDArray[np.float32]
    days: int = 0

    def as_dict(self) -> dict[str, float]:
        """Term → weight."""
        return {t.text: w for t, w in zip(self.terms, self.weights.tolist(), strict=True)}


class Frequencies:
    """In how many of the stream's late texts each term stood: the counts of a server, and what was added since.

    `added` are the slots of every text that was.
    """

    def __init__(self, table: NDArray[np.uint32], texts: int) -> None:
        self.table, self.texts = table, texts
        self.added: list[NDArray[np.uint16]] = []

    def add(self, counted: Counted) -> None:
        """Count one text."""
        slots = counted.slots
        self.table[slots] += 1
        self.texts += 1
        self.added.append(slots)


def no_frequencies() -> Frequencies:
    """The counts of a stream of which nothing is known."""
    return Frequencies(np.zeros(SLOTS, np.uint32), 0)


def words(text: str) -> list[str]:
    """The words of a text, normalised; runs of characters for scripts without spaces."""
    if text.isascii():
        return tokens(text)
    folded = normalise(text)
    classes = classify(code_points(folded))
    starts, ends = token_bounds(classes)
    kinds = classes[starts].tolist()
    found = [folded[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    if _ALPHABETS.search(folded):
        runs = (one if kinds[i] != CHARACTER else _run(found, kinds, i) for i, one in enumerate(found))
        return [word for word in runs if word]
    # Without them all runs are pairs, and no character's script need be looked at.
    return [
        word + found[i + 1] if kinds[i] == CHARACTER else word
        for i, word in enumerate(found)
        if kinds[i] != CHARACTER or (i + 1 < len(found) and kinds[i + 1] == CHARACTER)
    ]


def _run(found: Sequence[str], kinds: Sequence[int], start: int) -> str:
    """The characters from one on that make a term together, "" where too few of them follow."""
    end = start + (_LETTERS if _ALPHABETS.match(found[start]) else _CHARACTERS)
    whole = end <= len(found) and all(kind == CHARACTER for kind in kinds[start:end])
    return "".join(found[start:end]) if whole else ""


@lru_cache(maxsize=200_000)
def term_of(word: str, lang: str) -> Term | None:
    """The term that a word counts as; None for one that stands in any text: single letters, hours and years."""
    if word.isdecimal():
        if len(word) < 3 or (len(word) == 4 and word[:2] in ("19", "20")):
            return None
    elif len(word) < 2:
        return None
    text = stem(word, lang)
    run = len(word) <= _LETTERS and not word.isascii() and classify(code_points(word))[0] == CHARACTER
    said = frequency(word, lang) or (_FEWEST_RUN if run else _FEWEST)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return Term(text, int.from_bytes(digest, "big"), said)


def count_terms(title: str, text: str, lang: str, config: TermConfig) -> Counted:
    """The terms of a text with their counts: title and lead tell more of the event than the rest."""
    body = words(text[: 12 * config.body_words])[: config.body_words]
    counts: dict[int, float] = {}
    known: dict[int, Term] = {}
    for found, weight in (
        (words(title), config.title),
        (body[: config.lead_words], config.lead),
        (body[config.lead_words :], config.body),
    ):
        for word in found:
            if (term := term_of(word, lang)) is None:
                continue
            key = term.key
            if key in counts:
                counts[key] += weight
                # Of words with one stem the commonest says how rare the stem is.
                if term.frequency > known[key].frequency:
                    known[key] = term
            else:
                counts[key], known[key] = weight, term
    days = named_days([*words(title), *body[: config.day_words]], lang)
    return Counted(tuple(known.values()), tuple(counts.values()), days)


def weigh(counted: Counted, frequencies: Frequencies, config: TermConfig) -> TermVector:
    """The vector of a text: the logarithm of each count times how rare the term is.

    Rarity is -log of the share of texts that have the term, where what the language says counts as much as
    `config.prior` texts of the stream: a share of (df + prior · p) / (texts + prior), with p the chance that a text
    of `config.usual_words` words has it. So a new stream is weighed by the language and an old one by itself.
    """
    if not counted.terms:
        return TermVector((), np.zeros(0, np.uint16), np.zeros(0, np.float32), counted.days)
    slots = counted.slots
    background = np.array([term.frequency for term in counted.terms])
    expected = config.prior * -np.expm1(-background * config.usual_words)
    share = (frequencies.table[slots] + expected) / (frequencies.texts + config.prior)
    rarity = np.maximum(0.0, -np.log(np.minimum(share, 1.0))) ** config.rarity_power
    weights = (1.0 + np.log(np.maximum(counted.counts, 1.0))) * rarity
    top = np.argsort(-weights, kind="stable")[: config.terms]
    top = top[weights[top] > 0.0]
    norm = math.sqrt(float(np.square(weights[top]).sum())) or 1.0
    terms = tuple(counted.terms[i] for i in top.tolist())
    return TermVector(terms, slots[top], (weights[top] / norm).astype(np.float32), counted.days)


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Cosine similarity of two vectors of length 1."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    return sum(weight * large[term] for term, weight in small.items() if term in large)


def shared_terms(one: TermVector, other: TermVector, most: int = 8) -> tuple[tuple[str, float], ...]:
    """The terms that add most to the cosine of two vectors and how much, weightiest first."""
    a, b = one.as_dict(), other.as_dict()
    both = {term: a[term] * b[term] for term in a.keys() & b.keys()}
    return tuple(sorted(both.items(), key=lambda item: (-item[1], item[0]))[:most])
