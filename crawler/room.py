"""A bound on what is under way: enter before, leave after, and wait while it is full."""

from __future__ import annotations

import asyncio


class Room:
    """Counts what is under way. Entering never waits: whoever brings more in asks `wait` first."""

    def __init__(self, most: int) -> None:
        self._most, self._taken = most, 0
        self._freed = asyncio.Event()

    def enter(self) -> None:
        """One more is under way."""
        self._taken += 1

    def leave(self) -> None:
        """One less is."""
        self._taken -= 1
        self._freed.set()

    def widen(self, by: int) -> None:
        """Hold so many more than until now, or fewer where it is negative."""
        self._most += by
        self._freed.set()

    async def wait(self) -> None:
        """Returns when fewer than the most are under way."""
        while self._taken >= self._most:
            self._freed.clear()
            await self._freed.wait()
