"""The stories that were asked for, in the order that was asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from dedup.search import read_query
from dedup.text import normalise
from newsfold.web.asked import FRONT, GROWTH, LATEST, OUTLETS, Asked
from storage.reader import Reader
from storage.search import Search
from storage.views import StorySummary

_DAY: Final = 86_400
# Leads are read of so many stories at most, the latest of those that all else leaves; headlines of all.
_MOST_LEADS: Final = 1_000
# Of articles inside stories so many, the newest that have the words.
_MOST_ARTICLES: Final = 300


def select(
    reader: Reader, stories: Iterable[StorySummary], choice: Asked, now: datetime
) -> list[StorySummary]:
    """Those of the stories that the choice asks for, pinned ones first."""
    since = choice.after(now)
    found = [story for story in stories if _fits(story, choice, since)]
    if choice.outlet:
        printed = reader.outlets(story.id for story in found)
        wanted = choice.outlet.casefold()
        found = [s for s, outlets in zip(found, printed, strict=True) if wanted in map(str.casefold, outlets)]
    if choice.words:
        found = with_words(reader, found, choice.words)
    order = _orders(now)[choice.sort]
    return sorted(found, key=lambda story: (story.pinned is None, order(story)))


def _fits(story: StorySummary, choice: Asked, since: datetime | None) -> bool:
    return (
        (not choice.lang or story.lang == choice.lang)
        and story.outlets >= choice.outlets
        and (since is None or (story.latest is not None and story.latest >= since))
    )


def with_words(reader: Reader, stories: Sequence[StorySummary], words: str) -> list[StorySummary]:
    """Those of the stories that have all the words, or parts of words, in headline and lead, or the words in those of
    one of their articles."""
    wanted = normalise(words).split()
    leads = reader.leads(stories[:_MOST_LEADS])
    leads += [""] * (len(stories) - len(leads))
    inside = {one.story for one in Search.beside(reader).find(read_query(words.split()), most=_MOST_ARTICLES)}
    return [
        story
        for story, lead in zip(stories, leads, strict=True)
        if story.id in inside or _has(normalise(f"{story.headline}\n{lead}"), wanted)
    ]


def _has(text: str, words: Sequence[str]) -> bool:
    return all(word in text for word in words)


def _orders(now: datetime) -> dict[str, Callable[[StorySummary], Any]]:
    def seconds(story: StorySummary) -> float:
        return story.latest.timestamp() if story.latest else 0.0

    def weight(story: StorySummary) -> float:
        # A day counts for half of the outlets, so that yesterday's news makes room by itself.
        return math.log2(1 + story.outlets) - (now.timestamp() - seconds(story)) / _DAY

    return {
        FRONT: lambda s: (-weight(s), s.id),
        OUTLETS: lambda s: (-s.outlets, -s.articles, s.id),
        LATEST: lambda s: (-seconds(s), s.id),
        GROWTH: lambda s: (-s.growth, -s.articles, s.id),
    }
