"""Texts to fingerprints, a batch at a time: shingles, signature, bands, sentence keys, exact hash."""

from __future__ import annotations

from dedup.bands import band_keys
from dedup.model import Fingerprint
from dedup.sentences import sentence_keys
from dedup.shingles import shingle_batch, tokenise
from dedup.signature import sign
from dedup.thresholds import MinHashConfig

# Past this many characters a text adds nothing to what it is about; it bounds time and memory.
MOST_CHARACTERS = 400_000


def fingerprint(texts: list[str], config: MinHashConfig) -> list[Fingerprint]:
    """The fingerprint of every text; each is the same whatever else is in the batch."""
    if not texts:
        return []
    batch = tokenise([text[:MOST_CHARACTERS] for text in texts])
    shingles = shingle_batch(batch, config.word_shingle, config.char_shingle)
    signatures = sign(shingles.hashes, shingles.offsets, config.num_perm, config.seed)
    bands = band_keys(signatures, config.bands, config.rows).tolist()
    counts = (shingles.offsets[1:] - shingles.offsets[:-1]).tolist()
    rows = signatures.astype("<u4")
    return [
        Fingerprint(
            exact=exact,
            shingles=count,
            signature=rows[i].tobytes(),
            bands=tuple(bands[i]) if count else (),
            sentences=sentences,
        )
        for i, (exact, count, sentences) in enumerate(
            zip(shingles.exact.tolist(), counts, sentence_keys(batch), strict=True)
        )
    ]
