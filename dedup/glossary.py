"""What words mean, as far as news goes: concepts that thirteen languages have a word for, and places.

A concept is "#election", a country "@PL", a city "@warsaw". Words are looked up as they are, then by their
beginning; the words are in `data/glossary.txt`, the places are CLDR's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from dedup.locales import places
from dedup.text import normalise

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ru", "ar", "zh", "ja")
_FEWEST_LETTERS = 3
_REMEMBERED = 1 << 17
# A place's name may carry so many letters of inflection ("Londonem", "Polens") from this length on, except in
# languages that do not decline names, where what looks so is another word (French "viennent").
_ENDING, _INFLECTED = 2, 5
_UNDECLINED = frozenset({"ar", "en", "es", "fr", "it", "nl", "pt", "ja", "zh"})

_HARAKAT = re.compile("[\u064b-\u0652\u0640]")
_ALEFS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه"})
_ARABIC_PREFIXES = ("وال", "بال", "لل", "ال", "و", "ب", "ل")

_Words = dict[str, str]


@cache
def _glossary() -> dict[str, tuple[_Words, _Words]]:
    """For each language the whole words and the beginnings of words, with their concepts."""
    heads, *rows = ([cell.strip() for cell in line.split("|")] for line in _lines())
    if tuple(heads[1:]) != LANGUAGES:
        raise ValueError(f"the glossary's columns are {heads[1:]}")
    found: dict[str, tuple[_Words, _Words]] = {}
    for column, lang in enumerate(LANGUAGES, start=1):
        whole, begins = found[lang] = ({}, {})
        for row in rows:
            for word in row[column].split():
                target = begins if word.endswith("*") else whole
                key = _spelling(normalise(word.rstrip("*")))
                target.setdefault(key, row[0] if row[0][0] == "@" else f"#{row[0]}")
    return found


def _lines() -> Iterator[str]:
    text = files("dedup").joinpath("data/glossary.txt").read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


def _spelling(word: str) -> str:
    """Without what is written or not: the dot that lower-casing leaves of "İ", Arabic vowels and hamzas."""
    word = word.replace("\u0307", "")
    return word if word.isascii() else _HARAKAT.sub("", word).translate(_ALEFS)


@lru_cache(_REMEMBERED)
def concept(word: str, lang: str) -> str:
    """The key of what a normalised word means; empty for most words."""
    whole, begins = _glossary().get(lang, ({}, {}))
    named = places(lang)
    for form in _forms(_spelling(word), lang):
        begun = _by_beginning(form, begins)
        country = (
            begun if begun.startswith("@") else ""
        )  # "Warszawa" as "Warszawie": the glossary's, not the city's
        found = whole.get(form) or country or named.get(form) or begun
        if not found and lang not in _UNDECLINED:
            found = _inflected(form, named)
        if found:
            return found
    return ""


def _forms(word: str, lang: str) -> Iterator[str]:
    yield word
    if lang == "ar":
        for prefix in _ARABIC_PREFIXES:
            if word.startswith(prefix) and len(word) >= len(prefix) + _FEWEST_LETTERS:
                yield word[len(prefix) :]


def _by_beginning(word: str, begins: _Words) -> str:
    shorter = (word[:length] for length in range(len(word), 0, -1))
    return next((begins[start] for start in shorter if start in begins), "")


def _inflected(word: str, named: Mapping[str, str]) -> str:
    cut = (word[:-letters] for letters in range(1, _ENDING + 1) if len(word) - letters >= _INFLECTED)
    return next((named[stem] for stem in cut if stem in named), "")
