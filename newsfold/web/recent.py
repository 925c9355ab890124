"""What the front page chooses from, read anew when it has grown old: for many readers at once it is read once."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from storage.reader import Reader
from storage.views import StorySummary

# A reading counts for so many seconds, and for so many times as long as it took.
_SECONDS: Final = 3.0
_TIMES: Final = 10.0


@dataclass(frozen=True, slots=True)
class Everything:
    """All stories that are not hidden, latest first, and all their outlets, by name."""

    stories: Sequence[StorySummary]
    outlets: Sequence[str]


def everything(reader: Reader) -> Everything:
    """What there is now."""
    stories = reader.stories()
    printed = reader.outlets(story.id for story in stories)
    return Everything(stories, sorted({name for row in printed for name in row}, key=str.casefold))


class Recent:
    """Everything as of some seconds ago at most; threads may share it."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._lock = reader, threading.Lock()
        self._until = 0.0
        self._known: Everything | None = None

    def get(self) -> Everything:
        """Everything, from memory where that is young enough, or being read by another thread."""
        known = self._known
        if known is not None and (time.monotonic() < self._until or self._lock.locked()):
            return known
        with self._lock:
            began = time.monotonic()
            if self._known is None or began >= self._until:
                self._known = everything(self._reader)
                now = time.monotonic()
                self._until = now + max(_SECONDS, _TIMES * (now - began))
            return self._known
