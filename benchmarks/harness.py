"""What benchmarks share: the data folder, one core, alternating rounds, tables and JSON."""

from __future__ import annotations

import gzip
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

DATA = Path(os.environ.get("NEWSFOLD_DATA") or Path(__file__).parents[1] / "../shared/data")


def load(path: Path) -> list[dict[str, Any]]:
    """The objects of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def pin() -> int | None:
    """Keep this process on one core, the last it may use; None where the system cannot."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cpu": _cpu_model() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def seconds(task: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def alternate(tasks: Mapping[str, Callable[[], object]], rounds: int = 5) -> dict[str, float]:
    """The median seconds of each task over rounds in which every task has its turn.

    So what slows the machine for a while slows all of them; a first round is not counted.
    """
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(rounds + 1):
        for name, task in tasks.items():
            spent = seconds(task)
            if turn:
                taken[name].append(spent)
    return {name: median(times) for name, times in taken.items()}


def percentile(values: Sequence[float], share: float) -> float:
    """The value below or at which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table: the first `left` columns to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "| " + " | ".join(padded).rstrip() + " |"

    rule = ["-" * width for width in widths[:left]] + ["-" * (width - 1) + ":" for width in widths[left:]]
    return "\n".join(map(line, [heads, rule, *rows]))


def print_json(found: Mapping[str, Any]) -> None:
    """One object, for machines."""
    print(json.dumps(found, indent=2, ensure_ascii=False))
