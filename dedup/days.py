"""The weekdays that a text names, as bits, and what they say of two texts.

News tells when a thing happened by the day of the week ("on Tuesday"), whatever the event, and a topic that is told day
after day uses the same words each time. Of pairs of texts that share most terms, one in twenty that name no day is on
one event, one in six that name a day in common, and one in a hundred of those that name different ones.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from dedup.locales import weekdays
from dedup.thresholds import StoryConfig

Days = NDArray[np.uint8]
Floats = NDArray[np.float32]
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def named_days(words: Iterable[str], lang: str) -> int:
    """The weekdays among normalised words, a bit each, Monday's the lowest; none where the language writes them in parts."""
    known, days = weekdays(lang), 0
    for word in known.keys() & words:
        days |= 1 << known[word]
    return days


def day_names(days: int) -> tuple[str, ...]:
    """The weekdays' names in English, in the order of the week."""
    return tuple(name for number, name in enumerate(_NAMES) if days >> number & 1)


def day_shares(days: Days, alike: Floats, config: StoryConfig) -> Floats:
    """What days add to the likeness of each two texts, square: less where both name others, more for one in common.

    A day in common says nothing of two texts that are not `near` by their words: strangers have days in common, too.
    """
    named = days > 0
    both = named[:, None] & named
    common = (days[:, None] & days) > 0
    parted, nearer = both & ~common, common & (alike >= config.near)
    found: Floats = (nearer * config.same_day - parted * config.other_day).astype(np.float32)
    return found


def day_share(one: int, other: int, alike: float, config: StoryConfig) -> float:
    """The same of two texts that are so much alike by their words."""
    likeness = np.full((2, 2), alike, np.float32)
    return float(day_shares(np.array((one, other), np.uint8), likeness, config)[0, 1])
