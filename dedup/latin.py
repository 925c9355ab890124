"""Words in Latin letters, whatever they are written in; the only importer of anyascii.

Transliteration brings names of other scripts near to their Latin spelling ("Зеленский": zelenskiy), the
skeleton of consonants brings them together with it ("Zelensky": SRNSK), also through the syllables of katakana
("Harrowmouth" and "ハローマス": both HRMS). Chinese characters are read the Chinese way, so Japanese names in kanji
come out wrong; they are not read at all in `dedup.bridges`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii

GRAM = 5
_REMEMBERED = 1 << 16
_NO_LETTER = re.compile(r"[^a-z0-9]+")
# What one script's spelling tells apart and another's does not, in order.
_SOUNDS = (
    ("yj", "i"), ("ij", "i"), ("tsch", "s"), ("sch", "s"), ("tch", "s"), ("sh", "s"), ("ch", "s"), ("cz", "s"), ("sz", "s"), ("zh", "s"),
    ("th", "s"), ("ts", "s"), ("tz", "s"), ("ph", "f"), ("kh", "k"), ("gh", "g"), ("ck", "k"), ("x", "ks"),
    ("qu", "k"), ("q", "k"), ("ce", "s"), ("ci", "s"), ("c", "k"), ("z", "s"), ("j", "s"), ("v", "b"),
    ("l", "r"), ("ng", "n"),
)  # fmt: skip
_VOWELS = re.compile(r"[aeiouyw]+|(?<=.)h")
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(_REMEMBERED)
def fold(word: str) -> str:
    """The word in the letters a to z and digits; empty for what has no reading."""
    return word if word.isascii() and word.isalnum() else _NO_LETTER.sub("", anyascii(word).lower())


@lru_cache(_REMEMBERED)
def skeleton(folded: str) -> str:
    """The consonants of a folded word, in upper case, with what scripts confuse made one."""
    for spelled, sound in _SOUNDS:
        folded = folded.replace(spelled, sound)
    return _VOWELS.sub("", _DOUBLED.sub(r"\1", folded)).upper()


@lru_cache(_REMEMBERED)
def grams(folded: str) -> tuple[str, ...]:
    """The runs of five characters of a word and its two ends, which related words share in part."""
    framed = f"<{folded}>"
    return tuple(framed[i : i + GRAM] for i in range(max(1, len(framed) - GRAM + 1)))
