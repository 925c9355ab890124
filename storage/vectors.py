"""What is kept of groups by their rare terms, and how it is written and read. All of it is private.

A vector is kept as its head (how many terms, the weekdays that are named, the time), its slots and its weights (a byte
each), and after them where a model is used the model's tag and what it says (a byte a dimension); groups and postings
in their binary form.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup.neighbourhood import Neighbourhood
from dedup.terms import TermVector
from storage.keys import story_id

# Groups (binary, as big-endian numbers) by slice.
Groups = Mapping[int, NDArray[np.uint64]]

_GROUP, _TIME = 6, 8  # bytes
_FINE = 255.0  # steps of a weight
_DENSITY = 65_535.0  # steps of a density
_SAID = 127.0  # steps of a dimension of an embedding
# A head is this, a byte for how many terms there are, one for the days, and the time. Before days were compared it was the
# time alone, or with a model `_MODELLED`, the count and the time: those are still read. No time begins with a mark.
_HEADED, _HEADED_TIME = b"\x02", _TIME - 3
_MODELLED = b"\x01"
# As numbers to sort: a group, in which of the slices looked at it was found, and by which of the keys.
_SLICE_BITS, _SLICE_MASK = np.uint64(3), np.uint64(7)
_KEY_BITS, _KEY_MASK = np.uint64(13), np.uint64((1 << 13) - 1)
# Stands after the story of a group that an operator put there.
_FIXED = b"!"


@dataclass(frozen=True, slots=True)
class Model:
    """An embedding model: what it is told by from others, and how long its vectors are."""

    tag: bytes
    size: int


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
    """Who shares terms with one new group: the groups (as numbers), the slice of each, and a weight."""

    groups: NDArray[np.uint64]
    slices: NDArray[np.intp]
    weights: NDArray[np.float64]

    def best(self, most: int) -> dict[int, NDArray[np.uint64]]:
        """The `most` groups that share most, by slice, those that share most first."""
        top = _largest(self.weights, self.groups, most)
        groups, slices = self.groups[top], self.slices[top]
        return {slice_: groups[slices == slice_] for slice_ in dict.fromkeys(slices.tolist())}


def _largest(weights: NDArray[np.float64], groups: NDArray[np.uint64], most: int) -> NDArray[np.intp]:
    """The places of the largest weights, largest first, of equal ones the lesser group."""
    if len(weights) > most:
        least = np.partition(weights, len(weights) - most)[len(weights) - most]
        places = np.flatnonzero(weights >= least)
    else:
        places = np.arange(len(weights))
    return places[np.lexsort((groups[places], -weights[places]))[:most]]


@dataclass(frozen=True, slots=True)
class Known:
    """Candidates and their stories, and the row of each by its binary id.

    Those in `untold` are entered and no more: who places them has not stored them yet.
    """

    around: Neighbourhood
    rows: dict[int, int]
    untold: frozenset[int] = frozenset()


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


def binary(group: str) -> bytes:
    return bytes.fromhex(group[1:])


def to_bytes(numbers: NDArray[np.uint64]) -> bytes:
    """Groups in their binary form."""
    return numbers.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:].tobytes()


def vector_posting(
    group: str, time: int, vector: TermVector, lookups: int, said: tuple[Model, NDArray[np.float32]] | None = None
) -> Posting:  # fmt: skip
    """A group to enter by the first `lookups` terms of its vector, with what a model said of it."""
    keys = tuple(term.key for term in vector.terms[:lookups])
    weights = np.rint(vector.weights * _FINE).astype(np.uint8)
    squares = np.square(vector.weights[:lookups].astype(np.float64))
    head = _HEADED + bytes([len(vector.slots), vector.days]) + time.to_bytes(_HEADED_TIME, "big", signed=True)
    text = head + vector.slots.astype("<u2").tobytes() + weights.tobytes()
    if said is None:
        return Posting(group, time, keys, squares, text)
    model, meaning = said
    tail = model.tag + np.rint(meaning * _SAID).astype(np.int8).tobytes()
    return Posting(group, time, keys, squares, text + tail)


def key_bytes(keys: Sequence[int]) -> bytes:
    return b"".join(key.to_bytes(4, "big") for key in keys)


def known_texts(
    found: Sequence[tuple[int, bytes, bytes | bool]], size: Mapping[str, int], room: int, width: int,
    model: Model | None, entering: Iterable[int] = (),
) -> Known:  # fmt: skip
    """Candidates, each with its number, its text's vector and what is told of it, in columns; who else is being entered."""
    parted = [_parted(text) for _, text, _ in found]
    times, days, texts, said = zip(*parted, strict=True) if parted else ((), (), (), ())
    slots = np.zeros((len(found) + room, width), np.uint16)
    weights = np.zeros((len(found) + room, width), np.float32)
    for count, rows in _by_count(texts).items():
        joined = np.frombuffer(b"".join([texts[row] for row in rows]), np.uint8)
        parts = joined.reshape(len(rows), 3 * count)
        most = min(count, width)
        slots[rows, :most] = np.ascontiguousarray(parts[:, : 2 * count]).view("<u2")[:, :most]
        weights[rows, :most] = parts[:, 2 * count : 2 * count + most] * np.float32(1 / _FINE)
    groups = [f"g{number:012x}" for number, _, _ in found]
    told = [tale if isinstance(tale, bytes) else b"" for _, _, tale in found]
    around = Neighbourhood.of(
        slots,
        weights,
        _meanings(said, room, model) if model else None,
        groups=groups,
        times=times,
        days=days,
        densities=[int.from_bytes(tale[:2], "big") / _DENSITY for tale in told],
        stories=[
            tale[2:].rstrip(_FIXED).decode() or story_id(group)
            for tale, group in zip(told, groups, strict=True)
        ],
        size=size,
        fixed=[row for row, tale in enumerate(told) if tale.endswith(_FIXED)],
    )
    row_of = {number: row for row, (number, _, _) in enumerate(found)}
    untold = frozenset(number for number, _, tale in found if not tale)
    return Known(around, row_of, untold.intersection(entering))


