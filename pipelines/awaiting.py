"""Waiting until texts that other workers have entered have their stories, so that a text entered later can follow them.

Of workers that enter texts on one event at once one enters first. It has seen none of the others and waits for nobody; they see
its texts, and decide when those are stored, as if one worker had come after the other. So nobody waits for somebody who
waits for him.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import chain, repeat

import numpy as np

from storage.line import Line
from storage.told import Telling
from storage.vectors import Groups, by_slice

# A worker stores what it entered some tenths of a second later; where nothing is stored for so long it is likely dead.
_PATIENCE = 1.0
# Of the time after that so much may be spent in vain, lest each text that a dead worker left costs a second.
_SHARE = 0.1
_PAUSES = (0.005, 0.01, 0.02)


class Awaiting:
    """Waits for texts of other workers; knows which it gave up, and how long it may still wait in vain.

    `in_company` says whether there were any when it last looked.
    """

    def __init__(self, telling: Telling) -> None:
        self._telling, self.in_company = telling, False
        self._given_up: set[int] = set()
        self._patience, self._since = _PATIENCE, time.monotonic()

    def wait(self, line: Line, lang: str, wanted: Sequence[Groups], untold: frozenset[int]) -> bool:
        """Wait until those of the texts wanted that are untold have stories or are gone; false where there are none."""
        left = untold - self._given_up
        self.in_company = bool(left)
        if not left:
            return False
        progress = time.monotonic()
        self._patience = min(_PATIENCE, self._patience + _SHARE * (progress - self._since))
        for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
            if not left or time.monotonic() - progress >= self._patience:
                break
            time.sleep(pause)
            still = self._untold(line, lang, wanted, left)
            if still != left:
                left, progress = still, time.monotonic()
        self._since = time.monotonic()
        if left:
            self._given_up |= left
            self._patience = max(0.0, self._patience - (self._since - progress))
        return True

    def _untold(
        self, line: Line, lang: str, wanted: Sequence[Groups], awaited: frozenset[int]
    ) -> frozenset[int]:
        """Which of those awaited have no story yet."""
        numbers = np.array(sorted(awaited), np.uint64)
        kept = {slice_: some[np.isin(some, numbers)] for slice_, some in by_slice(wanted).items()}
        return line.send(self._telling.ask_around(lang, [kept], 0, 1)).result().untold & awaited
