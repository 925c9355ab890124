"""`newsfold ingest` as a program, in one process and in several, on files of fresh articles."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.replay import Row, encoded
from benchmarks.scale_workers import server_seconds
from storage.connect import connect


class Run(NamedTuple):
    """Seconds on the clock, and of processor time in all of its processes and in the server."""

    clock: float
    processes: float
    server: float


def written(path: Path, rows: Iterable[Row], count: int) -> Path:
    """A file of the next rows."""
    with path.open("wb") as file:
        file.writelines(line + b"\n" for row in islice(rows, count) for line in encoded([row]))
    return path


def ingest_file(url: str | None, home: Path, file: Path, processes: int) -> Run:
    """One run of the program; fails where it does."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("NEWSFOLD_")}
    command = [sys.executable, "-m", "newsfold", "--home", str(home), *(("--redis", url) if url else ())]
    with closing(connect(url, home)) as client:
        server, begin, before = server_seconds(client), time.perf_counter(), _children()
        command += ["ingest", str(file), "--processes", str(processes)]
        subprocess.run(command, check=True, env=own, stdout=subprocess.DEVNULL)
        return Run(time.perf_counter() - begin, _children() - before, server_seconds(client) - server)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ingest_rates(
    url: str | None, home: Path, fresh: Iterator[Row], counts: Sequence[int], rounds: int, articles: int
) -> list[dict[str, float]]:
    """Articles a second for each number of processes: without starting them, and of the whole run.

    What starting takes is told by a run over two batches for each process; medians of rounds.
    """
    found: dict[int, list[tuple[float, ...]]] = {count: [] for count in counts}
    for turn in range(rounds):
        for count in counts:
            few = written(home / f"few{turn}-{count}.jsonl", fresh, 2 * 128 * count)
            many = written(home / f"many{turn}-{count}.jsonl", fresh, articles + 2 * 128 * count)
            short, long = (ingest_file(url, home, file, count) for file in (few, many))
            found[count].append(_rates(short, long, articles))
    names = ("articles_per_s", "processes_us", "server_us", "start_s")
    return [
        {"processes": count, **dict(zip(names, map(median, zip(*some, strict=True)), strict=True))}
        for count, some in found.items()
    ]


def _rates(few: Run, many: Run, articles: int) -> tuple[float, ...]:
    clock, processes, server = (long - short for long, short in zip(many, few, strict=True))
    return articles / clock, 1e6 * processes / articles, 1e6 * server / articles, few.clock
