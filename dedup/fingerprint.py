"""Texts to fingerprints, a batch at a time: shingles, signature, bands, anchors, exact hash."""

from __future__ import annotations

from collections.abc import Sequence

from dedup.anchors import anchor_keys
from dedup.bands import band_keys
from dedup.model import Fingerprint
from dedup.shingles import Skip, shingle_batch, tokenise
from dedup.signature import sign, sketch
from dedup.thresholds import MinHashConfig

# Past this many characters a text adds nothing to what it is about; it bounds time and memory.
MOST_CHARACTERS = 400_000


def fingerprint(texts: Sequence[str], config: MinHashConfig, skips: Sequence[Skip] = ()) -> list[Fingerprint]:
    """The fingerprint of every text; each is the same whatever else is in the batch.

    `skips` are, for each text, how many words of furniture it begins and ends with; they are left out.
    """
    if not texts:
        return []
    batch = tokenise([text[:MOST_CHARACTERS] for text in texts], skips)
    shingles = shingle_batch(batch, config.word_shingle, config.char_shingle)
    signatures = sign(shingles.hashes, shingles.offsets, config.num_perm, config.seed)
    bands = band_keys(signatures, config.bands, config.rows).astype(">u8")
    counts = (shingles.offsets[1:] - shingles.offsets[:-1]).tolist()
    rows, sketches = signatures.astype("<u4"), sketch(signatures)
    return [
        Fingerprint(
            exact=exact,
            shingles=count,
            signature=rows[i].tobytes(),
            sketch=sketches[i].tobytes(),
            bands=bands[i].tobytes() if count else b"",
            anchors=anchors,
        )
        for i, (exact, count, anchors) in enumerate(
            zip(shingles.exact.tolist(), counts, anchor_keys(shingles), strict=True)
        )
    ]
