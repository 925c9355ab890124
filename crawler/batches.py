"""Calls gathered into batches: one thread and one round trip for what many coroutines ask at about the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


class Batcher(Generic[_Asked, _Answer]):
    """Calls `work`, in a thread, with what was asked within `wait` seconds, at most `most` at a time.

    `work` gives an answer for each of what it is given, in its order; what it raises, all of the batch raise.
    """

    def __init__(
        self, work: Callable[[Sequence[_Asked]], Sequence[_Answer]], *, most: int = 64, wait: float = 0.01
    ) -> None:
        self._work, self._most, self._wait = work, most, wait
        self._waiting: list[tuple[_Asked, asyncio.Future[_Answer]]] = []
        self._turn = asyncio.Lock()

    async def ask(self, asked: _Asked) -> _Answer:
        """The answer to one question, once its batch has been worked off."""
        done: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, done))
        if len(self._waiting) < self._most:
            await asyncio.sleep(self._wait)
        async with self._turn:
            if not done.done():
                await self._work_off()
        return await done

    async def _work_off(self) -> None:
        batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            answers = await asyncio.to_thread(self._work, [asked for asked, _ in batch])
        except BaseException as error:
            for _, done in batch:
                if not done.done():
                    done.set_exception(error)
            raise
        for (_, done), answer in zip(batch, answers, strict=True):
            if not done.done():
                done.set_result(answer)
