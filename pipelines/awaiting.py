"""Waiting until texts that other workers have entered have their stories, so that a text entered later can follow them.

Of workers that enter texts on one event at once one enters first. It has seen none of the others and waits for nobody; they see
its texts, and decide when those are stored, as if one worker had come after the other. So nobody waits for somebody who
waits for him. Who waits lets himself be heard of; who is not heard of for a second has died (storage/lua/told.lua), and
those who come later than that wait for nothing of what he left.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import chain, repeat

from storage.line import Line
from storage.told import Telling

# A call that was made twice may have two see each other.
_MOST_SECONDS = 5.0
_PAUSES = (0.005, 0.01, 0.02)


class Awaiting:
    """Waits for texts of other workers; `in_company` says whether there were any when it last looked."""

    def __init__(self, telling: Telling) -> None:
        self._telling, self.in_company = telling, False

    def wait(self, line: Line, lang: str, untold: frozenset[int], own: Iterable[str]) -> bool:
        """Wait until the texts that are untold have stories, or their worker has died; false where there are none."""
        self.in_company = bool(untold)
        left, own, over = untold, tuple(own), time.monotonic() + _MOST_SECONDS
        for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
            if not left or time.monotonic() > over:
                break
            time.sleep(pause)
            left = line.send(self._telling.ask_await(lang, left, own)).result()
        return self.in_company
