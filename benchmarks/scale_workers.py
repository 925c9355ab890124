"""What several workers place a second together on one Redis, and what an article costs them and it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from typing import NamedTuple

import redis

from benchmarks.replay import Row, encoded, take_in
from pipelines.desk import Desk, DeskOptions
from pipelines.ingest import BATCH
from storage.cluster import servers_of
from storage.connect import connect

_START_SECONDS, _WORK_SECONDS = 120.0, 1_800.0
_WARM = 2 * BATCH  # libraries are loaded and connections made before anything counts


class Round(NamedTuple):
    """One round: articles a second, and microseconds of processor time an article in all workers and in the server."""

    articles_per_s: float
    worker_us: float
    server_us: float


def worker_rates(
    url: str | None, home: Path, fresh: Iterator[Row], counts: Sequence[int], rounds: int, articles: int
) -> list[dict[str, float]]:
    """The medians of rounds in which every number of workers has its turn."""
    found: dict[int, list[Round]] = {count: [] for count in counts}
    for _ in range(rounds):
        for count in counts:
            found[count].append(one_round(url, home, fresh, count, articles))
    return [
        {"workers": count, **dict(zip(Round._fields, map(median, zip(*some, strict=True)), strict=True))}
        for count, some in found.items()
    ]


def one_round(url: str | None, home: Path, fresh: Iterator[Row], workers: int, articles: int) -> Round:
    """So many workers, each a process, place the next articles, every nth line each."""
    context = get_context("spawn")
    barrier = context.Barrier(workers + 1)
    lines = encoded(islice(fresh, articles + workers * _WARM))
    pipes = []
    for part in range(workers):
        ours, theirs = context.Pipe()
        given = (url, home, lines[part::workers], barrier, theirs)
        context.Process(target=_work, args=given, daemon=True).start()
        pipes.append(ours)
    barrier.wait(_START_SECONDS)
    with closing(connect(url, home)) as client:
        before, begin = server_seconds(client), time.perf_counter()
        barrier.wait(_START_SECONDS)
        spent = sum(_heard(pipe) for pipe in pipes)
        clock, server = time.perf_counter() - begin, server_seconds(client) - before
    return Round(articles / clock, 1e6 * spent / articles, 1e6 * server / articles)


def server_seconds(client: redis.Redis) -> float:
    """Processor time of a server, or of all masters of a cluster."""
    told = [dict(server.info("cpu")) for server in servers_of(client)]
    return sum(float(one["used_cpu_user"]) + float(one["used_cpu_sys"]) for one in told)


def _heard(pipe: Connection) -> float:
    if not pipe.poll(_WORK_SECONDS):
        raise RuntimeError("a worker does not end")
    try:
        seconds: float = pipe.recv()
    except EOFError:
        raise RuntimeError("a worker died") from None
    return seconds


def _work(url: str | None, home: Path, lines: list[bytes], barrier: Barrier, pipe: Connection) -> None:
    desk = Desk(DeskOptions(home=home, redis_url=url))
    take_in(desk, lines[:_WARM])
    barrier.wait(_START_SECONDS)  # all are warm
    barrier.wait(_START_SECONDS)  # go
    before = time.process_time()
    take_in(desk, lines[_WARM:])
    pipe.send(time.process_time() - before)
