"""Numbers that two texts tell: a form letter filled in anew has the words of the one before, and other numbers.

Results of two companies, quakes of two days, prices of two mornings are written by one template. A cut or an edited copy
has the numbers of what it is cut from, but for some that were corrected or misread.
"""

from __future__ import annotations

import re

# So many numbers of a text are not in the other, and fewer than these are.
_FEWEST = 3
# What is shorter than this share of the other is cut from it, and may have lost those of its numbers that the other has: of 1,864 copies
# of the synthetic reprints none is taken for another text (of three quarters in length, two).
_FILLED_IN = 0.9
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")


def amounts(text: str) -> frozenset[str]:
    """The distinct numbers of a text, as they are written."""
    return frozenset(_NUMBER.findall(text))


def differ_in_amounts(one: str, other: str) -> bool:
    """Whether two texts of one length have different numbers: most of one's, the one that has fewer, are not in the other."""
    if min(len(one), len(other)) < _FILLED_IN * max(len(one), len(other)):
        return False
    few, many = sorted((amounts(one), amounts(other)), key=len)
    strange = len(few - many)
    return strange >= _FEWEST and 2 * strange > len(few)
