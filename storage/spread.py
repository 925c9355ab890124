"""The buckets of an index on a cluster: spread over its slots in shards, by their keys.

A batch goes through three steps where one server takes one: the articles are looked up and get numbers where the records are,
their fingerprints are stored, and each shard's buckets are put into and read in one step. What was answered has been copied
to a replica (`storage.nodes`), so that no article is linked whose buckets a failover could lose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup.fingerprint import Fingerprints
from dedup.shingles import UInts
from storage.buckets import read_prints, repeated
from storage.functions import Call
from storage.keys import SHARDS, Keys
from storage.nodes import Nodes

# Fingerprints of so many numbers in a row are in one shard, so that a batch stores its own in one or two.
_TOGETHER = 256
_BANDS, _ANCHORS = 0, 1


@dataclass(frozen=True, slots=True)
class _Part:
    """What of a batch is in one shard: the keys of bands and of anchors, and the place in the batch of each."""

    shard: int
    keys: tuple[UInts, UInts]
    places: tuple[NDArray[np.intp], NDArray[np.intp]]
    counts: tuple[list[int], list[int]]


class Spread:
    """One index of buckets in a cluster."""

    def __init__(self, nodes: Nodes, keys: Keys, index: str) -> None:
        self._nodes, self._keys, self._index = nodes, keys, index

    def has_copies(self, key: str) -> bool:
        """Whether the node of a key has a replica."""
        return self._nodes.has_copies(key)

    def enter(
        self, lang: str, prints: Fingerprints, packed: Sequence[bytes], fresh: Sequence[bool], last: int,
        times: Mapping[str, int],
    ) -> list[Any]:  # fmt: skip
        """Put texts into their buckets under the numbers after `last`, those that are `fresh`; what all of them found.

        The answer is that of `insert_and_read`: for each slice (and shard) the places of keys and their members.
        """
        kept = [
            f and count > 0 for f, count in zip(fresh, np.diff(prints.anchor_offsets).tolist(), strict=True)
        ]
        numbers = [_number(last + 1 + i) if keep else b"" for i, keep in enumerate(kept)]
        self._nodes.run(list(self._keeping(lang, numbers, packed, last, times)))
        parts = list(_parts(prints))
        asked = [self._entering(lang, part, numbers, times) for part in parts]
        return [row for found in self._nodes.run(asked) for row in found]

    def fetch(self, lang: str, numbers: Sequence[int], slices: Sequence[int]) -> dict[int, bytes]:
        """Fingerprints by number; those that are gone are left out."""
        by_shard: dict[int, list[bytes]] = defaultdict(list)
        for number in numbers:
            by_shard[_print_shard(number)].append(_number(number))
        asked = [
            Call("prints", self._keys.shard(lang, self._index, shard), {"slices": list(slices), "numbers": some}, read_prints, writes=False)
            for shard, some in by_shard.items()
        ]  # fmt: skip
        return {number: found for answer in self._nodes.run(asked) for number, found in answer.items()}

    def _keeping(
        self,
        lang: str,
        numbers: Sequence[bytes],
        packed: Sequence[bytes],
        last: int,
        times: Mapping[str, int],
    ) -> Iterator[Call[int]]:
        by_shard: dict[int, list[bytes]] = defaultdict(list)
        for i, (number, one) in enumerate(zip(numbers, packed, strict=True)):
            if number:
                by_shard[_print_shard(last + 1 + i)] += [number, one]
        for shard, flat in by_shard.items():
            yield Call(
                "keep_prints", self._keys.shard(lang, self._index, shard), {**times, "prints": flat}, int
            )

    def _entering(
        self, lang: str, part: _Part, numbers: Sequence[bytes], times: Mapping[str, int]
    ) -> Call[list[list[Any]]]:
        call = {
            **times,
            "numbers": numbers,
            "bands": part.counts[_BANDS],
            "anchors": part.counts[_ANCHORS],
            "bands_twice": repeated(part.keys[_BANDS]),
            "anchors_twice": repeated(part.keys[_ANCHORS]),
        }

        def read(answer: Sequence[Any]) -> list[list[Any]]:
            return [
                [slice_, _placed(bands, part.places[_BANDS]), _placed(anchors, part.places[_ANCHORS])]
                for slice_, bands, anchors in answer
            ]

        blobs = part.keys[_BANDS].tobytes(), part.keys[_ANCHORS].tobytes()
        return Call("enter", self._keys.shard(lang, self._index, part.shard), call, read, blobs)


def _number(number: int) -> bytes:
    return (number % (1 << 32)).to_bytes(4, "big")


def _print_shard(number: int) -> int:
    return number // _TOGETHER % SHARDS


def _placed(hits: Sequence[Any], places: NDArray[np.intp]) -> list[Any]:
    """Hits by the place of a key in the batch, counted from 1, instead of its place in the shard."""
    flat: list[Any] = list(hits)
    flat[::2] = [int(places[place - 1]) + 1 for place in flat[::2]]
    return flat


def _parts(prints: Fingerprints) -> Iterator[_Part]:
    """The batch by shard; the shard of a bucket is told by its key."""
    texts = np.arange(len(prints))
    filled = prints.shingles > 0
    bands = prints.bands[filled].ravel()
    owners = (
        np.repeat(texts, np.where(filled, prints.bands.shape[1], 0)),
        np.repeat(texts, np.diff(prints.anchor_offsets)),
    )
    keys = (bands, prints.anchors)
    shards = tuple(some.astype(np.uint64) % np.uint64(SHARDS) for some in keys)
    for shard in range(SHARDS):
        places = tuple(np.flatnonzero(some == shard) for some in shards)
        if len(places[_BANDS]) or len(places[_ANCHORS]):
            yield _Part(
                shard,
                (keys[_BANDS][places[_BANDS]], keys[_ANCHORS][places[_ANCHORS]]),
                (places[_BANDS], places[_ANCHORS]),
                (_counts(owners[_BANDS], places[_BANDS], len(prints)), _counts(owners[_ANCHORS], places[_ANCHORS], len(prints))),
            )  # fmt: skip


def _counts(owners: NDArray[np.int64], places: NDArray[np.intp], texts: int) -> list[int]:
    """How many keys in a shard each text has."""
    counts: list[int] = np.bincount(owners[places], minlength=texts).tolist()
    return counts
