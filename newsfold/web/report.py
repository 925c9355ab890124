"""`newsfold report`: the front page, its stories whole and the feeds in one file that asks nothing of a network."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from markupsafe import Markup

from newsfold.web.asked import Asked
from newsfold.web.front import Front, front
from newsfold.web.health import feeds_page
from newsfold.web.recent import everything
from newsfold.web.render import render, style, style_digest
from newsfold.web.whole import numbers
from storage.reader import Reader

_FEEDS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Filed:
    """Places within the one file; only stories with something to unfold have one."""

    stories: Set[str]
    feeds: str = ""
    home: str = "#stories"
    style: str = ""

    def story(self, identity: str) -> str:
        """Where a story stands whole, "" where it does not."""
        return f"#{identity}" if identity in self.stories else ""


def report(reader: Reader, choice: Asked, now: datetime, most: int) -> tuple[str, Front]:
    """The file's HTML, and what is on it: the first `most` of the stories that are asked for."""
    found = front(reader, everything(reader), choice, now, most)
    unfolded = frozenset(story.summary.id for story in found.stories if story.summary.articles > 1)
    origins = [text.group.articles[0].id for story in found.stories for text in story.texts]
    feeds = feeds_page(reader.feeds(), size=_FEEDS)
    text = render(
        "report.html",
        at=Filed(unfolded, "#feeds" if feeds.total else ""),
        now=now,
        asked=choice,
        front=found,
        feeds=feeds,
        leads=dict(zip(origins, reader.beginnings(origins), strict=True)),
        numbers={group: place for story in found.stories for group, place in numbers(story).items()},
        style=Markup(style()),  # noqa: S704 - a file of this package
        digest=style_digest(),
    )
    return text, found
