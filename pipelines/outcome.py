"""From decisions to what is stored, and from there to what is told."""

from __future__ import annotations

from collections.abc import Callable

from dedup.model import Article, GroupDecision, Placement, StoryDecision, Verdict
from storage.records import Link, Linked, Record


def link_of(
    record: Record, group: GroupDecision, told: StoryDecision | None, spot: Callable[[Article], int],
    *, reworded: bool = False, again: bool = False, posted: str = "",
) -> Link:  # fmt: skip
    """What is stored of an article, by what was decided about it."""
    best, story = group.best, told or StoryDecision()
    return Link(
        record=record,
        unite=group.unite,
        story=story.story if story.joined else "",
        verdict=best.verdict if best else "new",
        similarity=best.similarity if best else 0.0,
        matched=best.article if best else "",
        score=story.score,
        beside=story.group,
        terms=story.terms,
        spot=spot(record.article) if told else None,
        entered=spot(record.article) if again and not told else None,
        density=story.density,
        changes=story.changes,
        reworded=reworded,
        posted=posted,
    )


def placement_of(link: Link, where: Linked) -> Placement:
    """Where an article went and why."""
    known: dict[str, Verdict] = {"unchanged": "unchanged", "revision": "revision"}
    decided: dict[str, Verdict] = {
        "exact": "exact",
        "near-duplicate": "near-duplicate",
        "contained": "contained",
    }
    return Placement(
        article=link.record.article.id,
        group=where.group,
        story=where.story,
        verdict=known.get(where.verdict) or decided.get(link.verdict, "new"),
        similarity=link.similarity,
        matched=link.matched,
        group_is_new=where.group_is_new,
        story_is_new=where.story_is_new,
        score=link.score,
        terms=link.terms,
    )
