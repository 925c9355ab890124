"""Servers for measuring, and what a task costs them and the worker."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import redis

from benchmarks.harness import seconds
from storage.connect import connect
from storage.embedded import EmbeddedServer


class Cost(NamedTuple):
    """Microseconds a document: on the clock, and of processor time in the worker and in the server."""

    clock: float
    worker: float
    server: float


def cost(client: redis.Redis, documents: int, task: Callable[[], object]) -> Cost:
    """What a task costs; processor time says what it takes, however much else the machine has to do."""
    before = (_server_seconds(client), time.process_time())
    clock = seconds(task)
    worker = time.process_time() - before[1]
    return Cost(*(1e6 * s / documents for s in (clock, worker, _server_seconds(client) - before[0])))


def _server_seconds(client: redis.Redis) -> float:
    used = client.info("cpu")
    return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])


@contextmanager
def server() -> Iterator[redis.Redis]:
    """A server of its own, without an append-only file, for as long as it is used."""
    with tempfile.TemporaryDirectory() as home:
        try:
            with connect(None, Path(home)) as client:
                client.config_set("appendonly", "no")
                yield client
        finally:
            EmbeddedServer(Path(home)).stop()
