"""Where the time of polling goes: one round of each kind under Python's profiler, by whose code it is spent in.

The profiler makes calls of Python functions dearer than they are, so that shares are rough. It does not see into the
compiled loop: its time, and that of the kernel and of waiting within it, is its callers'.
"""

from __future__ import annotations

import pstats
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.harness import table

# Whose a file is, by what its path has in it; the first that fits.
PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("parsing feeds (crawler/parse, lxml, feedparser)", ("/crawler/parse/", "lxml", "feedparser")),
    ("the loop: reading from sockets, waiting", ("/twisted/internet/asyncioreactor.py",)),
    ("connecting (loop and kernel)", ("/aiohappyeyeballs/",)),
    ("Scrapy and Twisted", ("/scrapy/", "/twisted/", "/itemadapter/", "/w3lib/", "/queuelib/", "/protego/")),
    (
        "HTTP (aiohttp, asyncio)",
        ("/aiohttp/", "/asyncio/", "/yarl/", "/multidict/"),
    ),
    ("Redis (redis-py, msgpack)", ("/redis/", "/msgpack/")),
    ("crawler (polling, scheduling)", ("/crawler/",)),
    ("storage", ("/storage/",)),
    (
        "starting (imports, patterns)",
        ("<frozen importlib", "/importlib/", "<frozen posixpath", "/re/_", "/inspect.py", "/scipy/"),
    ),
)
THREADS, PYTHON = "waiting for the other threads", "other code of Python's own library"
# Built-ins that wait; the time of others is that of the code that calls them.
_BUILT_IN = ((THREADS, ("'acquire' of '_thread.lock'", "'put' of '_queue.SimpleQueue'")),)


def profiled(words: Sequence[str], env: Mapping[str, str], into: Path) -> None:
    """Run a command of newsfold's under the profiler."""
    command = [sys.executable, "-m", "cProfile", "-o", str(into), "-m", "newsfold", *words]
    subprocess.run(command, env=dict(env), check=True, capture_output=True)


def shares(file: Path) -> dict[str, float]:
    """The share of a profile's time, in per cent, that is spent in each part's own functions."""
    spent: Counter[str] = Counter()
    for (path, _, name), (_, _, own, _, callers) in pstats.Stats(str(file)).stats.items():  # type: ignore[attr-defined]
        built_in = next((part for part, marks in _BUILT_IN if any(mark in name for mark in marks)), None)
        if path != "~":
            spent[_part(path)] += own
        elif built_in:
            spent[built_in] += own
        else:
            for (caller, _, _), (_, _, in_it, _) in callers.items():
                spent[_part(caller)] += in_it
    total = sum(spent.values())
    return {part: 100 * seconds / total for part, seconds in spent.items()}


def _part(path: str) -> str:
    return next((part for part, marks in PARTS if any(mark in path for mark in marks)), PYTHON)


def shares_table(found: Mapping[str, Mapping[str, float]]) -> str:
    """A column a kind of round, largest share of the first kind first."""
    first = next(iter(found.values()))
    parts = sorted({part for kind in found.values() for part in kind}, key=lambda p: -first.get(p, 0.0))
    rows = [[part, *(f"{kind.get(part, 0.0):.0f}%" for kind in found.values())] for part in parts]
    return table(["share of time in", *found], rows)
