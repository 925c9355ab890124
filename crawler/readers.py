"""Reading in processes of their own: a core for parsing while the crawl's has its requests.

Small runs never start one. A process that dies of a body, or takes too long over it, fails that body alone.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import os
import pickle
import signal
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Lock
from typing import Final

from crawler.batches import Batcher
from crawler.errors import FeedError
from crawler.events import log_event
from crawler.reading import Reading
from crawler.sifting import Sifted

_LOG = logging.getLogger(__name__)

# So many bodies are read in the crawl's own process before others are worth their start; while they start, more.
_ALONE: Final = 40
# Where a run is known to be a large one, no more than tells that its bodies are new.
_ALONE_OF_MANY: Final = 8
_LARGE: Final = 300_000
_TIMEOUT_SECONDS: Final = 20.0
_START_SECONDS: Final = 60.0
_BATCH: Final = 8
_WAIT_SECONDS: Final = 0.005

# What a pipe says of a process that is no more, or does not answer.
_BROKEN: Final = (EOFError, OSError, TimeoutError)

Result = Sifted | Exception


class Readers:
    """Reads bodies in at most `workers` processes (one less than there are cores, at least one).

    The first `alone` are read where this runs, unless they are large; with 0 none is.
    """

    def __init__(self, workers: int | None = None, *, alone: int = _ALONE) -> None:
        self._lanes = [_Lane() for _ in range(workers or max(1, (os.cpu_count() or 2) - 1))]
        self._alone, self._left, self._turn = alone, alone, 0
        self._starting: tuple[asyncio.Future[None], ...] = ()

    async def read(self, reading: Reading) -> Sifted:
        """`Reading.run`, wherever; raises what it raises, and FeedError where a process died of it."""
        if self._alone and len(reading.body) < _LARGE and self._not_yet():
            return reading.run()
        self._turn += 1
        found = await self._lanes[self._turn % len(self._lanes)].ask(reading)
        if isinstance(found, Exception):
            raise found
        return found

    def expect_many(self) -> None:
        """The run has more feeds than are read here: the processes are started at the first bodies that come."""
        self._left = min(self._left, _ALONE_OF_MANY)

    def _not_yet(self) -> bool:
        """Whether the processes are not worth their start yet, or are starting."""
        if self._left > 0:
            self._left -= 1
            return True
        if not self._starting:
            begun = (asyncio.to_thread(lane.start) for lane in self._lanes)
            self._starting = tuple(asyncio.ensure_future(one) for one in begun)
        return not all(one.done() for one in self._starting)

    async def close(self) -> None:
        """End the processes; they hold nothing that could be lost."""
        await asyncio.gather(*self._starting)
        for lane in self._lanes:
            await asyncio.to_thread(lane.stop)


class _Lane:
    """One process, started when it has something to read and anew after it failed.

    While it reads a batch the next one is on its way to it, so that it never waits for the crawl.
    """

    def __init__(self) -> None:
        self._batches = Batcher(self._read, most=_BATCH, wait=_WAIT_SECONDS, turns=2)
        self._sending, self._receiving = Lock(), Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def start(self) -> None:
        """Start the process before there is anything to read; where that fails, the next to read tries again."""
        with self._sending, suppress(*_BROKEN):
            self._pipe = self._pipe or self._started()

    async def ask(self, reading: Reading) -> Result:
        return await self._batches.ask(reading)

    def _read(self, batch: Sequence[Reading]) -> list[Result]:
        """The results of a batch; where the process fails, each is tried with no other beside it: one is the culprit."""
        try:
            return self._exchange(batch)
        except _BROKEN:
            with self._sending, self._receiving:
                self.stop()
                return [self._read_alone(one) for one in batch]

    def _read_alone(self, reading: Reading) -> Result:
        try:
            return self._received(self._sent([reading]))[0]
        except _BROKEN as error:
            self.stop()
            log_event(_LOG, logging.WARNING, "feed.unreadable", url=reading.url, reason=type(error).__name__)
            how = "took too long to read" if isinstance(error, TimeoutError) else "broke the reading process"
            return FeedError(f"{reading.url} {how}")

    def _exchange(self, batch: Sequence[Reading]) -> list[Result]:
        """Send, and receive after whoever sent before; who comes next sends as soon as this one may receive."""
        with self._sending:
            pipe = self._sent(batch)
            self._receiving.acquire()
        try:
            return self._received(pipe)
        finally:
            self._receiving.release()

    def _sent(self, batch: Sequence[Reading]) -> Connection:
        self._pipe = pipe = self._pipe or self._started()
        pipe.send_bytes(pickle.dumps(list(batch), pickle.HIGHEST_PROTOCOL))
        return pipe

    def _received(self, pipe: Connection) -> list[Result]:
        if not pipe.poll(_TIMEOUT_SECONDS):
            raise TimeoutError
        results: list[Result] = pickle.loads(pipe.recv_bytes())  # noqa: S301 - from our own process
        return results

    def _started(self) -> Connection:
        # spawn: a fork of a process with threads and an event loop may inherit a locked lock.
        context = multiprocessing.get_context("spawn")
        pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), name="newsfold-read", daemon=True)
        self._process.start()
        theirs.close()
        if not pipe.poll(_START_SECONDS):
            raise TimeoutError
        pipe.recv_bytes()
        return pipe

    def stop(self) -> None:
        """End the process at once, whichever threads still wait for it or end it too."""
        pipe, self._pipe = self._pipe, None
        process, self._process = self._process, None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.join()
            process.close()


def _serve(pipe: Connection) -> None:
    """The process: batches until the pipe closes. An interrupt at the terminal is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    pipe.send_bytes(b"ready")
    while True:
        try:
            batch: list[Reading] = pickle.loads(pipe.recv_bytes())  # noqa: S301 - from our own process
            pipe.send_bytes(pickle.dumps([_result(one) for one in batch], pickle.HIGHEST_PROTOCOL))
        except (EOFError, OSError):
            return


def _result(reading: Reading) -> Result:
    try:
        return reading.run()
    except Exception as error:
        return error
