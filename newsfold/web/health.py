"""The page of the feeds: which are broken and why, and when each is polled next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from storage.views import FeedView

PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class FeedsPage:
    """A page of feeds. `broken` are all that failed last time, the longest first; they stand on the first page only."""

    feeds: Sequence[FeedView]
    broken: Sequence[FeedView]
    total: int
    waiting: int
    number: int
    has_more: bool
    size: int = PAGE


def feeds_page(feeds: Iterable[FeedView], number: int = 1, size: int = PAGE) -> FeedsPage:
    """A page of these feeds, by title."""
    ordered = sorted(feeds, key=lambda feed: ((feed.title or feed.url).casefold(), feed.url))
    broken = sorted((feed for feed in ordered if feed.error), key=lambda feed: -feed.streak)
    number = min(number, max(1, -(-len(ordered) // size)))
    return FeedsPage(
        feeds=ordered[(number - 1) * size : number * size],
        broken=broken if number == 1 else (),
        total=len(ordered),
        waiting=sum(1 for feed in ordered if feed.polled is None),
        number=number,
        has_more=len(ordered) > number * size,
        size=size,
    )
