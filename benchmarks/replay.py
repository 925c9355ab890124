"""Labelled rows through what `newsfold ingest` runs and what `newsfold export` reads, under the default configuration."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from dedup.model import Placement
from dedup.thresholds import MinHashConfig
from pipelines.desk import Desk, DeskOptions
from pipelines.ingest import ingest, read_rows
from pipelines.placing import Rules
from storage.connect import connect
from storage.reader import Reader
from storage.views import ArticleView

Row = dict[str, Any]
_START_SECONDS, _WORK_SECONDS = 60.0, 1_800.0


def encoded(rows: Iterable[Row]) -> list[bytes]:
    """The lines of a file for `newsfold ingest`."""
    return [json.dumps(row).encode() for row in rows]


def take_in(
    desk: Desk, lines: Iterable[bytes], done: Callable[[list[Placement]], None] = lambda _: None
) -> None:
    """Ingest lines in their order; `done` hears of each batch. A bad line ends the program."""
    pages = (row.page for row in read_rows(lines, lambda number, why: sys.exit(f"line {number}: {why}")))
    ingest(desk, pages, lambda: datetime.now(UTC), done)


def told(home: Path, rows: Sequence[Row], workers: int = 1, seed: str = "") -> list[ArticleView]:
    """Every article as stored after one pass on the emptied server of `home`.

    Each pass has a desk of its own, so nothing that a process remembers goes from one to the next, and a new seed of the
    hashes where none is given. Several workers are processes that start at once, each on every nth row.
    """
    options = DeskOptions(home=home, rules=Rules(minhash=MinHashConfig(secret=seed)))
    with closing(connect(None, home)) as client:
        client.flushall()
        _pass(options, rows, workers)
        return list(Reader(client).all_articles())


def _pass(options: DeskOptions, rows: Sequence[Row], workers: int) -> None:
    if workers == 1:
        take_in(Desk(options), encoded(rows))
        return
    context = get_context("spawn")
    barrier = context.Barrier(workers)
    running = [
        context.Process(target=_work, args=(options, rows[part::workers], barrier), daemon=True)
        for part in range(workers)
    ]
    for process in running:
        process.start()
    for process in running:
        process.join(_WORK_SECONDS)
    if any(process.exitcode != 0 for process in running):
        for process in running:
            process.kill()
        raise RuntimeError(f"workers ended with {[process.exitcode for process in running]}")


def _work(options: DeskOptions, rows: Sequence[Row], barrier: Barrier) -> None:
    """One worker: make everything ready, wait for the others, ingest."""
    desk, lines = Desk(options), encoded(rows)
    barrier.wait(_START_SECONDS)
    take_in(desk, lines)
