"""A real crawl of hostile servers beside good ones, with its time and the memory of all its processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.hostileweb import BAD, HALF, Play, running
from storage.embedded import EmbeddedServer

_SAMPLE = 0.05


@dataclass(frozen=True, slots=True)
class Crawled:
    """What a crawl came to: its summary, seconds to its end and to the last request to a good outlet, peak megabytes.

    `reasons` are why feeds failed, by the name of the server; `articles` are all that were stored.
    """

    summary: dict[str, Any]
    seconds: float
    good_seconds: float
    peak_mb: float
    reasons: dict[str, str]
    articles: int
    stderr: str


def crawl(
    goods: int, plays: dict[str, Play] | None = None, *, timeout: float = 3.0, handler: str = "aiohttp"
) -> Crawled:
    """Crawl so many good outlets and every hostile one, each request given up after `timeout` seconds."""
    plays = {**BAD, **HALF} if plays is None else plays
    with tempfile.TemporaryDirectory(prefix="nf") as folder, running(goods, plays) as web:
        home = Path(folder)
        feeds = home / "feeds.txt"
        feeds.write_text("\n".join(web.feeds.values()))
        env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("NEWSFOLD_")},
            "NEWSFOLD_HOME": folder, "NEWSFOLD_CRAWL_DELAY": "0", "NEWSFOLD_CRAWL_TIMEOUT": str(timeout),
            "NEWSFOLD_CRAWL_HANDLER": handler,
        }  # fmt: skip
        EmbeddedServer(home).ensure()  # started by the crawl it would count as the crawl's
        try:
            started = time.monotonic()
            done, peak = _measured(
                [sys.executable, "-m", "newsfold", "crawl", "--feeds", str(feeds), "--json"], env
            )
            ended = time.monotonic()
            stats = subprocess.run(
                [sys.executable, "-m", "newsfold", "stats", "--json"],
                env=env,
                capture_output=True,
                check=True,
            )
        finally:
            EmbeddedServer(home).stop()
        summary = json.loads(done.stdout) if done.stdout.strip() else {}
        names = {url: name for name, url in web.feeds.items()}
        reasons = {names[row["url"]]: row["reason"] for row in summary.get("failures", ())}
        return Crawled(
            summary, ended - started, web.last - started, peak / 1e6, reasons,
            int(json.loads(stats.stdout)["articles"]), done.stderr,
        )  # fmt: skip


def _measured(words: list[str], env: dict[str, str]) -> tuple[subprocess.CompletedProcess[str], int]:
    """A process run to its end, and the most memory that it and its children held at one time, in bytes."""
    process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peaks = [0]

    def watch() -> None:
        while process.poll() is None:
            peaks[0] = max(peaks[0], sum(map(_resident, _tree(process.pid))))
            time.sleep(_SAMPLE)

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, err = process.communicate()
    watcher.join()
    return subprocess.CompletedProcess(words, process.returncode, out, err), peaks[0]


def _tree(root: int) -> Iterator[int]:
    yield root
    try:
        tasks = [path.name for path in Path(f"/proc/{root}/task").iterdir()]
        children = [Path(f"/proc/{root}/task/{task}/children").read_text().split() for task in tasks]
    except OSError:
        return
    for found in children:
        for child in found:
            yield from _tree(int(child))


def _resident(process: int) -> int:
    """The process's own share of memory: what it shares with others counts once (PSS)."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
