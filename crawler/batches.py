"""Calls gathered into batches: one thread and one round trip for what many coroutines ask at about the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


class Batcher(Generic[_Asked, _Answer]):
    """Calls `work`, in a thread, with what was asked within `wait` seconds, at most `most` at a time.

    `work` gives an answer for each of what it is given, in its order; what it raises, all of the batch raise. Of
    `turns` more than one, so many calls are under way at a time.
    """

    def __init__(
        self, work: Callable[[Sequence[_Asked]], Sequence[_Answer]], *, most: int = 64, wait: float = 0.01, turns: int = 1
    ) -> None:  # fmt: skip
        self._work, self._most, self._wait, self._turns = work, most, wait, turns
        self._waiting: list[tuple[_Asked, asyncio.Future[_Answer]]] = []
        self._busy = 0
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself holds on to none

    async def ask(self, asked: _Asked) -> _Answer:
        """The answer to one question, once its batch has been worked off."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_Answer] = loop.create_future()
        self._waiting.append((asked, done))
        if self._busy < self._turns:
            self._busy += 1
            task = loop.create_task(self._work_off())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await done

    async def _work_off(self) -> None:
        try:
            while self._waiting:
                if len(self._waiting) < self._most:
                    await asyncio.sleep(self._wait)
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                if batch:  # another turn may have taken all of it in the meantime
                    await self._answer(batch)
        finally:
            self._busy -= 1

    async def _answer(self, batch: Sequence[tuple[_Asked, asyncio.Future[_Answer]]]) -> None:
        try:
            answers = await asyncio.to_thread(self._work, [asked for asked, _ in batch])
        except BaseException as error:
            for _, done in batch:
                if not done.done():
                    done.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            for (_, done), answer in zip(batch, answers, strict=True):
                if not done.done():
                    done.set_result(answer)
