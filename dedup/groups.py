"""Which texts are one text: a first look by estimate, a second on exact shingles, then the decision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dedup.model import Candidate, Fingerprint, GroupDecision, Match
from dedup.signature import estimate_jaccard
from dedup.similarity import Overlap
from dedup.thresholds import GroupConfig

# A group is of short texts only while its longest is not much longer than the one that was contained.
_SAME_LENGTH = 1.25
# The least share of shingles that a covered text keeps, per share of words covered: no synthetic reprint is lost
# by it, and of the pairs of newswire that share anchors it leaves a third to be compared.
_LEAST_CONTAINMENT = 0.7


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What the estimates settle, and the candidates whose texts must be compared."""

    matches: tuple[Match, ...]
    unsettled: tuple[Candidate, ...]


def first_look(own: Fingerprint, candidates: Sequence[Candidate], config: GroupConfig) -> FirstLook:
    """Sort candidates by estimate into sure matches, sure strangers (dropped) and unsettled ones.

    An estimate from n rows has a standard error of √(J(1-J)/n); within two of the threshold it settles
    nothing, and neither does it where one text may still be contained in the other.
    """
    if not candidates:
        return FirstLook((), ())
    estimates = estimate_jaccard(own.sketch, [c.sketch for c in candidates]).tolist()
    rows = max(1, len(own.signature) // 4)
    matches: list[Match] = []
    unsettled: list[Candidate] = []
    for candidate, estimate in zip(candidates, estimates, strict=True):
        margin = 2 * math.sqrt(max(estimate * (1 - estimate), 1 / rows) / rows)
        if own.exact == candidate.exact:
            matches.append(Match(candidate.article, candidate.group, "exact", 1.0))
        elif estimate >= config.jaccard + margin:
            matches.append(Match(candidate.article, candidate.group, "near-duplicate", estimate))
        elif estimate >= config.jaccard - margin or _may_be_contained(
            own, candidate, estimate + margin, config
        ):
            unsettled.append(candidate)
    return FirstLook(tuple(matches), tuple(unsettled))


def _may_be_contained(own: Fingerprint, candidate: Candidate, jaccard: float, config: GroupConfig) -> bool:
    """Whether enough of the shorter text can be in the longer one at this Jaccard similarity.

    For sets of a and b shingles: shared = J (a + b) / (1 + J), and containment = shared / min(a, b). A word
    that was changed takes three shingles with it, so that containment may be far below coverage.
    """
    smaller = min(own.shingles, candidate.shingles)
    shared = jaccard * (own.shingles + candidate.shingles) / (1 + jaccard)
    return smaller > 0 and shared / smaller >= _LEAST_CONTAINMENT * config.coverage


def settle(candidate: Candidate, overlap: Overlap, config: GroupConfig) -> Match | None:
    """Decide a pair on its exact shingles."""
    if overlap.jaccard >= config.jaccard:
        return Match(candidate.article, candidate.group, "near-duplicate", overlap.jaccard)
    if is_contained(overlap, config):
        return Match(candidate.article, candidate.group, "contained", overlap.coverage)
    return None


def is_contained(overlap: Overlap, config: GroupConfig) -> bool:
    """Whether the shorter text is a teaser or cut of the longer, rather than quoted in it."""
    if overlap.words < config.fewest_words or overlap.coverage < config.coverage_needed(overlap.words):
        return False
    longer = max(overlap.one, overlap.other)
    return overlap.words <= config.brief or overlap.words >= config.quoted_below * longer


def is_one_text(overlap: Overlap, config: GroupConfig) -> bool:
    """Whether two texts are one by either measure."""
    return overlap.jaccard >= config.jaccard or is_contained(overlap, config)


def decide(own: Fingerprint, matches: Sequence[Match], candidates: Sequence[Candidate]) -> GroupDecision:
    """Unite the groups of all near-duplicates; of containers only the best, and only without those.

    A short text inside two long ones must not make them one: it joins the one that has most of it. A long
    text takes in the group of a short one it contains only while that group holds nothing longer.
    """
    by_id = {candidate.article: candidate for candidate in candidates}
    same = [match for match in matches if match.verdict != "contained"]
    inside, around = [], []
    for match in matches:
        if match.verdict == "contained":
            candidate = by_id[match.article]
            if candidate.shingles >= own.shingles:
                around.append(match)
            elif candidate.group_shingles <= _SAME_LENGTH * candidate.shingles:
                inside.append(match)
    joined = same or ([max(around, key=lambda match: match.similarity)] if around else [])
    united = joined + inside
    if not united:
        return GroupDecision()
    best = max(united, key=lambda match: (match.verdict == "exact", match.similarity))
    return GroupDecision(tuple(dict.fromkeys(match.group for match in united)), best)
