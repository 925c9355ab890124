"""Texts to fingerprints, a batch at a time: shingles, signature, bands, anchors, exact hash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.anchors import anchor_keys
from dedup.bands import band_keys
from dedup.model import Fingerprint
from dedup.shingles import ShingleBatch, Skip, UInts, shingle_batch, tokenise
from dedup.signature import Rows, sign, sketch
from dedup.thresholds import MinHashConfig

# Past this many characters a text adds nothing to what it is about; it bounds time and memory.
MOST_CHARACTERS = 400_000


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprints:
    """The fingerprints of a batch of texts, as arrays; one by one they are `Fingerprint`.

    Text i has the row i of `signatures`, `sketches` and `bands`, and the anchors
    `anchors[anchor_offsets[i]:anchor_offsets[i + 1]]`. Keys are big-endian. `shingled` is what they are made of.
    """

    shingled: ShingleBatch
    signatures: Rows
    sketches: NDArray[np.uint8]
    bands: UInts
    anchors: UInts
    anchor_offsets: NDArray[np.int64]

    @property
    def exact(self) -> UInts:
        """A hash of the words of each text in order, 0 for a text without words."""
        return self.shingled.exact

    @property
    def shingles(self) -> NDArray[np.int64]:
        """How many shingles each text has."""
        return np.diff(self.shingled.offsets)

    def __len__(self) -> int:
        return len(self.signatures)

    def __getitem__(self, i: int) -> Fingerprint:
        count = int(self.shingled.offsets[i + 1] - self.shingled.offsets[i])
        return Fingerprint(
            exact=int(self.exact[i]),
            shingles=count,
            signature=self.signatures[i].astype("<u4").tobytes(),
            sketch=self.sketches[i].tobytes(),
            bands=self.bands[i].tobytes() if count else b"",
            anchors=self.anchors[self.anchor_offsets[i] : self.anchor_offsets[i + 1]].tobytes(),
        )

    def __iter__(self) -> Iterator[Fingerprint]:
        return (self[i] for i in range(len(self)))


def fingerprint(texts: Sequence[str], config: MinHashConfig, skips: Sequence[Skip] = ()) -> Fingerprints:
    """The fingerprint of every text; each is the same whatever else is in the batch.

    `skips` are, for each text, how many words of furniture it begins and ends with; they are left out.
    """
    batch = tokenise([text[:MOST_CHARACTERS] for text in texts], skips)
    shingled = shingle_batch(batch, config.word_shingle, config.char_shingle)
    signatures = sign(shingled.hashes, shingled.offsets, config.num_perm, config.seed)
    anchors, offsets = anchor_keys(shingled, config.secret)
    return Fingerprints(
        shingled=shingled,
        signatures=signatures,
        sketches=sketch(signatures),
        bands=band_keys(signatures, config.bands, config.rows, config.secret).astype(">u8"),
        anchors=anchors.astype(">u8"),
        anchor_offsets=offsets,
    )
