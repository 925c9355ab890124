"""Feeds polled a second, beside the peers, in one run on one server of feeds (`benchmarks.feedserver`).

Every feed has 30 entries and a loopback address of its own. "All new": every feed has 30 entries that it had not
before; "three new": three of the thirty, as between two polls of a feed; in both every body is parsed and (by newsfold
and reader) what is new is stored. "Unchanged": every answer is a 304. A round gives every system its turn; figures are
medians of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

from benchmarks.feed_profile import profiled, shares, shares_table
from benchmarks.feedserver import publish, serving
from benchmarks.harness import machine, print_json, table

PORT = 18_080
CONCURRENCY = 32
SIZES, QUICK_SIZES = (2_000, 3, 100_000), (300, 1, 20_000)  # feeds, rounds, feeds of which none is due
# New entries of every feed; none is a round of 304.
KINDS = {"all new": 30, "three new": 3, "unchanged": 0}


class Newsfold:
    """The command as an operator runs it, each round a process of its own; its own figure of its seconds."""

    name = "newsfold"

    def __init__(self, urls: list[str], folder: Path) -> None:
        self.count, self.home = len(urls), folder / "newsfold"
        self.list = folder / "feeds.txt"
        self.list.write_text("\n".join(urls), encoding="utf-8")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("NEWSFOLD_")} | {
            "NEWSFOLD_HOME": str(self.home), "NEWSFOLD_CRAWL_DELAY": "0", "NEWSFOLD_CRAWL_CONCURRENCY": str(CONCURRENCY),
        }  # fmt: skip

    def poll(self, new: int) -> float:
        """One round; raises RuntimeError where it was not what it should be."""
        words = ("crawl", "--feeds", str(self.list), "--now", "--polls-only", "--json")
        found = json.loads(self.run(*words))
        unchanged = 0 if new else self.count
        if (found["feeds_polled"], found["feeds_unchanged"], found["feeds_failed"]) != (
            self.count,
            unchanged,
            0,
        ):
            raise RuntimeError(f"newsfold polled otherwise than it should have: {found}")
        self._forget_pages()
        return float(found["seconds"])

    def profile(self, folder: Path) -> dict[str, float]:
        """The shares of time of one round (see `benchmarks.feed_profile`)."""
        words = ("crawl", "--feeds", str(self.list), "--now", "--polls-only", "--json")
        profiled(words, self.env, folder / "profile")
        self._forget_pages()
        return shares(folder / "profile")

    def run(self, *words: str) -> str:
        """A command of newsfold's; its output."""
        done = subprocess.run(
            [sys.executable, "-m", "newsfold", *words],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def _forget_pages(self) -> None:
        """The queue of pages is for another run, which this benchmark has not."""
        from storage.connect import connect

        with connect(None, self.home) as client:
            client.delete("newsfold:pages:due")
            for key in client.scan_iter(match="newsfold:page:*", count=5_000):
                client.unlink(key)

    def close(self) -> None:
        self.run("redis", "stop")


class Aiohttp:
    """aiohttp with conditional requests and, where a body comes, what `read` makes of it; nothing is stored."""

    def __init__(self, urls: list[str], name: str, read: Callable[[bytes], object]) -> None:
        self.urls, self.name, self.read = urls, name, read
        self.etags: dict[str, str] = {}

    def poll(self, new: int) -> float:
        start = time.perf_counter()
        bodies = asyncio.run(self._all())
        if bodies != (len(self.urls) if new else 0):
            raise RuntimeError(f"{self.name} got {bodies} bodies of {len(self.urls)} feeds")
        return time.perf_counter() - start

    async def _all(self) -> int:
        gate = asyncio.Semaphore(CONCURRENCY)
        connector = aiohttp.TCPConnector(limit=CONCURRENCY)
        async with aiohttp.ClientSession(connector=connector) as session:
            return sum(await asyncio.gather(*(self._one(session, gate, url) for url in self.urls)))

    async def _one(self, session: aiohttp.ClientSession, gate: asyncio.Semaphore, url: str) -> bool:
        headers = {"If-None-Match": self.etags[url]} if url in self.etags else {}
        async with gate, session.get(url, headers=headers) as answer:
            if answer.status == 304:
                return False
            self.etags[url] = answer.headers["ETag"]
            self.read(await answer.read())
            return True

    def close(self) -> None: ...


class LemonReader:
    """lemon24/reader's update_feeds with as many workers as the others have requests under way."""

    name = "lemon24/reader"

    def __init__(self, urls: list[str], folder: Path) -> None:
        from reader import make_reader

        self.reader = make_reader(str(folder / "reader.sqlite"))
        self.count = len(urls)
        for url in urls:
            self.reader.add_feed(url)

    def poll(self, new: int) -> float:
        before = self.reader.get_entry_counts().total or 0
        start = time.perf_counter()
        self.reader.update_feeds(workers=CONCURRENCY, scheduled=False)
        spent = time.perf_counter() - start
        found = (self.reader.get_entry_counts().total or 0) - before
        if found != new * self.count:
            raise RuntimeError(f"reader found {found} new entries of {new * self.count}")
        return spent

    def close(self) -> None:
        self.reader.close()


@contextmanager
def systems(urls: list[str]) -> Iterator[dict[str, Any]]:
    """All that are compared; a peer that is not installed is left out, and the table says so."""
    import feedparser

    with tempfile.TemporaryDirectory(prefix="nfb") as name:
        folder = Path(name)
        found: list[Any] = [
            Newsfold(urls, folder),
            Aiohttp(urls, "aiohttp + feedparser", feedparser.parse),
            Aiohttp(urls, "aiohttp alone", len),
        ]
        try:
            found.append(LemonReader(urls, folder))
        except ImportError:
            print("reader is not installed (requirements-bench.txt)", file=sys.stderr)
        try:
            yield {system.name: system for system in found}
        finally:
            for system in found:
                system.close()


def measure(urls: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """Feeds a second of each system, changed and unchanged."""
    with systems(urls) as compared:
        taken: dict[str, dict[str, list[float]]] = {n: {kind: [] for kind in KINDS} for n in compared}
        for turn in range(rounds + 1):
            for kind, new in KINDS.items():
                publish(PORT, new)
                for name, system in compared.items():
                    spent = system.poll(new)
                    if turn:  # in the first round every system sees the feeds for the first time
                        taken[name][kind].append(spent)
    return {n: {k: round(len(urls) / median(v), 1) for k, v in kinds.items()} for n, kinds in taken.items()}


def profiles(urls: list[str]) -> dict[str, dict[str, float]]:
    """Where newsfold's time goes in each kind of round."""
    with tempfile.TemporaryDirectory(prefix="nfb") as name:
        subject = Newsfold(urls, Path(name))
        try:
            publish(PORT, 0)
            subject.poll(1)  # every feed is new
            found = {}
            for kind, new in KINDS.items():
                publish(PORT, new)
                found[kind] = subject.profile(Path(name))
        finally:
            subject.close()
    return found


def idle(feeds: int) -> dict[str, float]:
    """A schedule of many feeds of which none is due: seconds of a run and the most memory it took, in megabytes."""
    from datetime import UTC, datetime, timedelta

    from crawler.model import FeedSpec
    from storage.connect import connect
    from storage.keys import Keys
    from storage.queue import FeedQueue

    with tempfile.TemporaryDirectory(prefix="nfb") as name:
        env = {**os.environ, "NEWSFOLD_HOME": name}
        with connect(None, Path(name)) as client:
            queue = FeedQueue(client, Keys(), token="bench")
            specs = [FeedSpec(f"http://n{i}.example/feed.xml") for i in range(feeds)]
            queue.add_feeds(specs, datetime.now(UTC) + timedelta(hours=1))
            used = client.info("memory")["used_memory"] / feeds
        seconds, most = zip(*(_timed_crawl(env) for _ in range(3)), strict=True)
        subprocess.run(
            [sys.executable, "-m", "newsfold", "redis", "stop"], env=env, check=True, capture_output=True
        )
    return {"seconds": round(median(seconds), 2), "megabytes": max(most), "redis bytes a feed": round(used)}


# The command, and at its end the most memory that it had. Its parent would be told what the parent had when it began.
_MEASURED = """
import atexit, re, sys
from pathlib import Path
def tell(): print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1], file=sys.stderr)
atexit.register(tell)
from newsfold.cli import main
main()
"""


def _timed_crawl(env: Mapping[str, str]) -> tuple[float, float]:
    start = time.perf_counter()
    command = [sys.executable, "-c", _MEASURED, "crawl", "--json"]
    done = subprocess.run(command, env=dict(env), capture_output=True, text=True, check=False)
    spent = time.perf_counter() - start
    if done.returncode or json.loads(done.stdout)["feeds_polled"]:
        raise RuntimeError(f"a run that should have had nothing to do: {done.stdout}{done.stderr}")
    return spent, int(done.stderr.split()[-1]) / 1024


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer feeds, under a minute")
    parser.add_argument("--json", action="store_true", help="one object")
    parser.add_argument("--profile", action="store_true", help="where newsfold's time goes, and nothing else")
    chosen = parser.parse_args()
    count, rounds, scheduled = QUICK_SIZES if chosen.quick else SIZES
    if chosen.profile:
        with serving(count, PORT) as urls:
            where = profiles(urls)
        print_json({"feeds": count, "shares": where}) if chosen.json else print(shares_table(where))
        return
    with serving(count, PORT) as urls:
        rates = measure(urls, rounds)
    quiet = [{"feeds": feeds, **idle(feeds)} for feeds in (scheduled // 100, scheduled)]
    packages = ("scrapy", "aiohttp", "feedparser", "reader")
    versions = {name: importlib.metadata.version(name) for name in packages if _installed(name)}
    found = {"feeds": count, "rounds": rounds, "rates": rates, "idle": quiet}
    if chosen.json:
        print_json({**found, "machine": machine(), "versions": versions})
    else:
        _show(found, versions)


def _installed(name: str) -> bool:
    try:
        return bool(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return False


def _show(found: Mapping[str, Any], versions: Mapping[str, str]) -> None:
    rates = found["rates"]
    ours = rates["newsfold"]
    rows = [
        [
            name,
            *(cell for kind in KINDS for cell in (f"{r[kind]:,.0f}", f"× {ours[kind] / r[kind]:.2f}")),
        ]
        for name, r in rates.items()
    ]
    print(
        f"{found['feeds']:,} feeds of 30 entries, medians of {found['rounds']} rounds; {dict(versions)}; {machine()}\n"
    )
    print(table(["feeds/s", *(head for kind in KINDS for head in (kind, "ours is"))], rows))
    print()
    for quiet in found["idle"]:
        print(
            f"{quiet['feeds']:,} feeds on the schedule, none due: {quiet['seconds']} s a run, "
            f"{quiet['megabytes']:.0f} MB, {quiet['redis bytes a feed']} bytes a feed in Redis"
        )


if __name__ == "__main__":
    main()
