"""Feeds for the terminal: the table, one of them explained, a look at an address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console

from newsfold.safetext import safe
from newsfold.show import ago, when
from newsfold.tables import Column, show_rows
from storage.views import FeedView

if TYPE_CHECKING:
    from newsfold.probe import Report

# What a rule means, for whoever asks why a feed is not polled sooner.
_RULES = {
    "rate": "twice in the time between two of its entries",
    "quiet": "it has been silent; an eighth of the silence",
    "start": "nothing is known of its pace yet",
    "floor": "the operator's least interval (schedule.floor_minutes)",
    "ceiling": "the operator's longest interval (schedule.ceiling_hours)",
    "no validators": "its server knows no ETag nor Last-Modified (schedule.without_validators_minutes)",
    "cache-control": "the server's Cache-Control",
    "expires": "the server's Expires",
    "ttl": "the feed's own ttl",
    "sy:updatePeriod": "the feed's own sy:updatePeriod",
    "skipHours": "hours that the feed asks to skip",
    "skipDays": "days that the feed asks to skip",
    "retry-after": "the server asked to wait (Retry-After)",
    "retry-after of the host": "the host asked all its feeds to wait (Retry-After)",
    "backoff": "twice as long with each failure in a row",
    "websub": "a hub pushes its news (schedule.websub_hours)",
    "gone": "given up for good; newsfold feeds enable polls it again",
    "moved": "polled under another address; newsfold feeds enable polls it again",
    "enabled": "enabled by hand",
}


def show_feeds(console: Console, feeds: Sequence[FeedView]) -> None:
    """The feed table; what is wrong stands whole beneath it, so that no sentence is cut."""
    columns = (
        Column("feed", wide=True), Column("result"), Column("class", spare=True), Column("entries", right=True, spare=True),
        Column("fails", right=True), Column("polled"), Column("good", spare=True), Column("next"),
        Column("rule", most=24, spare=True),
    )  # fmt: skip
    rows = (
        (
            feed.title or feed.url, feed.result or "new", feed.failure, str(feed.entries or ""),
            str(feed.streak or ""), when(console, feed.polled), when(console, feed.good), when(console, feed.next),
            feed.rule,
            *(() if console.is_terminal else (feed.error, feed.url)),
        )
        for feed in feeds
    )  # fmt: skip
    show_rows(console, columns, rows)
    for feed in feeds if console.is_terminal else ():
        if feed.error:
            console.print(safe(feed.error), style="red", soft_wrap=True)


def show_feed(console: Console, feed: FeedView) -> None:
    """One feed: how it stands, when it is polled next, and why then."""
    console.print(safe(feed.title or feed.url), style="bold")
    _facts(console, [
        ("id", feed.id), ("url", feed.url), ("listed as", feed.given), ("folder", feed.folder),
        ("kind", feed.kind), ("entries", str(feed.entries or "")), ("language", feed.lang),
        ("last poll", f"{_when(feed.polled)}: {feed.result or 'never'}" + (f" (HTTP {feed.status})" if feed.status else "")),
        ("last good", _when(feed.good)), ("last news", _when(feed.news)),
        ("last error", _error(feed)), ("known by", " and ".join(feed.validators)),
        ("pace", f"an entry every {span(feed.gap)}" if feed.gap else ""),
        ("moving to", f"{feed.moved_to} (seen {feed.moved_polls} times)" if feed.moved_to else ""),
        ("hub", f"{feed.hub} ({feed.subscribed or 'not subscribed'})" if feed.hub else ""),
    ])  # fmt: skip
    _show_next(console, feed)
    for offer in feed.offers:
        console.print(safe(f"the page names a feed: newsfold feeds add {offer}"), soft_wrap=True)
    for note in feed.notes:
        console.print(safe(f"note: {note}"), style="dim", soft_wrap=True)


def _error(feed: FeedView) -> str:
    if not feed.error:
        return ""
    times = f", {feed.streak} times in a row" if feed.streak > 1 else ""
    return f"{_when(feed.failed or feed.polled)}{times} [{feed.failure}]: {feed.error}"


def _show_next(console: Console, feed: FeedView) -> None:
    if feed.next is None and feed.polled is None:
        console.print("next poll   at once: it has never been polled")
        return
    meant = meaning(feed.rule) or feed.rule
    console.print(
        safe(f"next poll   {_when(feed.next) if feed.next else 'never'}, by “{feed.rule}”: {meant}"),
        soft_wrap=True,
    )
    if feed.spread:
        console.print(f"            {span(feed.spread)} later, apart from other feeds of its host")
    for name, seconds in sorted(feed.bounds.items(), key=lambda pair: -pair[1]):
        mark = "→" if name == feed.rule else " "
        console.print(safe(f"          {mark} {name:<16} {span(seconds)}"))


def show_report(console: Console, found: Report) -> None:
    """What a poll of an address would see."""
    console.print(safe(found.url), style="bold")
    for hop in found.redirects:
        console.print(safe(f"  redirects  {hop}"))
    _facts(console, [
        ("  answer", f"HTTP {found.status}, {found.bytes:,} bytes" if found.status else ""),
        *((f"  {name}", value) for name, value in found.headers.items()),
        ("  feed", f"{found.kind}, {found.entries} entries, newest {found.newest or 'undated'}" if found.kind else ""),
        ("  title", found.title), ("  language", found.lang), ("  unchanged", found.conditional), ("  hub", found.hub),
        ("  next poll", f"after {found.next_minutes:.0f} min, by “{found.rule}”" if found.rule else ""),
    ], 18)  # fmt: skip
    if found.error:
        console.print(safe(f"  {found.failure}: {found.error}"), style="red", soft_wrap=True)
    for note in found.notes:
        console.print(safe(f"  note: {note}"), style="dim", soft_wrap=True)
    for advice in found.advice:
        console.print(safe(f"  advice: {advice}"), soft_wrap=True)


def _facts(console: Console, facts: Iterable[tuple[str, str]], width: int = 12) -> None:
    for name, value in facts:
        if value:
            console.print(safe(f"{name:<{width}}{value}"), soft_wrap=True)


def _when(moment: datetime | None) -> str:
    return (
        f"{moment:%Y-%m-%d %H:%M} UTC ({ago(moment)}{'' if ago(moment).startswith('in') else ' ago'})"
        if moment
        else "never"
    )


def meaning(rule: str) -> str:
    """What a rule of the schedule means; "" for one that speaks for itself."""
    return _RULES.get(rule, "")


def span(seconds: int) -> str:
    """A span of time as a person says it."""
    for size, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            number = f"{seconds / size:.1f}".removesuffix(".0")
            return f"{number} {word}"
    return f"{seconds} s"
