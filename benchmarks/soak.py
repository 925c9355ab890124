"""A soak: the demo newsroom growing for minutes of compressed days with retention on; what grows, what stays, what is late.

python -m benchmarks.soak [--quick] [--json] [--write]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import sqrt
from pathlib import Path
from statistics import median
from typing import IO, Any

import redis

from benchmarks.growing import growing_newsroom
from benchmarks.harness import print_json, table
from benchmarks.reliability import write_section
from benchmarks.scene import ROOT
from storage.connect import connect
from storage.embedded import EmbeddedServer
from storage.keys import Keys
from storage.plain import from_iso, text_of

# What lasts: the schedule is the operator's, and what is pruned or capped has no end of its own.
LASTING = (
    "schema", "feeds", "feeds:", "feed:", "stories", "articles", "events", "pages:due", "clock", "websub:due",
)  # fmt: skip
# More than this from the second third of the time to the last is growth and not chance, where a third is ten days.
# What is there at a time goes up and down with the editions: over two days the medians differed by up to 12 %.
_GROWTH, _GROWTH_DAYS = 0.10, 10


@dataclass(slots=True)
class Samples:
    """What was seen twice a second: seconds since the begin, bytes and keys of Redis, and how late polls were.

    Of the worker: when a crawl ended, the bytes it had then, and how many articles it brought.
    """

    redis: list[tuple[float, int, int]] = field(default_factory=list)
    worker: list[tuple[float, int, int]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    crawls: int = 0
    polls: int = 0
    failed: int = 0
    articles: int = 0


def main() -> None:
    """Soak, and say what came of it; exit code 1 where something grew, stayed or was late."""
    options = _options()
    # A third of the time is whole days, or it would be another part of a day that is compared.
    found = soak(48.0, 8.0, 1.0) if options.quick else soak(options.seconds, 20.0, 5.0)
    print_json(found) if options.json else print(_report(found))
    if options.write and not found["losses"]:
        write_section(
            "soak", "A soak", " ".join(["python -m benchmarks.soak", *sys.argv[1:]]), _report(found)
        )
    sys.exit(1 if found["losses"] else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less than a minute")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long, without --quick")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--write", action="store_true", help="replace the section in docs/reliability.md")
    return parser.parse_args()


def soak(seconds: float, day: float, days: float) -> dict[str, Any]:
    """Crawl a growing newsroom for so long, with days of so many seconds and a retention in such days."""
    retention = int(day * days)
    samples = Samples()
    with tempfile.TemporaryDirectory(prefix="nf") as folder, growing_newsroom(day, int(days) + 1) as room:
        home, feeds = Path(folder) / "home", Path(folder) / "feeds.opml"
        feeds.write_text(room.opml(), encoding="utf-8")
        try:
            with connect(None, home) as client:
                words = [str(feeds), room.proxy, str(home), str(day), str(retention)]
                worker = subprocess.Popen(
                    [sys.executable, "-m", "benchmarks.soaking", *words],
                    cwd=ROOT,
                    stdout=subprocess.PIPE,
                    text=True,
                    start_new_session=True,  # each crawl is a process of its own, to be ended with it
                )
                begin = time.monotonic()
                assert worker.stdout is not None
                threading.Thread(target=_listen, args=(worker.stdout, samples, begin), daemon=True).start()
                _watch(client, samples, begin, seconds, worker)
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
                lasting = without_expiry(client)
        finally:
            EmbeddedServer(home).stop()
    return _found(samples, lasting, seconds, day, days)


def _listen(lines: IO[str], samples: Samples, begin: float) -> None:
    for line in lines:
        row = json.loads(line)
        samples.crawls += 1
        samples.polls += row["feeds_polled"]
        samples.failed += row["feeds_failed"]
        samples.articles += row["articles_new"]
        samples.worker.append((time.monotonic() - begin, row["resident"], row["articles_new"]))


def _watch(
    client: redis.Redis, samples: Samples, begin: float, seconds: float, worker: subprocess.Popen[str]
) -> None:
    """Twice a second: how much Redis holds, and the due time and the time of the last poll of every feed."""
    due: dict[str, tuple[float, str]] = {}
    while (now := time.monotonic() - begin) < seconds:
        if worker.poll() is not None:
            raise RuntimeError(f"the worker ended with {worker.returncode}")
        samples.redis.append((now, int(client.info("memory")["used_memory"]), client.dbsize()))
        for feed in map(text_of, client.hkeys(Keys().feeds)):
            following, polled = (text_of(v or b"") for v in client.hmget(Keys().feed(feed), "next", "polled"))
            before = due.get(feed)
            if before and before[1] and polled != before[1] and (moment := from_iso(polled)):
                samples.late.append(moment.timestamp() - before[0])
            if moment := from_iso(following):
                due[feed] = moment.timestamp(), polled
        time.sleep(0.5)


def without_expiry(client: redis.Redis) -> list[str]:
    """The keys that do not expire and should."""
    lasting = []
    for raw in client.scan_iter(match="newsfold:*", count=1_000):
        name = raw.decode().removeprefix("newsfold:")
        listed = any(name == one or (one.endswith(":") and name.startswith(one)) for one in LASTING)
        if client.ttl(raw) == -1 and not (listed and not name.endswith(":entries")):
            lasting.append(name)
    return sorted(lasting)


def _growth(rows: Sequence[tuple[float, ...]], seconds: float, column: int = 1) -> tuple[float, float, float]:
    """The medians of the second and the last third of the time, and by what share the one is above the other."""
    middle = median(row[column] for row in rows if seconds / 3 <= row[0] < 2 * seconds / 3)
    last = median(row[column] for row in rows if row[0] >= 2 * seconds / 3)
    return middle, last, last / middle - 1


def _patience(ends: Sequence[float], interval: float) -> float:
    """How late a poll may be: a feed that falls due as a crawl begins waits for the end of the next one.

    What is compared with this is of whole seconds.
    """
    return max([interval, *(after - before + 1 for before, after in zip(ends, ends[2:], strict=False))])


def _late(samples: Samples, interval: float, day: float) -> list[str]:
    """What was later than it had to be, on a machine as slow as this one is now."""
    ends = [row[0] for row in samples.worker]
    latest, patience = max(samples.late, default=float("inf")), _patience(ends, interval)
    slowest = max((after - before for before, after in pairwise(ends)), default=float("inf"))
    late = [f"a poll was {latest:.0f} s late, more than {patience:.1f} s"] * (latest > patience)
    return late + [f"a crawl took {slowest:.0f} s, more than a day"] * (slowest > day)


def _found(samples: Samples, lasting: list[str], seconds: float, day: float, days: float) -> dict[str, Any]:
    interval = day / 4
    grown = {
        # One that brought nothing has not loaded what reads a page: how many of them there were is chance.
        "worker": _growth([row for row in samples.worker if row[2]], seconds),
        "redis": _growth(samples.redis, seconds),
        "keys": _growth(samples.redis, seconds, 2),
    }
    latest = max(samples.late, default=float("inf"))
    chance = _GROWTH * sqrt(_GROWTH_DAYS / (seconds / day / 3))
    losses = [f"{name} grew by {by:.0%}" for name, (_, _, by) in grown.items() if by > chance]
    losses += [f"{key} does not expire" for key in lasting]
    losses += _late(samples, interval, day)
    losses += [f"{samples.failed} polls failed"] * bool(samples.failed)
    return {
        "seconds": seconds, "days": seconds / day,
        "day": day, "retention_days": days, "crawls": samples.crawls,
        "polls": samples.polls, "articles": samples.articles, "interval": interval, "latest": latest,
        "peak_worker": max(row[1] for row in samples.worker), "peak_redis": max(row[1] for row in samples.redis),
        **{name: {"middle": middle, "last": last, "growth": by} for name, (middle, last, by) in grown.items()},
        "lasting": lasting, "losses": losses,
    }  # fmt: skip


def _report(found: dict[str, Any]) -> str:
    megabytes = {
        name: [found[name]["middle"] / 1e6, found[name]["last"] / 1e6] for name in ("worker", "redis")
    }
    rows = [
        [f"memory of the {name}, MB", f"{middle:.1f}", f"{last:.1f}", f"{found[name]['growth']:+.1%}"]
        for name, (middle, last) in zip(("worker", "redis"), megabytes.values(), strict=True)
    ]
    keys = found["keys"]
    rows.append(["keys in Redis", f"{keys['middle']:.0f}", f"{keys['last']:.0f}", f"{keys['growth']:+.1%}"])
    text = (
        f"{found['seconds']:.0f} s, in which {found['days']:.1f} days of {found['day']:.0f} s went by with a retention of "
        f"{found['retention_days']:.1f} days: {found['crawls']} crawls of one worker, {found['polls']} polls, "
        f"{found['articles']} articles. Peak memory: worker {found['peak_worker'] / 1e6:.0f} MB, Redis "
        f"{found['peak_redis'] / 1e6:.1f} MB. The latest poll was {found['latest']:.0f} s after it was due, with an "
        f"interval of {found['interval']:.1f} s. Keys without an expiry that should have one: {len(found['lasting'])}."
    )
    body = table(("median over", "second third", "last third", "growth"), rows)
    losses = "".join(f"\n- {loss}" for loss in found["losses"])
    return f"{text}\n\n{body}{losses and chr(10) + losses}"


if __name__ == "__main__":
    main()
