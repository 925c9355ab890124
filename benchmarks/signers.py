"""The systems that `benchmarks.signatures` measures: ours, rensa and datasketch, each from text and from shingles."""

from __future__ import annotations

import gzip
import importlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from datasketch import MinHash

from benchmarks.harness import DATA
from dedup.shingles import ShingleBatch, shingle_batch, tokenise
from dedup.signature import sign
from dedup.text import tokens

BATCH, ROWS, SEED = 64, 128, 1


class System(NamedTuple):
    """A way to signatures: from texts, and from what `shingles` makes of them."""

    from_text: Callable[[list[str]], object]
    shingles: Callable[[list[str]], Any]
    from_shingles: Callable[[Any], object]


def wire_texts(data: Path = DATA) -> list[str]:
    """The bodies of Reuters-21578, [] where the data is missing."""
    path = data / "wire" / "reuters21578.jsonl.gz"
    if not path.exists():
        return []
    with gzip.open(path) as lines:
        return [json.loads(line)["text"] or "" for line in lines]


def batches(texts: list[str]) -> Iterator[list[str]]:
    """The texts, 64 at a time."""
    return (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))


def strings(words: list[str]) -> list[str]:
    """Shingles of three words as strings; a shorter text is one shingle."""
    return (
        list(map(" ".join, zip(words, words[1:], words[2:], strict=False))) or [" ".join(words)][: len(words)]
    )


def text_strings(text: str) -> list[str]:
    """The shingles of a text, of the same words as ours."""
    return strings(tokens(text))


def split_strings(text: str) -> list[str]:
    """The shingles of a text whose words are what stands between spaces."""
    return strings(text.lower().split())


def text_bytes(text: str) -> list[bytes]:
    """The shingles of a text as datasketch's default hash takes them."""
    return [shingle.encode() for shingle in text_strings(text)]


def our_shingles(texts: list[str]) -> list[ShingleBatch]:
    """All texts' shingles, in batches."""
    return [shingle_batch(tokenise(batch)) for batch in batches(texts)]


def our_text(texts: list[str]) -> None:
    """All texts' signatures, from text."""
    for batch in batches(texts):
        shingles = shingle_batch(tokenise(batch))
        sign(shingles.hashes, shingles.offsets)


def our_signatures(ready: list[ShingleBatch]) -> None:
    """All texts' signatures, from shingles."""
    for shingles in ready:
        sign(shingles.hashes, shingles.offsets)


def _each(split: Callable[[str], list[Any]], sketch: Callable[[list[Any]], object]) -> System:
    """A peer that takes one text's shingles at a time."""

    def from_text(texts: list[str]) -> None:
        for text in texts:
            sketch(split(text))

    def from_shingles(ready: list[list[Any]]) -> None:
        for shingles in ready:
            sketch(shingles)

    return System(from_text, lambda texts: [split(text) for text in texts], from_shingles)


def _batched(split: Callable[[str], list[Any]], sketch: Callable[[list[list[Any]]], object]) -> System:
    """A peer that takes the shingles of 64 texts at a time."""

    def from_text(texts: list[str]) -> None:
        for batch in batches(texts):
            sketch([split(text) for text in batch])

    def ready(texts: list[str]) -> list[list[list[Any]]]:
        return [[split(text) for text in batch] for batch in batches(texts)]

    def from_shingles(parts: list[list[list[Any]]]) -> None:
        for part in parts:
            sketch(part)

    return System(from_text, ready, from_shingles)


def datasketch_systems() -> dict[str, System]:
    """datasketch's two ways: an object updated with a text's shingles, and many objects at once."""
    settings = {"num_perm": ROWS, "seed": SEED, "scheme": "affine32"}

    def update_batch(shingles: list[bytes]) -> None:
        MinHash(**settings).update_batch(shingles)

    return {
        "datasketch MinHash.bulk": _batched(text_bytes, lambda part: MinHash.bulk(part, **settings)),
        "datasketch MinHash.update_batch": _each(text_bytes, update_batch),
    }


def rensa_systems() -> dict[str, System]:
    """rensa's ways, {} where it is not installed."""
    try:
        rensa = importlib.import_module("rensa")
    except ImportError:
        return {}

    def update(kind: str) -> Callable[[list[str]], object]:
        sketch = getattr(rensa, kind)
        return lambda shingles: sketch(num_perm=ROWS, seed=SEED).update(shingles)

    def matrix(part: list[list[str]]) -> object:
        return rensa.RMinHash.digest_matrix_from_token_sets(part, num_perm=ROWS, seed=SEED)

    return {
        "rensa RMinHash.update": _each(text_strings, update("RMinHash")),
        "rensa RMinHash.update, words by str.split": _each(split_strings, update("RMinHash")),
        "rensa RMinHash digest matrix, batches of 64": _batched(text_strings, matrix),
        "rensa RMinHash digest matrix of our hashes": _of_our_hashes(rensa.RMinHash),
        "rensa CMinHash.update": _each(text_strings, update("CMinHash")),
    }


def _of_our_hashes(sketch: Any) -> System:
    def hashed(ready: Iterable[ShingleBatch]) -> None:
        for part in ready:
            hashes, offsets = part.hashes.astype(np.uint64), part.offsets.astype(np.uint64)
            sketch.digest_matrix_from_flat_token_hashes(hashes, offsets, num_perm=ROWS, seed=SEED)

    def from_text(texts: list[str]) -> None:
        hashed(shingle_batch(tokenise(batch)) for batch in batches(texts))

    return System(from_text, our_shingles, hashed)
