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


def day_shares(days: Days, config: StoryConfig) -> NDArray[np.float32]:
    """What days add to the likeness of each two texts, square: more for one in common, less where both name others, else 0."""
    worth = np.array((0.0, config.same_day, -config.other_day), np.float32)
    named = days > 0
    both = (named[:, None] & named).view(np.int8)
    common = ((days[:, None] & days) > 0).view(np.int8)
    found: NDArray[np.float32] = worth[both * (2 * common - 1)]
    return found


def day_share(one: int, other: int, config: StoryConfig) -> float:
    """The same of two texts."""
    return float(day_shares(np.array((one, other), np.uint8), config)[0, 1])
