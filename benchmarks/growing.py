"""The demo newsroom as it would be day after day: every day its articles anew, in words of that day, in four editions.

A language has so many words: after `period` days the words come again, when what they told has been forgotten.
"""

from __future__ import annotations

import re
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from newsfold.demo.newsroom import Newsroom, _resources, running_newsroom
from newsfold.demo.outlets import Article, Outlet, all_outlets

EDITIONS = 4
# A feed holds what came out in so many days.
_DAYS_IN_FEED = 1
_SYLLABLES = ("ar", "el", "in", "os", "um", "ek", "yd", "af", "oth", "ir", "ab", "uz", "ew", "ig", "ol", "ux")
_LONG_WORD = re.compile(r"\w{6,}")


def worded(text: str, day: int) -> str:
    """A text in the words of a day: its long words are others every day, the same in all articles of one."""

    def other(found: re.Match[str]) -> str:
        word = found[0]
        return (
            word[:3] + _SYLLABLES[zlib.crc32(f"{word.lower()} {day}".encode()) % len(_SYLLABLES)] + word[3:]
        )

    return _LONG_WORD.sub(other, text)


def edition(number: int, seconds: float, period: int) -> tuple[Outlet, ...]:
    """Every outlet with what it has printed up to an edition; `seconds` is how long one lasts."""
    first = max(0, number - EDITIONS * _DAYS_IN_FEED + 1)
    return tuple(
        replace(
            outlet, articles=tuple(_printed(outlet, first, number, seconds, period)) or outlet.articles[:1]
        )
        for outlet in all_outlets()
    )


def _printed(outlet: Outlet, first: int, last: int, seconds: float, period: int) -> Iterator[Article]:
    for number in range(first, last + 1):
        day, part = divmod(number, EDITIONS)
        for place, article in enumerate(outlet.articles):
            if place % EDITIONS == part:
                yield replace(
                    article,
                    slug=f"{article.slug}-{day}",
                    headline=worded(article.headline, day % period),
                    paragraphs=tuple(worded(text, day % period) for text in article.paragraphs),
                    summary=worded(article.summary, day % period),
                    hours_ago=(last - number) * seconds / 3600,
                )


@contextmanager
def growing_newsroom(day_seconds: float, period: int) -> Iterator[Newsroom]:
    """A newsroom that prints an edition every quarter of a day, for as long as the block lasts."""
    over, seconds = threading.Event(), day_seconds / EDITIONS
    with running_newsroom() as room:

        def print_on() -> None:
            begin, number = time.monotonic(), 0
            while not over.wait(max(0.0, begin + number * seconds - time.monotonic())):
                room._resources = _resources(edition(number, seconds, period), datetime.now(UTC))
                number += 1

        printer = threading.Thread(target=print_on, daemon=True)
        printer.start()
        try:
            yield room
        finally:
            over.set()
            printer.join()
