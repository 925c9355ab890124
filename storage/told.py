"""Groups by their rare terms: entered, found again, and what is told of them. All of it is private.

A vector is kept as its time, its slots and its weights (a byte each); groups and postings in their binary form.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup.stories import Told
from dedup.terms import SLOTS, Frequencies, TermVector
from storage.functions import Call
from storage.keys import Keys, story_id
from storage.plain import text_of

# Groups (binary, as big-endian numbers) by slice.
Groups = Mapping[int, NDArray[np.uint64]]

_GROUP = 6
_FINE = 255.0  # steps of a weight
_DENSITY = 65_535.0  # steps of a density
# What is entered is looked up within a window of its time; it is kept for so many of them after it was written.
_WINDOWS_KEPT = 4


@dataclass(frozen=True, slots=True)
class Posting:
    """A new group to enter: its id, the time it tells of, the keys it is entered under, and what is kept of it.

    `sought` are the keys to look up, where they are others than those it is entered under, and `weights` what sharing
    each of them counts.
    """

    group: str
    time: int
    keys: tuple[int, ...]
    weights: NDArray[np.float64]
    text: bytes
    sought: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """Who shares terms with one new group: for each slice the groups (binary, as big-endian numbers) and a weight."""

    slices: tuple[int, ...]
    groups: tuple[NDArray[np.uint64], ...]
    weights: tuple[NDArray[np.float64], ...]

    def best(self, most: int) -> dict[int, NDArray[np.uint64]]:
        """The `most` groups that share most, by slice, those that share most first."""
        if not self.slices:
            return {}
        weights = np.concatenate(self.weights)
        where = np.repeat(np.array(self.slices), [len(w) for w in self.weights])
        groups = np.concatenate(self.groups)
        top = np.lexsort((groups, -weights))[:most]
        found: dict[int, list[int]] = defaultdict(list)
        for i in top.tolist():
            found[int(where[i])].append(i)
        return {slice_: groups[places] for slice_, places in found.items()}


@dataclass(frozen=True, slots=True)
class Known:
    """Candidates by their binary ids, with the story of each and how many groups each of these stories has."""

    told: Mapping[int, Told]
    story: Mapping[str, str]
    size: Mapping[str, int]


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

        `frequencies` are stored with what was added to them; `tag` is a language that is noted as one of late.
        """
        call = {
            "now": int(now.timestamp()),
            **({"lang": tag} if tag else {}),
            "here": int(now.timestamp()) // self._window,
            "df_ttl": 2 * self._window + self._window // 2,
            "ttl": self.ttl,
            "reach": 2,
            "docs": [
                {
                    "group": _binary(posting.group),
                    "slice": self.slice_of(posting.time),
                    "terms": _key_bytes(posting.keys),
                    "text": posting.time.to_bytes(8, "big", signed=True) + posting.text,
                    **({} if posting.sought is None else {"sought": _key_bytes(posting.sought)}),
                }
                for posting in postings
            ],
        }
        slots, counts = frequencies.added() if frequencies else (np.zeros(0, np.intp), np.zeros(0, np.intp))
        blobs = slots.astype(">u2").tobytes(), np.minimum(counts, 65_535).astype(">u2").tobytes()

        def read(answer: Sequence[Any]) -> list[Shared]:
            return [_shared(posting, row) for posting, row in zip(postings, answer, strict=True)]

        return Call("post", self._keys.index(lang), call, read, blobs)

    def ask_around(self, lang: str, wanted: Iterable[Groups]) -> Call[Known]:
        """What is known of candidates, given by slice."""
        numbers = by_slice(wanted)
        call = {"slices": [[slice_, to_bytes(groups)] for slice_, groups in numbers.items()]}

        def read(answer: Sequence[Any]) -> Known:
            rows, sizes = answer
            told: dict[int, Told] = {}
            story: dict[str, str] = {}
            for groups, (texts, tales) in zip(numbers.values(), rows or (), strict=True):
                for number, text, tale in zip(groups.tolist(), texts, tales, strict=True):
                    if text:
                        found = told[number] = _unpacked(number, text, tale)
                        story[found.group] = tale[2:].decode() if tale else story_id(found.group)
            return Known(told, story, {text_of(k): int(v) for k, v in dict(sizes or {}).items()})

        return Call("around", self._keys.index(lang), call, read)


def by_slice(wanted: Iterable[Groups]) -> dict[int, NDArray[np.uint64]]:
    """The groups of several, each once, by slice."""
    found: dict[int, list[NDArray[np.uint64]]] = defaultdict(list)
    for one in wanted:
        for slice_, groups in one.items():
            found[slice_].append(groups)
    return {slice_: np.unique(np.concatenate(groups)) for slice_, groups in found.items()}


def packed_density(density: float) -> bytes:
    """A density as it is kept."""
    return round(min(1.0, max(0.0, density)) * _DENSITY).to_bytes(2, "big")


def number_of(group: str) -> int:
    """A group's id as a number."""
    return int(group[1:], 16)


def _binary(group: str) -> bytes:
    return bytes.fromhex(group[1:])


def to_bytes(numbers: NDArray[np.uint64]) -> bytes:
    """Groups in their binary form."""
    return numbers.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:].tobytes()


def vector_posting(group: str, time: int, vector: TermVector, lookups: int) -> Posting:
    """A group to enter by the first `lookups` terms of its vector."""
    keys = tuple(term.key for term in vector.terms[:lookups])
    weights = np.rint(vector.weights * _FINE).astype(np.uint8)
    squares = np.square(vector.weights[:lookups].astype(np.float64))
    return Posting(group, time, keys, squares, vector.slots.astype("<u2").tobytes() + weights.tobytes())


def _key_bytes(keys: Sequence[int]) -> bytes:
    return b"".join(key.to_bytes(4, "big") for key in keys)


def _unpacked(number: int, text: bytes, tale: bytes | bool) -> Told:
    count = (len(text) - 8) // 3
    return Told(
        group=f"g{number:012x}",
        time=int.from_bytes(text[:8], "big", signed=True),
        slots=np.frombuffer(text, "<u2", count, 8),
        weights=np.frombuffer(text, np.uint8, count, 8 + 2 * count) * np.float32(1 / _FINE),
        density=int.from_bytes(tale[:2], "big") / _DENSITY if isinstance(tale, bytes) else 0.0,
    )


def _shared(posting: Posting, row: Sequence[Any]) -> Shared:
    own = number_of(posting.group)
    slices, groups, weights = [], [], []
    for slice_, hits in row or ():
        if not hits:
            continue
        members = hits[1::2]
        numbers = _numbers(b"".join(members))
        repeats = [len(m) // _GROUP for m in members]
        each = np.repeat(posting.weights[np.array(hits[::2]) - 1], repeats)
        found, inverse = np.unique(numbers, return_inverse=True)
        sums = np.bincount(inverse, weights=each)
        others = found != own
        slices.append(int(slice_))
        groups.append(found[others])
        weights.append(sums[others])
    return Shared(tuple(slices), tuple(groups), tuple(weights))


def _numbers(members: bytes) -> NDArray[np.uint64]:
    wide = np.zeros((len(members) // _GROUP, 8), np.uint8)
    wide[:, 2:] = np.frombuffer(members, np.uint8).reshape(-1, _GROUP)
    return wide.view(">u8").ravel().astype(np.uint64)
