"""How a batch of fingerprints is sent into the buckets of the index, and how what was found there is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup.fingerprint import Fingerprints
from dedup.model import Candidates
from dedup.shingles import UInts

# Of a text's candidates only those that share most with it are looked at: any member leads to its group.
_MOST = 32
# Fingerprints of this worker's latest texts kept at hand, about 300 bytes each.
_RECENT = 50_000
# Of a text with so few anchors one that is shared says something; otherwise one alone is chance.
_FEW_ANCHORS = 2


@dataclass(frozen=True, slots=True)
class Stood:
    """Where an article whose words changed has been so far; sizes are articles of the group, groups of the story."""

    group: str
    group_size: int
    story: str
    story_size: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the index says of an article: whether it has a group already, and where it stood if its words changed."""

    known_group: bool
    stood: Stood | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """Who shares buckets with the texts of a batch, by number: one entry a pair, text by text, the likeliest first."""

    texts: NDArray[np.int64]
    numbers: NDArray[np.int64]
    bands: NDArray[np.int64]
    anchors: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Inserted:
    """What the index says of a batch: of each article, who shares buckets, and the slices looked through.

    `mark` is the number of one text that was inserted, empty for none: while it is there, all of the batch are.
    """

    found: tuple[Found, ...]
    shared: Shared
    slices: tuple[int, ...]
    mark: bytes = b""


def insertion(ids: Sequence[str], prints: Fingerprints) -> tuple[dict[str, Any], tuple[bytes, bytes]]:
    """The arguments that enter a batch: by name, and the keys of its bands and of its anchors as they are."""
    filled = prints.shingles > 0
    bands = prints.bands[filled]
    arguments: dict[str, Any] = {
        "ids": list(ids),
        "exact": [f"{exact:016x}" for exact in prints.exact.tolist()],
        "prints": _packed(ids, prints),
        "bands": (filled * prints.bands.shape[1]).tolist(),
        "anchors": np.diff(prints.anchor_offsets).tolist(),
        "bands_twice": repeated(bands.ravel()),
        "anchors_twice": repeated(prints.anchors),
    }
    return arguments, (bands.tobytes(), prints.anchors.tobytes())


def repeated(keys: UInts) -> list[int]:
    """Where keys stand that the batch has more than once, counted from 1."""
    plain = keys.astype(np.uint64)
    ordered = np.sort(plain)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    return (np.flatnonzero(np.isin(plain, twice)) + 1).tolist() if twice.size else []


def _head(rows: int) -> np.dtype[np.void]:
    """What a stored fingerprint begins with; the article's id follows."""
    return np.dtype([("shingles", ">u4"), ("exact", ">u8"), ("sketch", "u1", (rows,))])


def _packed(ids: Sequence[str], prints: Fingerprints) -> list[bytes]:
    heads = np.empty(len(prints), dtype=_head(prints.sketches.shape[1]))
    heads["shingles"], heads["exact"], heads["sketch"] = prints.shingles, prints.exact, prints.sketches
    blob, size = heads.tobytes(), heads.itemsize
    return [
        blob[size * i : size * (i + 1)] + name.encode("utf-8", "surrogatepass") for i, name in enumerate(ids)
    ]


def inserted(answer: Sequence[Any], prints: Fingerprints) -> tuple[Inserted, int]:
    """What `insert_and_read` brought back, and the number that the batch's numbers follow."""
    known, last, slices, mark = answer
    texts = np.arange(len(prints))
    of_band = np.repeat(texts, np.where(prints.shingles > 0, prints.bands.shape[1], 0))
    of_anchor = np.repeat(texts, np.diff(prints.anchor_offsets))
    bands = np.concatenate([_pairs(of_band, hits) for _, hits, _ in slices])
    anchors = np.concatenate([_pairs(of_anchor, hits) for _, _, hits in slices])
    shared = _promising(bands, anchors, np.diff(prints.anchor_offsets) <= _FEW_ANCHORS)
    found = tuple(Found(bool(one), stood_of(one)) for one in known)
    return Inserted(found, shared, tuple(sorted({int(s) for s, _, _ in slices})), mark), int(last)


