"""Which texts tell one event: weighted cosine of their terms against the groups of a story."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from dedup.model import Neighbour, StoryDecision
from dedup.terms import cosine, shared_terms
from dedup.thresholds import StoryConfig


def decide_story(
    vector: Mapping[str, float], neighbours: Sequence[Neighbour], config: StoryConfig
) -> StoryDecision:
    """The story that a new group joins, or its own where none reaches the threshold.

    A story's score is the mean of its most similar group's cosine and the average over all its groups
    (0 for those that share no rare term), so that one bridging text does not pull in a whole story.
    """
    scores: dict[str, list[tuple[float, Neighbour]]] = defaultdict(list)
    for neighbour in neighbours:
        scores[neighbour.story].append((cosine(vector, neighbour.vector), neighbour))
    best = StoryDecision()
    for story, found in sorted(scores.items()):
        top, nearest = max(found, key=lambda pair: (pair[0], pair[1].group))
        groups = max(len(found), nearest.story_groups)
        score = (top + sum(similarity for similarity, _ in found) / groups) / 2
        if score > best.score:
            best = StoryDecision(story, score, nearest.group, shared_terms(vector, nearest.vector))
    if best.score >= config.similarity:
        return best
    return StoryDecision("", best.score, best.group, best.terms)
