"""What was put right, what was found, and who printed what when, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.text import Text

from newsfold.doctor import Finding
from newsfold.safetext import safe
from newsfold.show import SHORT_ID, ago, clock, counted, when
from newsfold.tables import Column, show_line, show_rows
from storage.corrections import Correction
from storage.views import ArticleView, GroupView, StorySummary, StoryView

_DONE = {
    "merge": "{other} is part of {story} now",
    "split": "{other} was parted off {story}",
    "pin": "{story} is pinned",
    "unpin": "{story} is pinned no more",
    "hide": "{story} is hidden",
    "unhide": "{story} is shown again",
}


def show_correction(console: Console, made: Correction, stories: Sequence[StorySummary]) -> None:
    """What a correction, or taking it back, came to: the stories as they are now."""
    done = _DONE[made.kind].format(story=made.story, other=made.other)
    if made.undone:
        show_line(console, f"correction {made.number} ({made.kind}) is undone")
    else:
        said = f"correction {made.number}: {done}; newsfold undo {made.number} takes it back"
        console.print(safe(said), soft_wrap=True)
    for story in stories:
        counts = f"{counted(story.articles, 'article')}, {counted(story.outlets, 'outlet')}, {counted(story.groups, 'text')}"
        show_line(console, f"  {story.id}  {counts}  {story.headline}")


def show_corrections(console: Console, found: Sequence[Correction]) -> None:
    """The list of corrections."""
    columns = (
        Column("n", right=True), Column("when"), Column("what"), Column("story", short=SHORT_ID),
        Column("other", short=SHORT_ID), Column("texts", right=True), Column("undone", spare=True), Column("reason", wide=True, wraps=True),
    )  # fmt: skip
    rows = (
        (
            str(one.number), when(console, one.at), one.kind, one.story, one.other, str(one.groups or ""),
            when(console, one.undone) if one.undone else "", one.reason,
        )
        for one in found
    )  # fmt: skip
    show_rows(console, columns, rows)


def show_found(console: Console, found: Sequence[ArticleView]) -> None:
    """Articles that were searched for."""
    columns = (
        Column("when"), Column("outlet", most=26), Column("lang", spare=True), Column("article", short=8),
        Column("story", short=SHORT_ID, spare=True), Column("headline", wide=True),
    )  # fmt: skip
    rows = ((when(console, a.time), a.outlet, a.lang, a.id, a.story, a.title) for a in found)
    show_rows(console, columns, rows)


def show_timeline(console: Console, story: StoryView) -> None:
    """Each text when it first came, its reprints under it, with the time from the first text on."""
    s = story.summary
    show_line(console, s.headline, "bold")
    show_line(
        console,
        f"{s.id} · {s.lang} · {counted(s.articles, 'article')}, {counted(s.outlets, 'outlet')}, {counted(s.groups, 'independent text')}",
    )
    start = min((a.time for g in story.groups for a in g.articles if a.time), default=None)
    for group in in_time(story.groups):
        first, *reprints = sorted(group.articles, key=lambda a: (a.time is None, a.time, a.id))
        copy = f"  ({group.wire} copy)" if group.wire else ""
        console.print()
        show_line(
            console,
            f"{clock(first.time)}  {_after(first.time, start):>8}  {first.outlet}: {first.title}{copy}",
            "cyan",
        )
        for article in reprints:
            show_line(
                console,
                f"{clock(article.time)}  {_after(article.time, start):>8}  └ {article.outlet}{_retitled(article, first)}",
            )


def in_time(groups: Sequence[GroupView]) -> list[GroupView]:
    """Texts in the order in which they first came."""
    return sorted(
        groups, key=lambda g: (min((a.time.timestamp() for a in g.articles if a.time), default=0.0), g.id)
    )


def _retitled(article: ArticleView, first: ArticleView) -> str:
    return "" if article.title.casefold() == first.title.casefold() else f": {article.title}"


def _after(moment: datetime | None, start: datetime | None) -> str:
    return "" if moment is None or start is None or moment == start else f"+{ago(start, moment)}"


_LEVELS = {"ok": ("ok   ", "green"), "note": ("note ", "yellow"), "wrong": ("WRONG", "bold red")}


def show_findings(console: Console, found: Sequence[Finding]) -> None:
    """What was looked at, a line each, and under it what to do."""
    for one in found:
        mark, style = _LEVELS[one.level]
        console.print(Text.assemble((mark, style), f"  {one.name:<12} ", safe(one.seen)), soft_wrap=True)
        if one.fix:
            console.print(Text.assemble(" " * 20, ("→ ", "dim"), safe(one.fix)), soft_wrap=True)
