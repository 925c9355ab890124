"""Scores of a partition against labels: BCubed, pairwise and adjusted Rand index.

BCubed: Bagga and Baldwin 1998; adjusted Rand index: Hubert and Arabie 1985.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import comb


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F1 by item (BCubed) and by pair, and the adjusted Rand index."""

    bcubed_p: float
    bcubed_r: float
    bcubed_f1: float
    pair_p: float
    pair_r: float
    pair_f1: float
    ari: float


def f1(precision: float, recall: float) -> float:
    """The harmonic mean, 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def score(found: Sequence[Hashable], truth: Sequence[Hashable]) -> Scores:
    """Compare two partitions of the same items, each given as one label an item."""
    both, ours, theirs = Counter(zip(found, truth, strict=True)), Counter(found), Counter(truth)
    n = len(found)
    bp = sum(c * c / ours[a] for (a, _), c in both.items()) / n
    br = sum(c * c / theirs[b] for (_, b), c in both.items()) / n
    same = sum(comb(c, 2) for c in both.values())
    in_ours, in_theirs = (sum(comb(c, 2) for c in side.values()) for side in (ours, theirs))
    pp = same / in_ours if in_ours else 1.0
    pr = same / in_theirs if in_theirs else 1.0
    expected = in_ours * in_theirs / comb(n, 2) if n > 1 else 0.0
    ceiling = (in_ours + in_theirs) / 2
    ari = (same - expected) / (ceiling - expected) if ceiling != expected else 1.0
    return Scores(bp, br, f1(bp, br), pp, pr, f1(pp, pr), ari)
