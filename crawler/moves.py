"""Permanent redirects: believed after repeated confirmation, for they are easily set and hardly taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from crawler.book import FeedState
from crawler.schedule import SchedulePolicy

PERMANENT = (301, 308)


def permanent_target(hops: Sequence[tuple[int, str]]) -> str:
    """Where the permanent redirects at the beginning of a chain lead; what follows a temporary one says nothing."""
    target = ""
    for status, url in hops:
        if status not in PERMANENT:
            break
        target = url
    return target


def after_answer(
    feed: FeedState, hops: Sequence[tuple[int, str]], now: datetime, policy: SchedulePolicy
) -> FeedState:
    """The state after a good answer: a move noted, confirmed, or forgotten.

    On confirmation the feed's URL changes, and its validators go: they were another address's. A move
    from https to http is followed and never believed.
    """
    target = permanent_target(hops)
    if (
        not target
        or target == feed.url
        or (feed.url.startswith("https:") and not target.startswith("https:"))
    ):
        return replace(feed, moved_to="", moved_polls=0, moved_since=None)
    if target != feed.moved_to or feed.moved_since is None:
        return replace(feed, moved_to=target, moved_polls=1, moved_since=now)
    polls = feed.moved_polls + 1
    if polls < policy.move_polls or (now - feed.moved_since).total_seconds() < policy.move_span:
        return replace(feed, moved_polls=polls)
    return replace(
        feed, url=target, given=feed.given or feed.url, etag="", modified="", final="", body_hash="",
        moved_to="", moved_polls=0, moved_since=None,
    )  # fmt: skip
