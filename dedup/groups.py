"""Which texts are one text: a first look by estimate, a second on exact shingles, then the decision."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.fingerprint import Fingerprints
from dedup.model import Candidate, Candidates, GroupDecision, Match
from dedup.signature import jaccard_of_rows
from dedup.similarity import Overlap
from dedup.thresholds import GroupConfig

# A group is of short texts only while its longest is not much longer than the one that was contained.
_SAME_LENGTH = 1.25
# The least share of shingles that a covered text keeps, per share of words covered: no synthetic reprint is lost
# by it, and of the pairs of newswire that share anchors it leaves a third to be compared.
_LEAST_CONTAINMENT = 0.7
# Of the texts that are surely the same, so many are asked whether they are linked; one that is, is enough.
_ASKED = 3


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What the estimates settle, and the candidates whose texts must be compared.

    `again` says that the text itself was inserted before, by a worker that died, or is known.
    """

    matches: tuple[Match, ...]
    unsettled: tuple[Candidate, ...]
    again: bool = False


def first_look(
    ids: Sequence[str], own: Fingerprints, found: Candidates, config: GroupConfig, stubs: Container[int] = ()
) -> list[FirstLook]:
    """Sort each text's candidates by estimate into sure matches, sure strangers (dropped) and unsettled ones.

    An estimate from n rows has a standard error of √(J(1-J)/n); within two of the threshold it settles
    nothing, and neither does it where one text may still be contained in the other. `ids` are the articles'; of those
    whose places are in `stubs` the text alone says nothing (`dedup.stubs`), so nothing is sure.
    """
    matches: list[list[Match]] = [[] for _ in range(len(own))]
    unsettled: list[list[Candidate]] = [[] for _ in range(len(own))]
    again: set[int] = set()
    estimates = jaccard_of_rows(own.sketches[found.texts], found.sketches)
    rows = own.signatures.shape[1]
    margins = 2 * np.sqrt(np.maximum(estimates * (1 - estimates), 1 / rows) / rows)
    exact = own.exact[found.texts] == found.exact
    near = estimates >= config.jaccard + margins
    open_ = estimates >= config.jaccard - margins
    open_ |= _may_be_contained(own.shingles[found.texts], found.shingles, estimates + margins, config)
    for k in np.flatnonzero(exact | near | open_).tolist():
        text, article, shingles = int(found.texts[k]), found.article(k), int(found.shingles[k])
        if article == ids[text]:
            again.add(text)
            continue
        if text in stubs:
            unsettled[text].append(Candidate(article, int(found.exact[k]), shingles))
        elif exact[k]:
            matches[text].append(Match(article, "exact", 1.0, shingles))
        elif near[k]:
            matches[text].append(Match(article, "near-duplicate", float(estimates[k]), shingles))
        else:
            unsettled[text].append(Candidate(article, int(found.exact[k]), shingles))
    found_of = enumerate(zip(matches, unsettled, strict=True))
    return [FirstLook(tuple(m), tuple(u), text in again) for text, (m, u) in found_of]


def _may_be_contained(
    ones: NDArray[np.int64], others: NDArray[np.int64], jaccard: NDArray[np.float64], config: GroupConfig
) -> NDArray[np.bool_]:
    """Whether enough of the shorter text can be in the longer one at this Jaccard similarity.

    For sets of a and b shingles: shared = J (a + b) / (1 + J), and containment = shared / min(a, b). A word
    that was changed takes three shingles with it, so that containment may be far below coverage.
    """
    shared = jaccard * (ones + others) / (1 + jaccard)
    return np.asarray(
        shared >= _LEAST_CONTAINMENT * config.coverage * np.minimum(ones, others), dtype=np.bool_
    )


def settle(
    candidate: Candidate, overlap: Overlap, config: GroupConfig, exact: int | None = None
) -> Match | None:
    """Decide a pair on its exact shingles; `exact` is the hash of the text's own words."""
    if candidate.exact == exact:
        return Match(candidate.article, "exact", 1.0, candidate.shingles)
    if overlap.jaccard >= config.jaccard:
        return Match(candidate.article, "near-duplicate", overlap.jaccard, candidate.shingles)
    if is_contained(overlap, config):
        return Match(candidate.article, "contained", overlap.coverage, candidate.shingles)
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


def held(look: FirstLook, before: Container[str]) -> list[str]:
    """The articles of whose groups `decide` must know: some of those that are the same text, all that may be, or contain it.

    What was placed `before` in its batch is known to be placed.
    """
    sure = () if any(match.article in before for match in look.matches) else look.matches[:_ASKED]
    return [match.article for match in sure] + [candidate.article for candidate in look.unsettled]


def decide(
    shingles: int, matches: Sequence[Match], longest: Mapping[str, int], before: Container[str] = ()
) -> GroupDecision:
    """Unite the groups of all near-duplicates; of containers only the best, and only without those.

    A short text inside two long ones must not make them one: it joins the one that has most of it. A long
    text takes in the group of a short one it contains only while that group holds nothing longer; `longest`
    is how many shingles the longest text has in the group of each article that is `held`, 0 where it is not linked
    yet. A near-duplicate that is not, nor is placed `before` this text in its batch, is another worker's, which may have
    died: it says nothing of where both belong, so the container counts, and the text may be the first of its group;
    unless a shorter text that it contains has come there already.
    """

    def stands(match: Match) -> bool:
        return match.article in before or longest.get(match.article, 0) >= match.shingles

    def is_there(match: Match) -> bool:
        return match.article in before or longest.get(match.article, 0) > 0

    same = [match for match in matches if match.verdict != "contained"]
    around = [match for match in matches if match.verdict == "contained" and match.shingles >= shingles]
    inside = [
        match
        for match in matches
        if match.verdict == "contained"
        and match.shingles < shingles
        and longest.get(match.article, 0) <= _SAME_LENGTH * match.shingles
    ]
    alone = around and not any(map(stands, same))
    united = same + ([max(around, key=lambda match: match.similarity)] if alone else []) + inside
    if not united:
        return GroupDecision()
    best = max(united, key=lambda match: (match.verdict == "exact", match.similarity))
    names = tuple(dict.fromkeys(match.article for match in united))
    return GroupDecision(names, best, founds=not any(map(is_there, united)))
