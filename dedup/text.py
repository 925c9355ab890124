"""Normalised text and its tokens, for single texts and for batches of code points.

What separates words differs by script: where it is white space and punctuation, a word is a run of
letters, digits and combining marks; in Chinese, Japanese, Thai and their like every character is a
token of its own.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

SEPARATOR, WORD, CHARACTER = 0, 1, 2
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
_TABLE_SIZE = 0x32400  # the last block with words; everything above is symbols, tags and private use
# Written inside words without being part of them: soft hyphen, zero-width characters, byte order mark.
_INVISIBLE = {0x00AD: None, 0x200B: None, 0x200C: None, 0x200D: None, 0x2060: None, 0xFEFF: None}


# A stop ends a sentence before white space; an ideographic one, or a line break, anywhere.
_STOPS = np.array([ord(c) for c in ".!?…:;؟।"], dtype=np.uint32)
_FULL_STOPS = np.array([ord(c) for c in "。！？\n\x00"], dtype=np.uint32)
_SPACES = np.array([ord(c) for c in " \t\n\u00a0\x00\"'”’»“«"], dtype=np.uint32)


def normalise(text: str) -> str:
    """Fold what typesetting varies: entities, width and ligatures (NFKC), case, invisible characters.

    Quotation marks and dashes need no folding, as every punctuation mark separates words alike.
    """
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    return text.casefold()


@cache
def character_classes() -> NDArray[np.uint8]:
    """The class of every code point below U+32400: separator, part of a word, or a token by itself."""
    table = np.zeros(_TABLE_SIZE + 1, dtype=np.uint8)
    for point in range(_TABLE_SIZE):
        character = chr(point)
        if character.isalnum() or unicodedata.category(character)[0] == "M":
            table[point] = WORD
    for low, high in _UNSPACED:
        block = table[low : high + 1]
        block[block == WORD] = CHARACTER
    return table


def code_points(text: str) -> NDArray[np.uint32]:
    """The text's code points as an array; lone surrogates pass through as separators."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def classify(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The class of each code point."""
    return character_classes()[np.minimum(points, _TABLE_SIZE)]


def tokens(text: str) -> list[str]:
    """The tokens of one text, normalised, in order; the readable form of what the hashes are made of."""
    folded = normalise(text)
    if folded.isascii():  # short lines by the hundred thousand: an array's set-up would be most of the time
        return _ASCII_WORD.findall(folded)
    classes = classify(code_points(folded))
    starts, ends = token_bounds(classes)
    return [folded[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def token_bounds(classes: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each token starts and ends (exclusive), given the class of each character."""
    if not classes.size:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty
    previous = np.concatenate(([SEPARATOR], classes[:-1]))
    following = np.concatenate((classes[1:], [SEPARATOR]))
    starts = (classes != SEPARATOR) & ((classes != previous) | (classes == CHARACTER))
    ends = (classes != SEPARATOR) & ((classes != following) | (classes == CHARACTER))
    return np.flatnonzero(starts), np.flatnonzero(ends) + 1


def sentence_ends(points: NDArray[np.uint32]) -> NDArray[np.int64]:
    """The positions of the characters that end a sentence."""
    if not points.size:
        return np.zeros(0, dtype=np.int64)
    following = np.concatenate((points[1:], np.zeros(1, dtype=np.uint32)))
    stops = np.isin(points, _STOPS) & np.isin(following, _SPACES)
    return np.flatnonzero(stops | np.isin(points, _FULL_STOPS))
