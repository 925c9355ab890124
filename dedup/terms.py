"""What a text is about, as weighted terms; the only importer of wordfreq and PyStemmer.

MinHash does not find events: texts in other words share names, numbers and rare words. A term's weight
is its share in title, lead and body times how rare the word is in the language (`wordfreq`, from data
that ships with it). Where words are not separated, the terms are pairs of characters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache

import Stemmer
import wordfreq

from dedup.text import CHARACTER, classify, code_points, normalise, token_bounds

TITLE_WEIGHT, LEAD_WEIGHT, BODY_WEIGHT = 2.0, 1.5, 1.0
LEAD_TOKENS = 60
_BODY_TOKENS = 800

# Zipf scale: log10 of occurrences in a thousand million words. Words at 6 and above ("the", "said")
# tell nothing of an event; a word that the list does not have is taken for a name.
_COMMON, _UNLISTED = 6.0, 2.0
_MIN_WEIGHT = 0.05

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

# wordfreq's names for what pages call otherwise.
_NEAREST = {"no": "nb", "nn": "nb", "hr": "sh", "sr": "sh", "bs": "sh", "tl": "fil"}


@cache
def _frequencies(lang: str) -> Mapping[str, float]:
    known = wordfreq.available_languages("small")
    lang = _NEAREST.get(lang, lang)
    return wordfreq.get_frequency_dict(lang, wordlist="small") if lang in known else {}


@cache
def _stemmer(lang: str) -> Stemmer.Stemmer | None:
    return Stemmer.Stemmer(_STEMMERS[lang]) if lang in _STEMMERS else None


def rarity(word: str, lang: str) -> float:
    """How much a word tells of an event, from 0 (said everywhere) to 1 (a name, a number, a rare word)."""
    frequency = _frequencies(lang).get(word)
    zipf = _UNLISTED if not frequency else math.log10(frequency) + 9
    return min(1.0, max(0.0, (_COMMON - zipf) / (_COMMON - _UNLISTED)))


def words(text: str) -> list[str]:
    """The words of a text, normalised; pairs of characters for scripts without spaces."""
    folded = normalise(text)
    classes = classify(code_points(folded))
    starts, ends = token_bounds(classes)
    kinds = classes[starts].tolist()
    found = [folded[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    return [
        word + found[i + 1] if kinds[i] == CHARACTER else word
        for i, word in enumerate(found)
        if kinds[i] != CHARACTER or (i + 1 < len(found) and kinds[i + 1] == CHARACTER)
    ]


def _counts(title: str, text: str) -> dict[str, float]:
    """Weighted counts of words: title and lead tell more of the event than the rest."""
    counts: dict[str, float] = {}
    body = words(text[: 12 * _BODY_TOKENS])[:_BODY_TOKENS]
    for found, weight in (
        (words(title), TITLE_WEIGHT),
        (body[:LEAD_TOKENS], LEAD_WEIGHT),
        (body[LEAD_TOKENS:], BODY_WEIGHT),
    ):
        for word in found:
            counts[word] = counts.get(word, 0.0) + weight
    return counts


def _tells(word: str) -> bool:
    """Single letters, days, hours and years stand in any text; longer numbers are as good as names."""
    if word.isdecimal():
        return len(word) > 2 and not (len(word) == 4 and word[:2] in ("19", "20"))
    return len(word) > 1


def _stems(found: list[str], lang: str) -> list[str]:
    stemmer = _stemmer(lang)
    return list(stemmer.stemWords(found)) if stemmer else found


def term_vector(title: str, text: str, lang: str, limit: int = 48) -> dict[str, float]:
    """The `limit` weightiest terms of a text, stemmed, as a vector of length 1 (empty for no words)."""
    counts = _counts(title, text)
    weights: dict[str, float] = {}
    for word, term in zip(counts, _stems(list(counts), lang), strict=True):
        weight = (1.0 + math.log(counts[word])) * rarity(word, lang)
        if weight > _MIN_WEIGHT and _tells(word):
            weights[term] = max(weights.get(term, 0.0), weight)
    top = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:limit]
    norm = math.sqrt(sum(weight * weight for _, weight in top))
    return {term: round(weight / norm, 4) for term, weight in top} if norm else {}


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Cosine similarity of two vectors of length 1."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    return sum(weight * large[term] for term, weight in small.items() if term in large)


def shared_terms(one: Mapping[str, float], other: Mapping[str, float], most: int = 8) -> tuple[str, ...]:
    """The terms that contribute most to the cosine of two vectors, weightiest first."""
    both: Iterable[str] = one.keys() & other.keys()
    return tuple(sorted(both, key=lambda term: (-one[term] * other[term], term))[:most])
