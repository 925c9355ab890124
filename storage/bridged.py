"""Groups by what of their texts survives translation, so that those of other languages find them.

All of it is private but the links that are found, `group:{id}:related`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgpack
import numpy as np

from dedup.bridges import Bridge
from storage.functions import Call
from storage.keys import Keys
from storage.plain import text_of
from storage.told import Entered, Telling
from storage.vectors import Groups, Posting, by_slice, to_bytes

# The partition of all languages, beside those of one each.
ACROSS = "across"
# News of so many languages is looked through, those that news came in latest.
_LANGUAGES = 12
# What sharing a key counts that is looked up and not among the weightiest bridges.
_LEAST = 0.01


@dataclass(frozen=True, slots=True)
class Bridged:
    """A group with its language, its time in epoch seconds, and its bridges."""

    group: str
    lang: str
    time: int
    bridges: tuple[Bridge, ...]


class Bridging:
    """Calls about the groups of all languages; links live for the `retention` in seconds."""

    def __init__(self, keys: Keys, telling: Telling, *, retention: int) -> None:
        self._prefix, self._telling, self._retention = keys.index(ACROSS), telling, retention

    def ask_languages(self, now: datetime) -> Call[tuple[str, ...]]:
        """The languages that news came in of late."""
        call = {"since": int(now.timestamp()) - self._telling.ttl, "most": _LANGUAGES}
        return Call("languages", self._prefix, call, lambda found: tuple(map(text_of, found or ())))

    def ask_post(
        self,
        groups: Sequence[Bridged],
        keys: Sequence[Sequence[str]],
        languages: Iterable[str],
        now: datetime,
    ) -> Call[Entered]:
        """Enter groups of one language under these keys, and bring back those of other languages that share some."""
        lang = groups[0].lang
        others = [other for other in languages if other != lang]
        postings = [_posting(group, some, others) for group, some in zip(groups, keys, strict=True)]
        return self._telling.ask_post(ACROSS, postings, None, now, tag=lang)

    def ask_bridged(self, wanted: Iterable[Groups]) -> Call[dict[int, Bridged]]:
        """The bridges of groups, by the groups' numbers."""
        numbers = by_slice(wanted)
        call = {"slices": [[slice_, to_bytes(groups)] for slice_, groups in numbers.items()]}

        def read(answer: Sequence[Any]) -> dict[int, Bridged]:
            return {
                number: _unpacked(number, text)
                for groups, (texts, _) in zip(numbers.values(), answer[0] or (), strict=True)
                for number, text in zip(groups.tolist(), texts, strict=True)
                if text
            }

        return Call("around", self._prefix, call, read)

    def ask_relate(self, pairs: Sequence[tuple[str, str, float]], reworded: Sequence[str]) -> Call[int]:
        """Link groups that tell one event in two languages, with the score of each link.

        Links that `reworded` groups have so far go first: what they say was looked up anew.
        """
        call = {"pairs": pairs, "reworded": list(reworded), "ttl": self._retention}
        return Call("relate", self._prefix, call, int)


@lru_cache(maxsize=1 << 17)
def _key(lang: str, key: str) -> int:
    digest = hashlib.blake2b(f"{lang} {key}".encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def _posting(group: Bridged, keys: Sequence[str], others: Sequence[str]) -> Posting:
    weights = {bridge.key: bridge.weight**2 for bridge in group.bridges}
    packed: bytes = msgpack.packb(
        [group.lang, [[b.key, round(b.weight, 4)] for b in group.bridges]], unicode_errors="surrogatepass"
    )
    return Posting(
        group.group,
        group.time,
        tuple(_key(group.lang, key) for key in keys),
        np.array([weights.get(key, _LEAST) for _ in others for key in keys], np.float64),
        group.time.to_bytes(8, "big", signed=True) + packed,
        tuple(_key(other, key) for other in others for key in keys),
    )


def _unpacked(number: int, text: bytes) -> Bridged:
    lang, bridges = msgpack.unpackb(text[8:], unicode_errors="surrogatepass")
    time = int.from_bytes(text[:8], "big", signed=True)
    return Bridged(f"g{number:012x}", lang, time, tuple(Bridge(key, weight) for key, weight in bridges))
