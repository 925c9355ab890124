"""Several processes that place what this one reads.

One reads because it is the cheap part, some hundredth of the work: so one large file, many small ones and what is compressed
keep all processes busy alike, and one ledger knows how far everything is.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from newsfold.ending import SIGNALS, InputEnding
from newsfold.errors import ProcessError
from newsfold.intake.files import Chunk, Reading
from newsfold.intake.ledger import Ledger

# How many chunks a process the reading may be ahead of the first that is not placed: what a killed run repeats at most.
AHEAD = 8
# From a signal to the end of those who still work; a container or a service is killed after ten.
END_SECONDS = 7.0
_TICK = 0.2
Work = Callable[["FarOffice"], None]


class FarOffice:
    """The office as a process beside the command's sees it: through a pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def take(self) -> Chunk | None:
        self._pipe.send(("take",))
        chunk: Chunk | None = self._pipe.recv()
        return chunk

    def number(self, chunk: int, digests: Sequence[bytes]) -> Sequence[int] | None:
        self._pipe.send(("number", chunk, digests))
        if not digests:
            return ()
        numbers: Sequence[int] | None = self._pipe.recv()
        return numbers

    def bad(self, chunk: int, line: int, reason: str) -> None:
        self._pipe.send(("bad", chunk, line, reason))

    def placed(self, verdicts: Counter[str]) -> None:
        self._pipe.send(("placed", verdicts))

    def done(self, chunk: int) -> None:
        self._pipe.send(("done", chunk))


class Crew:
    """Starts the processes, gives them chunks and hears what became of them.

    `work` is called in each of them. A process that dies, or fails, takes nothing with it that a later run would not read
    again; the others end what they have.
    """

    def __init__(self, work: Work, reading: Reading, ledger: Ledger, ending: InputEnding) -> None:
        self._work, self._reading, self._ledger, self._ending = work, reading, ledger, ending
        self._chunks = iter(reading)
        self._processes: dict[Connection, BaseProcess] = {}
        self._idle: list[Connection] = []
        self._numbering: dict[int, Connection] = {}
        self._ahead = AHEAD
        self._over = False
        self._error: Exception | None = None
        self._deadline = float("inf")

    def run(self, processes: int) -> None:
        """Place everything; raises the first error of a process, when all have ended."""
        self._ahead = AHEAD * processes
        try:
            with _held_signals():
                for number in range(processes):
                    self._start(number)
            while self._processes:
                self._hand_out()
                for pipe in wait(list(self._processes), _TICK):
                    self._hear(pipe)  # type: ignore[arg-type]
                self._mind_signal()
        finally:
            self._end_all()
        if self._error:
            raise self._error

    def _start(self, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(self._work, theirs), name=f"newsfold-ingest-{number}")
        process.start()
        theirs.close()
        self._processes[ours] = process

    def _hand_out(self) -> None:
        """Give those who wait a chunk, or the word that there are no more."""
        while self._idle and self._may_read():
            chunk = None if self._over else next(self._chunks, None)
            self._over = chunk is None
            self._send(self._idle.pop(0), chunk)

    def _may_read(self) -> bool:
        """Not too far ahead; and nobody may wait for an answer while a read may take as long as it likes."""
        if self._over:
            return True
        return self._ledger.out < self._ahead and not (self._reading.may_block and self._ledger.unread)

    def _send(self, pipe: Connection, value: object) -> None:
        with suppress(OSError):  # of its end its own pipe tells
            pipe.send(value)

    def _hear(self, pipe: Connection) -> None:
        try:
            kind, *said = pipe.recv()
        except (EOFError, OSError):
            self._ended(pipe)
            return
        self._note(pipe, kind, said)

    def _note(self, pipe: Connection, kind: str, said: Sequence[Any]) -> None:
        if kind == "take":
            self._idle.append(pipe)
        elif kind == "number":
            self._number(pipe, *said)
        elif kind == "failed":
            self._fail(said[0])
        else:
            getattr(self._ledger, kind)(*said)

    def _number(self, pipe: Connection, chunk: int, digests: Sequence[bytes]) -> None:
        if digests:
            self._numbering[chunk] = pipe
        for number, numbers in self._ledger.number(chunk, digests).items():
            if number in self._numbering:
                self._send(self._numbering.pop(number), numbers)
        if self._error:
            self._release()

    def _ended(self, pipe: Connection) -> None:
        process = self._processes.pop(pipe)
        self._idle = [one for one in self._idle if one is not pipe]
        pipe.close()
        process.join()
        if process.exitcode:
            self._fail(ProcessError(_obituary(process.exitcode)))

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._over = True
        self._release()

    def _release(self) -> None:
        """Those who wait for numbers that depend on what another had would wait for ever."""
        for pipe in self._numbering.values():
            self._send(pipe, None)
        self._numbering.clear()

    def _mind_signal(self) -> None:
        if not self._ending.signal:
            return
        self._over = True
        self._deadline = min(self._deadline, time.monotonic() + END_SECONDS)
        if time.monotonic() > self._deadline:
            self._end_all()

    def _end_all(self) -> None:
        for pipe, process in self._processes.items():
            process.kill()
            process.join()
            pipe.close()
        self._processes.clear()


def _serve(work: Work, pipe: Connection) -> None:
    """In the new process: it is the first one that signals are for."""
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    try:
        work(FarOffice(pipe))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # there is nobody any more
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))
        pipe.send(("failed", error))


def _obituary(code: int) -> str:
    how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with code {code}"
    hint = ", perhaps for want of memory" if code == -signal.SIGKILL else ""
    return f"an ingesting process {how}{hint}; what was placed is stored, run it again for the rest"


@contextmanager
def _held_signals() -> Iterator[None]:
    """A signal waits meanwhile; processes started here wait as well, until they are ready for it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
