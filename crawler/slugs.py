"""The words that an address spells, which are those of the headline that the article was filed under."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote, urlsplit

_MAX_SLUG_WORDS = 60
_LATIN = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "a", "œ": "o", "ł": "l", "ı": "i", "đ": "d", "'": "", "’": ""}
)


def address_words(address: str) -> list[str]:
    """The words of the wordiest part of an address's path; articles' numbers are no words."""
    try:
        path = unquote(urlsplit(address).path)
    except ValueError:
        return []
    parts = (latin_words(part) for part in re.sub(r"\.\w{2,5}$", "", path).split("/"))
    return max(([word for word in part if not _is_number(word)] for part in parts), key=len, default=[])


def _is_number(word: str) -> bool:
    return any(c.isdigit() for c in word) and (len(word) > 4 or not word.isdigit())


def latin_words(text: str) -> list[str]:
    """Words as addresses write them: without accents, and "ae" the same as "ä" or "a"."""
    bare = unicodedata.normalize("NFKD", text.lower().translate(_LATIN))
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", re.sub("([ao])[ae]|(u)e", r"\1\2", bare))[:_MAX_SLUG_WORDS]
