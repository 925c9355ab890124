"""Groups by their rare terms: entered, found again, and what is told of them. All of it is private."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from dedup.terms import Frequencies
from storage.functions import Call
from storage.keys import Keys
from storage.plain import text_of
from storage.termcounts import MOST_LATE, Counts, Late, counts_of, packed_counts
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


@dataclass(frozen=True, slots=True)
class Entered:
    """Who shares keys with each of the groups that were entered, and which others were entered before and not linked yet."""

    shared: list[Shared]
    ahead: frozenset[int]


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

    @property
    def _counted(self) -> int:
        """How many seconds the counts of a window are kept after they were last added to."""
        return 2 * self._window + self._window // 2

    def ask_frequencies(self, lang: str, now: datetime) -> Call[Late]:
        """In how many texts of late each term stood."""
        here = int(now.timestamp()) // self._window

        def read(answer: Sequence[Any]) -> Late:
            tables, texts = answer
            counts = [counts_of(table, late) for table, late, _ in tables]
            _, late, folds = tables[0]
            long = len(late) > MOST_LATE
            fold = self._fold(lang, here, counts[0], len(late), int(folds)) if long else None
            return Late(Frequencies(np.sum(counts, 0, np.uint32), int(texts)), fold)

        return Call("frequencies", self._keys.index(lang), {"slices": [here, here - 1]}, read)

    def _fold(self, lang: str, slice_: int, counts: Counts, added: int, folds: int) -> Call[int]:
        call = {"slice": slice_, "added": added, "folds": folds, "df_ttl": self._counted}
        return Call("fold", self._keys.index(lang), call, int, (packed_counts(counts),))

    def ask_post(
        self,
        lang: str,
        postings: Sequence[Posting],
        frequencies: Frequencies | None,
        now: datetime,
        tag: str = "",
    ) -> Call[Entered]:
        """Enter new groups under their keys and bring back who is there.

        What was added to `frequencies`, a text for each posting, is noted; `tag` is a language that is noted as one of late.
        """
        counted = frequencies.added if frequencies else [None] * len(postings)
        call = {
            "now": int(now.timestamp()),
            **({"lang": tag} if tag else {}),
            "here": int(now.timestamp()) // self._window,
            "df_ttl": self._counted,
            "counts": frequencies is not None,
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

        def read(answer: Sequence[Any]) -> Entered:
            rows, ahead = answer
            shared = [shared_of(posting, row) for posting, row in zip(postings, rows, strict=True)]
            return Entered(shared, frozenset(map(_number, ahead or ())))

        return Call("post", self._keys.index(lang), call, read)

    def ask_around(
        self, lang: str, wanted: Iterable[Groups], room: int, width: int, model: Model | None = None
    ) -> Call[Known]:
        """What is known of candidates, given by slice; with room for more texts, all of at most `width` terms."""
        numbers = by_slice(wanted)
        call = {"slices": [[slice_, to_bytes(groups)] for slice_, groups in numbers.items()]}

        def read(answer: Sequence[Any]) -> Known:
            rows, sizes, entering = answer
            listed = [number for groups in numbers.values() for number in groups.tolist()]
            texts = [text for some, _ in rows or () for text in some]
            tales = [tale for _, some in rows or () for tale in some]
            kept = [i for i, text in enumerate(texts) if text]
            size = {text_of(k): int(v) for k, v in dict(sizes or {}).items()}
            found = [(listed[i], texts[i], tales[i]) for i in kept]
            return known_texts(found, size, room, width, model, map(_number, entering or ()))

        return Call("around", self._keys.index(lang), call, read)

    def ask_await(self, lang: str, awaited: Iterable[int], own: Iterable[str]) -> Call[frozenset[int]]:
        """Which of the groups awaited other workers still have to link; those who wait for the caller's `own` hear of it."""
        call = {
            "groups": [one.to_bytes(6, "big") for one in awaited],
            "own": [binary(group) for group in own],
        }
        return Call("await", self._keys.index(lang), call, lambda left: frozenset(map(_number, left or ())))


def _number(group: bytes) -> int:
    return int.from_bytes(group, "big")
