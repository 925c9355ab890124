"""Pages a second of two processes that share the same pages, each system in its turn.

The processes are spawned, load all systems and their half of the pages, and read a few of them with every system
before anything is timed. Within a round the systems take turns every few pages, another one first each time, and both
processes work at once. A process's seconds are those of its own work, without waiting for the other; pages a second
are all pages by the mean of both. Halves are dealt by size. Ratios are made within a round, and their median is
reported: what slows the machine for a while slows both sides. Processor time is counted beside it, which what else the
machine does moves less.
"""

from __future__ import annotations

import multiprocessing
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from statistics import median
from types import TracebackType
from typing import Any, NamedTuple

from benchmarks.page_data import Served, served
from benchmarks.page_systems import OURS, Task, timed

PROCESSES, TURN = 2, 6


def deal(sizes: Sequence[int], hands: int = PROCESSES) -> list[list[int]]:
    """Numbers of the pages for each process: largest first, to and fro."""
    dealt: list[list[int]] = [[] for _ in range(hands)]
    for turn, number in enumerate(sorted(range(len(sizes)), key=lambda n: -sizes[n])):
        lap, place = divmod(turn, hands)
        dealt[hands - 1 - place if lap % 2 else place].append(number)
    return dealt


def ratios(laps: Mapping[str, Sequence[float]], ours: str = OURS) -> dict[str, float]:
    """How many times as fast as each other system ours is: the median of the rounds' ratios."""
    return {
        name: median(theirs / mine for theirs, mine in zip(taken, laps[ours], strict=True))
        for name, taken in laps.items()
        if name != ours
    }


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Lap(NamedTuple):
    """What some pages took with one system, and on how many it raised."""

    seconds: float
    processor: float
    failed: int


def total(laps: Sequence[Lap]) -> Lap:
    """Laps one after another."""
    return Lap(
        sum(one.seconds for one in laps), sum(one.processor for one in laps), sum(n.failed for n in laps)
    )


def work(pipe: Connection, rows: list[dict[str, Any]]) -> None:
    """A process: read the pages that are named with the system that is named, until the other end closes."""
    warnings.simplefilter("ignore")  # a peer's own, on wild dates
    tasks, pages = timed(), [served(row) for row in rows]
    with suppress(EOFError):
        while True:
            name, first, beyond = pipe.recv()
            pipe.send(_lap(tasks[name], pages[first:beyond]))


def _lap(task: Task, pages: Sequence[Served]) -> Lap:
    failed, start, before = 0, time.perf_counter(), time.process_time()
    for page in pages:
        try:
            task(page)
        except Exception:  # counted: a system that gives up early would look fast
            failed += 1
    return Lap(time.perf_counter() - start, time.process_time() - before, failed)


class Pair:
    """The processes, each with its share of the pages."""

    def __init__(self, shares: Sequence[list[dict[str, Any]]]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes: list[SpawnProcess] = []
        for share in shares:
            ours, theirs = context.Pipe()
            self._pipes.append(ours)
            self._processes.append(context.Process(target=work, args=(theirs, share), daemon=True))
            self._processes[-1].start()
            theirs.close()

    def __enter__(self) -> Pair:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.terminate()
            process.join()

    def lap(self, name: str, first: int, beyond: int) -> Lap:
        """One system on some pages of each share: the processes' mean seconds, and all else of both."""
        for pipe in self._pipes:
            pipe.send((name, first, beyond))
        both = total([pipe.recv() for pipe in self._pipes])
        return both._replace(seconds=both.seconds / len(self._pipes))


def turns(names: Sequence[str], shift: int) -> list[str]:
    """All systems, begun with another one each time."""
    first = shift % len(names)
    return [*names[first:], *names[:first]]


def race(rows: Sequence[dict[str, Any]], rounds: int) -> dict[str, Any]:
    """Every system's median pages a second and our ratio to it; {} on a machine with too few cores."""
    if cores() < PROCESSES:
        return {}
    names, shares = list(timed()), deal([len(served(row).body) for row in rows])
    with Pair([[rows[n] for n in share] for share in shares]) as pair:
        for name in names:
            pair.lap(name, 0, TURN)
        found = [_round(pair, names, max(map(len, shares)), shift) for shift in range(rounds)]
    laps = {name: [one[name] for one in found] for name in names}
    ours_is = ratios({name: [lap.seconds for lap in laps[name]] for name in names})
    ours_is_in_cpu = ratios({name: [lap.processor for lap in laps[name]] for name in names})
    return {
        name: {
            "pages_per_s": len(rows) / median(lap.seconds for lap in laps[name]),
            "ours_is": ours_is.get(name, 1.0),
            "cpu_ms_a_page": 1000 * median(lap.processor for lap in laps[name]) / len(rows),
            "ours_is_in_cpu": ours_is_in_cpu.get(name, 1.0),
            "rounds": [len(rows) / lap.seconds for lap in laps[name]],
            "failed": laps[name][0].failed,
        }
        for name in names
    }


def _round(pair: Pair, names: Sequence[str], most: int, shift: int) -> dict[str, Lap]:
    """All systems on all pages."""
    laps: dict[str, list[Lap]] = {name: [] for name in names}
    for turn, first in enumerate(range(0, most, TURN)):
        for name in turns(names, shift + turn):
            laps[name].append(pair.lap(name, first, first + TURN))
    return {name: total(taken) for name, taken in laps.items()}