def read_prints(answer: Any) -> dict[int, bytes]:
    """Fingerprints by number, as `prints` brings them."""
    return {int.from_bytes(number, "big"): found for number, found in dict(answer or {}).items()}


def stood_of(row: Any) -> Stood | None:
    """Where an article stands, as scripts tell it; None for one of which a number says enough."""
    if not isinstance(row, list):
        return None
    group, group_size, story, story_size = row
    return Stood(group.decode(), int(group_size), story.decode(), int(story_size))


def _pairs(owners: NDArray[np.int64], hits: Sequence[Any]) -> NDArray[np.int64]:
    """Each member of each bucket that holds any, with the text that has the key, as one number."""
    members = hits[1::2]
    found = np.frombuffer(b"".join(members), dtype=">u4").astype(np.int64)
    sizes = np.fromiter(map(len, members), np.int64, len(members)) // 4
    return (owners[np.array(hits[::2], dtype=np.int64) - 1].repeat(sizes) << 32) | found


def _promising(bands: NDArray[np.int64], anchors: NDArray[np.int64], few: NDArray[np.bool_]) -> Shared:
    """One shared anchor alone is chance, unless the text has few; one shared band is not."""
    pairs, which = np.unique(np.concatenate((bands, anchors)), return_inverse=True)
    in_bands = np.bincount(which[: len(bands)], minlength=len(pairs))
    in_anchors = np.bincount(which[len(bands) :], minlength=len(pairs))
    kept = np.flatnonzero((in_bands > 0) | (in_anchors > 1) | few[pairs >> 32])
    kept = kept[np.lexsort((pairs[kept], -(in_bands + in_anchors)[kept], pairs[kept] >> 32))]
    texts = pairs[kept] >> 32
    # One more than wanted, as the text itself may be among them.
    kept = kept[np.arange(len(kept)) - np.searchsorted(texts, texts) <= _MOST]
    return Shared(pairs[kept] >> 32, pairs[kept] & 0xFFFFFFFF, in_bands[kept], in_anchors[kept])


class Prints:
    """Stored fingerprints by number: those that this worker stored lately are at hand."""

    def __init__(self) -> None:
        self._known: dict[int, bytes] = {}

    def add(self, last: int, packed: Sequence[bytes]) -> None:
        """Keep a batch's; the oldest go."""
        self._known.update(zip(range(last + 1, last + 1 + len(packed)), packed, strict=True))
        while len(self._known) > _RECENT:
            del self._known[next(iter(self._known))]

    def missing(self, shared: Shared) -> list[int]:
        """The numbers whose fingerprints must be fetched."""
        return sorted({n for n in shared.numbers.tolist() if n not in self._known})

    def candidates(self, shared: Shared, fetched: Mapping[int, bytes], rows: int) -> Candidates:
        """Who shares buckets with the texts of a batch; whose fingerprint is gone is left out."""
        known, size = self._known, _head(rows).itemsize
        found = [known.get(n) or fetched.get(n, b"") for n in shared.numbers.tolist()]
        kept = slice(None) if all(found) else [k for k, print_ in enumerate(found) if print_]
        found = list(filter(None, found))
        heads = np.frombuffer(b"".join([p[:size] for p in found]), dtype=_head(rows))
        return Candidates(
            texts=shared.texts[kept],
            article=lambda k: found[k][size:].decode("utf-8", "surrogatepass"),
            exact=heads["exact"].astype(np.uint64),
            shingles=heads["shingles"].astype(np.int64),
            sketches=heads["sketch"],
            shared_bands=shared.bands[kept],
            shared_anchors=shared.anchors[kept],
        )
