"""How far it goes: articles a second by workers, ingesting by processes, memory by kind of key, and what follows from it.

`python -m benchmarks.scale [--quick] [--json] [--cluster] [--redis URL]`. A server is filled with newswire (the copies that
`benchmarks.stories` uses) by `newsfold ingest`; then 1, 2 and 4 workers place further articles, and `newsfold ingest` reads
files in 1, 2 and 3 processes. Processor time an article is given beside every rate: on few cores more workers cannot be faster,
but what an article costs stays what it is, and the projection is made of that. `--cluster` measures the workers on a
three-node cluster as well, `--redis` on a server that is running already, which it empties.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cluster import running_cluster
from benchmarks.harness import DATA, load, machine, print_json
from benchmarks.replay import Row
from benchmarks.scale_ingest import ingest_file, ingest_rates, written
from benchmarks.scale_memory import memory_by_kind
from benchmarks.scale_report import report
from benchmarks.scale_workers import worker_rates
from benchmarks.story_speed import Copies, dated
from storage.cluster import servers_of
from storage.connect import connect
from storage.embedded import EmbeddedServer
from storage.memory import memory_of

WIRE = DATA / "wire" / "reuters21578.jsonl.gz"
WORKERS, PROCESSES = (1, 2, 4), (1, 2, 3)
ACTIVE, ROUNDS, WORKER_ARTICLES = 100_000, 3, 3_072
# Its ratios are within a few hundredths of what is asked: three rounds gave 78 to 86 % of one state.
INGEST_ROUNDS, INGEST_ARTICLES = 5, 5_120
QUICK_ACTIVE, QUICK_ROUNDS, QUICK_WORKER_ARTICLES, QUICK_INGEST_ARTICLES = 2_000, 1, 512, 512


class Stage:
    """A folder for files, and articles without end: those that fill, and those that are measured."""

    def __init__(self, folder: Path, rows: Sequence[Row], active: int) -> None:
        self.folder, self.active = folder, active
        copies = Copies(rows)
        self.fresh = copies.fresh()
        self._filling = written(
            folder / "filling.jsonl", dated(copies.filling(), active, datetime.now(UTC)), active
        )

    def fill(self, url: str | None, home: Path) -> dict[str, float]:
        """Empty a Redis and fill it; the bytes that an article takes there."""
        with closing(connect(url, home)) as client:
            for server in servers_of(client):
                server.flushall()
            empty = memory_of(client).used
            _say(f"filling it with {self.active:,} articles")
            ingest_file(url, home, self._filling, os.cpu_count() or 1)
            return {"articles": self.active, "article_bytes": (memory_of(client).used - empty) / self.active}


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Everything that the command line asks for."""
    quick = options.quick
    stage = Stage(folder, load(WIRE), QUICK_ACTIVE if quick else ACTIVE)
    home = folder / "home"
    found: dict[str, Any] = {"machine": machine(), "memory": stage.fill(options.redis, home)}
    with closing(connect(options.redis, home)) as client:
        found["memory"]["kinds"] = memory_by_kind(client)
    _say("measuring")
    found["workers"] = {"one Redis": workers_on(options.redis, home, stage.fresh, quick=quick)}
    rounds, articles = (QUICK_ROUNDS, QUICK_INGEST_ARTICLES) if quick else (INGEST_ROUNDS, INGEST_ARTICLES)
    found["ingest"] = ingest_rates(options.redis, home, stage.fresh, PROCESSES, rounds, articles)
    if options.cluster:
        with running_cluster(replicas=0) as started:
            stage.fill(started.url, home)
            found["workers"]["a cluster of three"] = workers_on(started.url, home, stage.fresh, quick=quick)
    _say("measured")
    return found


def workers_on(
    url: str | None, home: Path, fresh: Iterator[Row], *, quick: bool = False
) -> list[dict[str, float]]:
    """What 1, 2 and 4 workers do on the Redis of a URL (None: the private one of `home`), which is filled already."""
    rounds, articles = (QUICK_ROUNDS, QUICK_WORKER_ARTICLES) if quick else (ROUNDS, WORKER_ARTICLES)
    return worker_rates(url, home, fresh, WORKERS, rounds, articles)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a small index and few articles, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--cluster", action="store_true", help="the workers on a three-node cluster as well")
    parser.add_argument("--redis", metavar="URL", help="measure this Redis, which is emptied")
    return parser.parse_args()


def main() -> None:
    """Run from the command line."""
    options = parsed()
    if not WIRE.exists():
        print(f"the newswire of {DATA / 'wire'} is not there: nothing was measured", file=sys.stderr)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped: nothing is reported"))
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = measure(options, Path(folder))
        finally:
            EmbeddedServer(Path(folder) / "home").stop()
    if options.json:
        print_json(found)
    else:
        print(report(found))


if __name__ == "__main__":
    main()