def _parted(text: bytes) -> tuple[int, int, bytes, bytes]:
    """A text's time, the days it names, its vector, and what a model says of it."""
    mark, begin, days = text[:1], _TIME, 0
    if mark not in (_HEADED, _MODELLED):
        return int.from_bytes(text[:begin], "big", signed=True), days, text[begin:], b""
    at = 2
    if mark == _HEADED:
        days, at = text[2], 3
    end = begin + 3 * text[1]
    return int.from_bytes(text[at:begin], "big", signed=True), days, text[begin:end], text[end:]


def _meanings(said: Sequence[bytes], room: int, model: Model) -> NDArray[np.float32]:
    """A row for each text, of zeros where this model said nothing of it."""
    found = np.zeros((len(said) + room, model.size), np.float32)
    for row, one in enumerate(said):
        if len(one) == len(model.tag) + model.size and one.startswith(model.tag):
            found[row] = np.frombuffer(one, np.int8, offset=len(model.tag)) / np.float32(_SAID)
    return found


def _by_count(texts: Sequence[bytes]) -> dict[int, list[int]]:
    """The places of texts that have terms by how many they have."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        if text:
            places[len(text) // 3].append(place)
    return places


def shared_of(posting: Posting, row: Sequence[Any]) -> Shared:
    """Who shares the keys that were looked up, and the sum of what sharing each of them counts.

    `row` has slices, each with what was found there: place of a key from 1 on, members, …
    """
    looked = [(int(slice_), hits) for slice_, hits in row or () if hits]
    slices = np.array([slice_ for slice_, _ in looked], np.intp)
    both = _packed([hits for _, hits in looked])
    both.sort()
    found = both >> _KEY_BITS
    is_first = np.ones(len(found), np.bool_)
    is_first[1:] = found[1:] != found[:-1]
    begins = np.flatnonzero(is_first)
    each = posting.weights[(both & _KEY_MASK).astype(np.intp) - 1]
    sums = np.add.reduceat(each, begins) if len(begins) else each
    found = found[begins]
    others = found >> _SLICE_BITS != number_of(posting.group)
    found = found[others]
    return Shared(found >> _SLICE_BITS, slices[(found & _SLICE_MASK).astype(np.intp)], sums[others])


def _packed(looked: Sequence[Sequence[Any]]) -> NDArray[np.uint64]:
    """A number for each member of what was found: its group, where in `looked` it was found, and the place of the key.

    So sorting them brings a group's keys together, and nothing else need be kept track of.
    """
    members = [some for hits in looked for some in hits[1::2]]
    keys = [place | at << int(_KEY_BITS) for at, hits in enumerate(looked) for place in hits[::2]]
    places = np.repeat(np.array(keys, ">u2"), [len(some) // _GROUP for some in members])
    wide = np.empty((len(places), _GROUP + 2), np.uint8)
    wide[:, :_GROUP] = np.frombuffer(b"".join(members), np.uint8).reshape(-1, _GROUP)
    wide[:, _GROUP:] = places.view(np.uint8).reshape(-1, 2)
    return wide.view(">u8").ravel().astype(np.uint64)
