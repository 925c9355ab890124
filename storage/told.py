"""Groups by their rare terms: entered, found again, and what is told of them. All of it is private."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from dedup.terms import SLOTS, Frequencies
from storage.functions import Call
from storage.keys import Keys
from storage.plain import text_of
from storage.vectors import (
    Groups,
    Known,
    Model,
    Posting,
    Shared,
    binary,
    by_slice,
    key_bytes,
    known_texts,
    shared_of,
    to_bytes,
)

# What is entered is looked up within a window of its time; it is kept for so many of them after it was written.
_WINDOWS_KEPT = 4


class Telling:
    """Calls about the groups of one language; `window` in seconds is how far apart texts on one event are told."""

    def __init__(self, keys: Keys, *, window: int) -> None:
        self._keys, self._window = keys, max(2, window)

    @property
    def _width(self) -> int:
        """Half a window, so that what lies in the slices looked at is little more than the window."""
        return self._window // 2

    @property
    def ttl(self) -> int:
        """How many seconds a slice is kept after it was last written."""
        return _WINDOWS_KEPT * self._window

    def slice_of(self, time: int) -> int:
        """The slice that a group of this time is in."""
        return time // self._width

    def ask_frequencies(self, lang: str, now: datetime) -> Call[Frequencies]:
        """In how many texts of late each term stood."""
        here = int(now.timestamp()) // self._window
        call = {"slices": [here, here - 1]}

        def read(answer: Sequence[Any]) -> Frequencies:
            tables, texts = answer
            total = np.zeros(SLOTS, np.uint32)
            for table in tables or ():
                counts = np.frombuffer(table[: len(table) // 2 * 2], ">u2")
                total[: len(counts)] += counts
            return Frequencies(total, int(texts))

        return Call("frequencies", self._keys.index(lang), call, read)

    def ask_post(
        self,
        lang: str,
        postings: Sequence[Posting],
        frequencies: Frequencies | None,
        now: datetime,
        tag: str = "",
    ) -> Call[list[Shared]]:
        """Enter new groups under their keys and bring back who is there.

        `frequencies` are stored with what was added to them, a text for each posting; `tag` is a language that is
        noted as one of late.
        """
        counted = frequencies.each() if frequencies else [None] * len(postings)
        call = {
            "now": int(now.timestamp()),
            **({"lang": tag} if tag else {}),
            "here": int(now.timestamp()) // self._window,
            "df_ttl": 2 * self._window + self._window // 2,
            "ttl": self.ttl,
            "reach": 2,
            "docs": [
                {
                    "group": binary(posting.group),
                    "slice": self.slice_of(posting.time),
                    "terms": key_bytes(posting.keys),
                    "text": posting.text,
                    **({} if posting.sought is None else {"sought": key_bytes(posting.sought)}),
                    **({} if slots is None else {"slots": slots.astype("<u2").tobytes()}),
                }
                for posting, slots in zip(postings, counted, strict=True)
            ],
        }
        added, counts = frequencies.added() if frequencies else (np.zeros(0, np.intp), np.zeros(0, np.intp))
        blobs = added.astype(">u2").tobytes(), np.minimum(counts, 65_535).astype(">u2").tobytes()

        def read(answer: Sequence[Any]) -> list[Shared]:
            return [shared_of(posting, row) for posting, row in zip(postings, answer, strict=True)]

        return Call("post", self._keys.index(lang), call, read, blobs)

    def ask_around(
        self, lang: str, wanted: Iterable[Groups], room: int, width: int, model: Model | None = None
    ) -> Call[Known]:
        """What is known of candidates, given by slice; with room for more texts, all of at most `width` terms."""
        numbers = by_slice(wanted)
        call = {"slices": [[slice_, to_bytes(groups)] for slice_, groups in numbers.items()]}

        def read(answer: Sequence[Any]) -> Known:
            rows, sizes = answer
            listed = [number for groups in numbers.values() for number in groups.tolist()]
            texts = [text for some, _ in rows or () for text in some]
            tales = [tale for _, some in rows or () for tale in some]
            kept = [i for i, text in enumerate(texts) if text]
            size = {text_of(k): int(v) for k, v in dict(sizes or {}).items()}
            found = [(listed[i], texts[i], tales[i]) for i in kept]
            return known_texts(found, size, room, width, model)

        return Call("around", self._keys.index(lang), call, read)
