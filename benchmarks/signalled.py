"""SIGTERM and SIGINT in the middle of a crawl and of an ingest: how soon it ends, and what the next run finds."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kills import Reference
from benchmarks.scene import Scene, finish
from benchmarks.troubles import plain_client, proxied
from benchmarks.watching import Outcome, outcome
from storage.reader import Reader

# Between two requests to one host: so much is waiting when the signal comes that it cannot all be done.
_DELAY = "3"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run took signals: exit code, seconds from the first one, and what is wrong with what is stored in the end."""

    name: str
    code: int
    seconds: float
    losses: tuple[str, ...]


def crawl_signalled(
    scene: Scene, right: Reference, numbers: Sequence[signal.Signals], *, away: bool = False
) -> Ended:
    """A long crawl that gets these signals, a second apart; `away` while Redis is, too."""
    scene.client.flushall()
    with proxied(scene) as proxy:
        env = {"NEWSFOLD_REDIS_URL": proxy.url, "NEWSFOLD_CRAWL_DELAY": _DELAY}
        process, begin = scene.start("crawl", **env), time.monotonic()
        client = plain_client(scene)
        while not client.zcard("newsfold:articles") and process.poll() is None:
            time.sleep(0.01)
        if away:
            proxy.away()
            time.sleep(1)
        told = time.monotonic()
        for number in numbers:
            process.send_signal(number)
            time.sleep(1 if number != numbers[-1] else 0)
        done = finish(process, begin)
    seconds = begin + done.seconds - told
    losses = ["it showed a traceback"] if "Traceback" in done.err else []
    leased = client.zcard("newsfold:feeds:leased")
    if leased and not away:
        losses.append(f"{leased} feeds stayed leased")
    after = scene.fork("crawl")
    if after.code or right.losses(outcome(scene.client)):
        losses.append("a clean crawl did not bring all of it")
    name = " and ".join(number.name for number in numbers) + (" while Redis is away" if away else "")
    return Ended(f"crawl, {name}", done.code, seconds, tuple(losses))


def ingest_signalled(scene: Scene, file: Path, right: Outcome, number: signal.Signals) -> Ended:
    """An ingest from a pipe that stays open, so that it waits for input when the signal comes; then one of the file."""
    scene.client.flushall()
    with file.open("rb") as lines:
        head = [next(lines) for _ in range(3)]
    process = scene.start("ingest", "-")
    assert process.stdin is not None
    for line in head:
        process.stdin.write(line.decode())
    process.stdin.flush()
    time.sleep(2.5)
    told = time.monotonic()
    process.send_signal(number)
    process.wait(60)
    seconds, losses = time.monotonic() - told, []
    err = process.stderr.read() if process.stderr else ""
    process.stdin.close()
    if "Traceback" in err:
        losses.append("it showed a traceback")
    stored = sum(1 for _ in Reader(scene.client).all_articles())
    if stored != len(head):
        losses.append(f"{len(head)} lines were read and {stored} articles stored")
    after = scene.run("ingest", str(file))
    found = outcome(scene.client)
    if after.code or (found.articles, found.groups) != (right.articles, right.groups):
        losses.append("a second ingest did not bring all of it")
    return Ended(f"ingest, {number.name}", process.returncode, seconds, tuple(losses))
