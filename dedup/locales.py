"""Names of countries, cities, months and weekdays in each language, and of languages (Unicode CLDR); the only importer of babel.

The cities are the some four hundred that stand for a time zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from babel import Locale, UnknownLocaleError

from dedup.text import normalise

_TAG = re.compile(r"[a-z]{2,3}")
# Places seldom in the news whose names are common words in some language ("того", "Navidad", "czyta", "réunion").
_LIKE_WORDS = frozenset(
    {"RE", "TG", "CX", "Indian/Reunion", "Indian/Christmas", "America/Nome", "Asia/Chita", "Pacific/Truk"}
)
# CLDR leaves out what a language spells as the identifier does.
_LATIN = "en"


@cache
def _locale(lang: str) -> Locale | None:
    if not _TAG.fullmatch(lang):
        return None
    try:
        return Locale.parse(lang)
    except (UnknownLocaleError, ValueError):
        return None


@cache
def places(lang: str) -> Mapping[str, str]:
    """A key for each name of one word: "@PL" for Poland, "@warsaw" for Warsaw; none for an unknown language."""
    locale = _locale(lang)
    return dict(_cities(locale)) | dict(_countries(locale)) if locale else {}


def _countries(locale: Locale) -> Iterator[tuple[str, str]]:
    for code, name in locale.territories.items():
        if len(code) == 2 and code.isalpha() and code not in _LIKE_WORDS:
            yield normalise(name), f"@{code}"


def _cities(locale: Locale) -> Iterator[tuple[str, str]]:
    zones = locale.time_zones
    for zone in _zones():
        plain = zone.rpartition("/")[2].replace("_", " ")
        named = zones.get(zone, {}).get("city") or (plain if locale.language == _LATIN else "")
        if named:
            yield normalise(named), f"@{normalise(plain)}"


@cache
def _zones() -> tuple[str, ...]:
    """The zones with a city in them: CLDR's Arabic spells out every one of them."""
    everywhere = map(str, Locale.parse("ar").time_zones)
    named = (zone for zone in everywhere if "/" in zone and not zone.startswith(("Etc/", "Antarctica/")))
    return tuple(sorted(zone for zone in named if zone not in _LIKE_WORDS))


@cache
def months(lang: str) -> Mapping[str, int]:
    """The number of each month's name, in all its written forms."""
    locale = _locale(lang)
    return dict(_named(locale.months, ("wide", "abbreviated"))) if locale else {}


@cache
def weekdays(lang: str) -> Mapping[str, int]:
    """The number of each weekday's name, 0 for Monday."""
    locale = _locale(lang)
    return dict(_named(locale.days, ("wide",))) if locale else {}


def _named(
    forms: Mapping[str, Mapping[str, Mapping[int, str]]], widths: tuple[str, ...]
) -> Iterator[tuple[str, int]]:
    for width in widths:
        for context in ("format", "stand-alone"):
            for number, name in forms.get(context, {}).get(width, {}).items():
                word = normalise(name).rstrip(".")
                if len(word) > 2 and word.isalpha():
                    yield word, number


@cache
def language_name(lang: str) -> str:
    """The English name of a language, "" for one that CLDR does not know."""
    return str(Locale.parse("en").languages.get(lang, ""))
