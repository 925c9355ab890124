"""The labelled sets of events in the orders that are measured, and what is asked of each."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from benchmarks.harness import DATA, load

Row = dict[str, Any]
SEED = 7
SAMPLES, SAMPLE_STORIES, FIRST_STORIES, QUICK_STORIES = (1, 2, 3), 307, 1_000, 120
FOLDER = DATA / "events"
NAMES = ("allsides_dev", "allsides_dated_dev", "ecbplus_dev")


@dataclass(frozen=True, slots=True)
class StorySet:
    """A set in one order, or several samples whose scores are averaged; `quick` says that it is soon done."""

    name: str
    streams: Callable[[], list[list[Row]]]
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of a figure of a set (a field of `partition.Scores`)."""

    set: str
    figure: str
    least: float


@cache
def rows_of(name: str) -> tuple[Row, ...]:
    """The articles of a set in the order of its file."""
    return tuple(load(FOLDER / f"{name}.jsonl.gz"))


def available() -> bool:
    """Whether all sets are there."""
    return all((FOLDER / f"{name}.jsonl.gz").exists() for name in NAMES)


def shuffled(rows: Sequence[Row], seed: int = SEED) -> list[Row]:
    """The rows in an order of their own for each seed."""
    return random.Random(seed).sample(list(rows), len(rows))


def first_stories(rows: Sequence[Row], most: int) -> list[Row]:
    """The articles of the first stories, in their order."""
    kept = set(list(dict.fromkeys(row["story"] for row in rows))[:most])
    return [row for row in rows if row["story"] in kept]


def sample_stories(rows: Sequence[Row], count: int, seed: int) -> list[Row]:
    """The articles of stories drawn at random, in an order as random, both by the seed."""
    names = list(dict.fromkeys(row["story"] for row in rows))
    kept = set(random.Random(seed).sample(names, min(count, len(names))))
    return shuffled([row for row in rows if row["story"] in kept], seed)


def dated(rows: Sequence[Row]) -> list[Row]:
    """The rows as a stream; of one moment in the order of the file."""
    return sorted(rows, key=lambda row: datetime.fromisoformat(row["published"]))


ALL, FIRST, SAMPLE = "AllSides, all, shuffled", "AllSides, first 1,000 stories", "AllSides, 3 × 307 stories"
DATED, ECB, ECB_SHUFFLED = "AllSides dated, as a stream", "ECB+, file order", "ECB+, shuffled"
QUICK = "AllSides, first 120 stories"
SETS = (
    StorySet(ALL, lambda: [shuffled(rows_of("allsides_dev"))]),
    StorySet(FIRST, lambda: [shuffled(first_stories(rows_of("allsides_dev"), FIRST_STORIES))]),
    StorySet(
        SAMPLE, lambda: [sample_stories(rows_of("allsides_dev"), SAMPLE_STORIES, seed) for seed in SAMPLES]
    ),
    StorySet(DATED, lambda: [dated(rows_of("allsides_dated_dev"))], quick=True),
    StorySet(ECB, lambda: [list(rows_of("ecbplus_dev"))], quick=True),
    StorySet(ECB_SHUFFLED, lambda: [shuffled(rows_of("ecbplus_dev"))]),
)
TARGETS = (
    Target(ALL, "bcubed_f1", 0.78),
    Target(SAMPLE, "bcubed_f1", 0.85),
    Target(DATED, "bcubed_f1", 0.90),
    Target(DATED, "pair_f1", 0.72),
    Target(ECB, "bcubed_f1", 0.90),
    Target(ECB, "pair_f1", 0.86),
    Target(ECB_SHUFFLED, "bcubed_f1", 0.90),
    Target(ECB_SHUFFLED, "pair_f1", 0.86),
)
