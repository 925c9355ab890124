"""How much a word tells in its language, from word frequencies that ship with `wordfreq`; and word stems.

A text that holds a word of frequency f holds it, among its some 200 words, with probability 1 - exp(-200 f);
the word's information is the negative logarithm of that, so that "the" has 0 and a name has about 10.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import Stemmer

from dedup.wordlists import frequencies, languages

TEXT_WORDS = 200
# Unlisted words are rarer than the list's last entries (1e-6 in the small lists), for most of them are names.
_UNLISTED = 1e-7
# In a language without a list the short words are the common ones.
_INFORMATION_A_LETTER = 1.5
_WORDS_REMEMBERED = 1 << 17

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
# wordfreq's names for what pages call otherwise.
_NEAREST = {"no": "nb", "nn": "nb", "hr": "sh", "sr": "sh", "bs": "sh", "tl": "fil"}


def primary(lang: str) -> str:
    """The language of a tag without its region and script: "pt" for "pt-BR"."""
    return lang.replace("_", "-").partition("-")[0].lower()


@cache
def _frequencies(lang: str) -> Mapping[str, float]:
    return frequencies(lang) if lang in languages() else {}


@cache
def _stemmer(lang: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(_STEMMERS[lang])


def frequency(word: str, lang: str) -> float:
    """How often a normalised word is among all words of a language, 0 where its list has it not."""
    return _frequencies(_NEAREST.get(lang, lang)).get(word, 0.0)


def stem(word: str, lang: str) -> str:
    """A word's stem where there is a stemmer for the language, or else the word."""
    return str(_stemmer(lang).stemWord(word)) if lang in _STEMMERS else word


def listed(word: str, lang: str) -> bool:
    """Whether the language's list has the word (a primary language tag, a normalised word)."""
    return word in _frequencies(_NEAREST.get(lang, lang))


@lru_cache(_WORDS_REMEMBERED)
def information(word: str, lang: str) -> float:
    """How much a normalised word tells, in nats: 0 for what every text has, 10.8 for what the list has not."""
    known = _frequencies(_NEAREST.get(lang, lang))
    if not known:
        return min(_INFORMATION_A_LETTER * len(word), -math.log(TEXT_WORDS * _UNLISTED))
    return max(0.0, -math.log(-math.expm1(-TEXT_WORDS * known.get(word, _UNLISTED))))


def stems(words: Sequence[str], lang: str) -> list[str]:
    """Each word's stem where there is a stemmer for the language, or else the word."""
    return list(_stemmer(lang).stemWords(list(words))) if lang in _STEMMERS else list(words)
