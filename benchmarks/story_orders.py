"""How far the result depends on order: shuffles by one worker, and one file by one worker and by four."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from secrets import token_hex
from statistics import fmean
from typing import Any

from benchmarks.partition import score
from benchmarks.replay import Row, told
from benchmarks.story_sets import SEED, shuffled

SHUFFLES, WORKERS = 3, 4
# Of fewer articles one pass takes seconds, and the means of three differ by what is to be told apart: .952 and .966 of one state.
FEW, SHUFFLES_OF_FEW = 1_000, 9


def orders(
    home: Path, rows: Sequence[Row], shuffles: int | None = None, crowds: int | None = None
) -> dict[str, Any]:
    """Adjusted Rand index between results: of two shuffles, of one file twice, of one worker and four on one file.

    As many of the shuffled files go to four workers as `crowds` says, all of them where nothing is said. The seed of the hashes
    is one for all passes, another in each run: groups at the threshold differ by it.
    """
    shuffles = shuffles or (SHUFFLES_OF_FEW if len(rows) < FEW else SHUFFLES)
    files = [shuffled(rows, SEED + number) for number in range(shuffles)]
    ids = sorted(str(row["id"]) for row in rows)
    labels = {str(row["id"]): row["story"] for row in rows}
    truth = [labels[identity] for identity in ids]
    place = partial(_partition, home, ids, token_hex(16))
    one = [place(file, 1) for file in files]
    four = [place(file, WORKERS) for file in files[:crowds]]
    again = place(files[0], 1)
    between = [score(a, b).ari for a, b in combinations(one, 2)]
    beside = [score(a, b).ari for a, b in zip(one, four, strict=False)]
    return {
        "articles": len(rows),
        "shuffles": shuffles,
        "same_file_twice": score(one[0], again).ari,
        "two_shuffles": {"mean": fmean(between), "least": min(between)},
        "one_and_four_workers": {"mean": fmean(beside), "least": min(beside)},
        "bcubed_f1": {
            "one": fmean(score(found, truth).bcubed_f1 for found in one),
            "four": fmean(score(found, truth).bcubed_f1 for found in four),
        },
    }


def _partition(home: Path, ids: Sequence[str], seed: str, rows: Sequence[Row], workers: int) -> list[str]:
    """The story of each id."""
    found = {article.id: article.story for article in told(home, rows, workers, seed)}
    return [found[identity] for identity in ids]
