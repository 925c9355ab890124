"""Numbers and dates as keys that are the same in every language.

The mark between thousands and before decimals changes with the language: three digits after a mark are
thousands, fewer are decimals. Chinese characters for numbers are read; number words are not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta

from dedup.locales import months, weekdays

_CHUNK = re.compile(r"\d+(?:[ .,'’٬٫]\d+)*")
_PIECE = re.compile(r"(\D?)(\d+)")
_DECIMAL_MARKS = frozenset(".,٫")
_MOST_DIGITS = 15
_HAN_NUMBER = re.compile(r"[〇一二三四五六七八九十百千万]{2,12}")
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_MYRIAD = 10_000

_FULL_DATE = re.compile(r"(\d{1,4})([-年./])(\d{1,2})[-月./](\d{1,4})(?!\d)")
_DIGITS = 15
_HAN_NUMBER = re.compile(r"[〇一二三四五六七八九十百千万]{2,12}")
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_MYRIAD = 10_000

_WHOLE_DATE = re.compile(r"\d{4}[-年]\d{1,2}[-月]\d{1,2}(?!\d)")
_DAY_FIRST = re.compile(r"\d{1,2}[./]\d{1,2}[./]\d{4}(?!\d)")
_HAN_DATE = re.compile(r"(?<![\d年])(\d{1,2})月(\d{1,2})日")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|º)?")
_OF = frozenset({"de", "of", "di", "del"})
_HALF_YEAR = timedelta(days=183)


def numbers(text: str) -> Iterator[str]:
    """The numbers of a normalised text, as "11000" and "36.8"; years and numbers of one digit left out."""
    for chunk in _CHUNK.findall(text):
        if len(chunk) > 1:
            yield from _read_chunk(chunk)
    for found in () if text.isascii() else _HAN_NUMBER.findall(text):
        value = _han_value(found)
        if value > 9 and not 1900 <= value < 2100:
            yield str(value)


def _read_chunk(chunk: str) -> Iterator[str]:
    """The numbers of digits with single marks between: "11 000,50" is one, "3, 14" were two, "24.12.2025" is three."""
    whole, grouped, closed = "", False, True
    for mark, digits in _PIECE.findall(chunk):
        if not closed and len(digits) == 3 and (grouped or len(whole) <= 3):
            whole, grouped = whole + digits, True
        elif not closed and mark in _DECIMAL_MARKS and len(digits) < 3:
            yield from _number(whole, digits, grouped)
            closed = True
        else:
            if not closed:
                yield from _number(whole, "", grouped)
            whole, grouped, closed = digits, False, False
    if not closed:
        yield from _number(whole, "", grouped)


def _number(whole: str, decimals: str, grouped: bool) -> Iterator[str]:
    if len(whole) > _MOST_DIGITS:
        return
    value, fraction = int(whole), _latin_digits(decimals).rstrip("0")
    year = len(whole) == 4 and not grouped and 1900 <= value < 2100
    if fraction:
        yield f"{value}.{fraction}"
    elif value > 9 and not year:
        yield str(value)


def _latin_digits(digits: str) -> str:
    return digits if digits.isascii() else "".join(str(unicodedata.digit(digit)) for digit in digits)


def _han_value(found: str) -> int:
    """214 for 二百十四; also digits one after another, as in 二〇二五."""
    if not any(unit in found for unit in (*_HAN_UNITS, "万")):
        return int("".join(str(int(unicodedata.numeric(digit))) for digit in found))
    total = section = digit = 0
    for character in found:
        if character == "万":
            total, section, digit = total + max(1, section + digit) * _MYRIAD, 0, 0
        elif character in _HAN_UNITS:
            section, digit = section + max(1, digit) * _HAN_UNITS[character], 0
        else:
            digit = int(unicodedata.numeric(character))
    return total + section + digit


def dates(text: str, words: Sequence[str], lang: str, when: datetime | None) -> Iterator[date]:
    """The days that a normalised text and its words name, made absolute by the time of the article.

    Without a year a day is the one nearest to `when`, a weekday the latest that is not after it; without `when`
    both are left out. 3/4/2026 is taken for the third of April.
    """
    for first, mark, month, last in _FULL_DATE.findall(text):
        year, day = (first, last) if mark in "-年" else (last, first)
        if len(year) == 4:
            yield from _day(int(year), int(month), int(day))
    present = frozenset(words)
    if present & months(lang).keys():
        yield from _named(words, months(lang), when)
    if when is None:
        return
    for month, day in _HAN_DATE.findall(text) if "月" in text else ():
        yield from _nearest(int(month), int(day), when.date())
    for name in sorted(present & weekdays(lang).keys()):
        with suppress(OverflowError):  # before the year 1
            yield when.date() - timedelta(days=(when.weekday() - weekdays(lang)[name]) % 7)


def _named(words: Sequence[str], named: Mapping[str, int], when: datetime | None) -> Iterator[date]:
    for at in [place for place, word in enumerate(words) if word in named]:
        before = [found for found in words[max(0, at - 2) : at] if found not in _OF][-1:]
        after = [found for found in words[at + 1 : at + 4] if found not in _OF][:2]
        day = next((n for n in map(_number_of_day, [*before, *after[:1]]) if n), 0)
        year = next((int(found) for found in after if len(found) == 4 and found.isdecimal()), 0)
        if day and year:
            yield from _day(year, named[words[at]], day)
        elif day and when:
            yield from _nearest(named[words[at]], day, when.date())


def _number_of_day(word: str) -> int:
    found = _ORDINAL.fullmatch(word) if word[:1].isdigit() else None
    return int(found[1]) if found else 0


def _day(year: int, month: int, day: int) -> Iterator[date]:
    with suppress(ValueError):
        yield date(year, month, day)


def _nearest(month: int, day: int, today: date) -> Iterator[date]:
    around = (d for year in (today.year - 1, today.year, today.year + 1) for d in _day(year, month, day))
    near = min(around, key=lambda found: abs(found - today), default=None)
    if near and abs(near - today) <= _HALF_YEAR:
        yield near
