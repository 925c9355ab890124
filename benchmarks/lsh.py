"""Groups by datasketch's MinHashLSH in memory, to measure ours beside."""

from __future__ import annotations

from collections.abc import Sequence

from datasketch import MinHash, MinHashLSH

from dedup.text import tokens

THRESHOLD = 0.7


def lsh_components(texts: Sequence[str], verified: bool = False) -> list[str]:
    """Connected components of the pairs that the LSH returns (threshold 0.7, 128 rows) on shingles of three words.

    With `verified`, of those whose estimated Jaccard similarity reaches the threshold.
    """
    lsh, parent, prints = MinHashLSH(threshold=THRESHOLD, num_perm=128), list(range(len(texts))), []
    for number, text in enumerate(texts):
        words = tokens(text)
        minhash = MinHash(num_perm=128, seed=1, scheme="affine32")
        minhash.update_batch([" ".join(words[i : i + 3]).encode() for i in range(max(1, len(words) - 2))])
        prints.append(minhash)
        for other in lsh.query(minhash):
            if not verified or minhash.jaccard(prints[int(other)]) >= THRESHOLD:
                parent[_root(parent, number)] = _root(parent, int(other))
        lsh.insert(str(number), minhash)
    return [str(_root(parent, number)) for number in range(len(texts))]


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        number = parent[number] = parent[parent[number]]
    return number
