"""Normalised text and its tokens, for single texts and for batches of code points.

What separates words differs by script: where it is white space and punctuation, a word is a run of
letters, digits and combining marks; in Chinese, Japanese, Thai and their like every character is a
token of its own.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

# The class of a character; what belongs to a token has the higher numbers.
SEPARATOR, WORD, CHARACTER = range(3)
Points = NDArray[np.uint8] | NDArray[np.uint32]
_ASCII_WORD = re.compile(r"[a-z0-9]+")

# Scripts written without spaces (Unicode block ranges, inclusive).
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # ideographic iteration mark, zero
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x323AF),
)
# Of so many lines, none longer than that, the tokens are remembered: those of the articles of a batch and the next.
_REMEMBERED, _LONGEST_REMEMBERED = 1_024, 2_000
_TABLE_SIZE = 0x32400  # the last block with words; everything above is symbols, tags and private use
# Written inside words without being part of them: soft hyphen, zero-width characters, byte order mark.
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"

TEXT_END = "\x00"


def normalise(text: str) -> str:
    """Fold what typesetting varies: entities, width and ligatures (NFKC), case, invisible characters.

    Quotation marks and dashes need no folding, as every punctuation mark separates words alike.
    """
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        for (
            character
        ) in _INVISIBLE:  # six searches that mostly fail: a twentieth of the time of str.translate
            text = text.replace(character, "")
    return text.casefold()


@cache
def character_classes() -> NDArray[np.uint8]:
    """The class of every code point below U+32400; the last entry stands for all above."""
    table = np.zeros(_TABLE_SIZE + 1, dtype=np.uint8)
    for point in range(_TABLE_SIZE):
        character = chr(point)
        if character.isalnum() or unicodedata.category(character)[0] == "M":
            table[point] = WORD
    for low, high in _UNSPACED:
        block = table[low : high + 1]
        block[block == WORD] = CHARACTER
    return table


@cache
def _ascii_classes() -> bytes:
    return character_classes()[:256].tobytes()


def code_points(text: str) -> NDArray[np.uint32]:
    """The text's code points as an array; lone surrogates pass through as separators."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def classify(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The class of each code point."""
    return character_classes().take(points, mode="clip")


def read_batch(texts: list[str]) -> tuple[Points, NDArray[np.uint8], NDArray[np.int64]]:
    """All texts, normalised: the code points, their classes, and where each text ends (a separator)."""
    joined = TEXT_END.join(texts)
    if "&" in joined or not joined.isascii():
        texts = [normalise(text) for text in texts]
        joined = TEXT_END.join(texts)
    ends = np.fromiter(map(len, texts), np.int64, len(texts)).cumsum() + np.arange(len(texts))
    if joined.isascii():  # a byte a character, and all of it in three passes over bytes
        encoded = joined.encode().lower()
        classes = np.frombuffer(encoded.translate(_ascii_classes()), dtype=np.uint8)
        return np.frombuffer(encoded, dtype=np.uint8), classes, ends
    points = code_points(joined)
    return points, classify(points), ends


def tokens(text: str) -> list[str]:
    """The tokens of one text, normalised, in order; the readable form of what the hashes are made of."""
    return list(_tokens(text) if len(text) <= _LONGEST_REMEMBERED else _split(text))


@lru_cache(_REMEMBERED)
def _tokens(text: str) -> tuple[str, ...]:
    """The same, remembered: a line is looked at by who cleans an article, by who knows its outlet, and by others."""
    return _split(text)


def _split(text: str) -> tuple[str, ...]:
    folded = normalise(text)
    if folded.isascii():  # short lines by the hundred thousand: an array's set-up would be most of the time
        return tuple(_ASCII_WORD.findall(folded))
    classes = classify(code_points(folded))
    starts, ends = token_bounds(classes)
    return tuple([folded[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)])


def token_bounds(classes: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each token starts and ends (exclusive), given the class of each character."""
    inside = _framed(classes >= WORD)
    borders = inside[1:] != inside[:-1]
    single = classes == CHARACTER
    if not single.any():  # only words: starts and ends take turns
        both = np.flatnonzero(borders)
        return both[::2].copy(), both[1::2].copy()
    single = _framed(single)
    borders |= single[1:] | single[:-1]
    return np.flatnonzero(borders & inside[1:]), np.flatnonzero(borders & inside[:-1])


def _framed(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    framed = np.zeros(len(flags) + 2, dtype=np.bool_)
    framed[1:-1] = flags
    return framed
