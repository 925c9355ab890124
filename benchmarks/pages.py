"""How well and how fast pages are read, beside trafilatura, newspaper4k and readability-lxml.

    python -m benchmarks.pages [--quick] [--json] [--verbose]

Reads the recorded pages under NEWSFOLD_DATA (default ../shared/data) and skips without them. All systems read the
same pages in the same run: body, title and date against gold (`page_score`), headlines said again and furniture
(`page_judge`), the kinds that pages are told to be (all of these are articles), and pages a second of two processes
(`page_speed`). What was not measured, for want of a peer or of cores, is said to be so and has no figure.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.harness import DATA, machine, print_json
from benchmarks.page_data import gold_rows, page_bytes, served
from benchmarks.page_judge import (
    Finding,
    Side,
    Verdict,
    furniture,
    kept_beyond,
    kept_headlines,
    lines,
    owed_headlines,
    set_apart,
    side,
)
from benchmarks.page_report import PAGE_KINDS, report, targets
from benchmarks.page_score import Score, mark, score
from benchmarks.page_speed import race
from benchmarks.page_systems import (
    BLOCKS,
    OURS,
    PRECISE,
    READABILITY,
    Ours,
    Reading,
    attempt,
    missing,
    peers,
    read_ours,
    versions,
)

__all__ = ["DATA", "gold_rows", "main", "measure", "page_bytes"]

QUICK_STEP, QUICK_ROUNDS, ROUNDS = 16, 3, 5
Row = dict[str, Any]


def read_all(rows: Sequence[Row]) -> tuple[list[Ours], dict[str, list[Reading]]]:
    """This project's readings, and every system's."""
    others = peers()
    ours: list[Ours] = []
    readings: dict[str, list[Reading]] = {name: [] for name in (OURS, BLOCKS, *others)}
    for row in rows:
        page = served(row)
        ours.append(read_ours(page))
        readings[OURS].append(ours[-1].cleaned)
        readings[BLOCKS].append(ours[-1].uncleaned)
        for name, read in others.items():
            readings[name].append(attempt(read, page))
    return ours, readings


def bodies(rows: Sequence[Row], readings: dict[str, list[Reading]]) -> list[Score]:
    """Every system on every set."""
    scores = []
    for name, found in readings.items():
        dated = name not in (BLOCKS, PRECISE, READABILITY)
        for pages_from in dict.fromkeys(str(row["source"]) for row in rows):
            pairs = zip(rows, found, strict=True)
            marks = [mark(got, row, dated=dated) for row, got in pairs if row["source"] == pages_from]
            scores.append(score(name, pages_from, marks))
    return scores


def headlines(rows: Sequence[Row], sides: Sequence[Side], readings: dict[str, list[Reading]]) -> Row:
    """Headlines that stay a second time, on the pages known to print them so, and beside them the peers'."""
    marked = [number for number, row in enumerate(rows) if row["headline_repeats"]]
    kept = {number: kept_headlines(sides[number]) for number in marked}
    beside = {
        name: sum(_keeps(sides[number], found[number].text) for number in marked)
        for name, found in readings.items()
        if name != OURS
    }
    owed = [owed_headlines(page) for page in sides]
    return {
        "pages": len(marked),
        "headline_unknown": sum(not sides[number].headline for number in marked),
        "keep_it": {OURS: sum(map(bool, kept.values())), **beside},
        "kept": _listed(kept.values()),
        "in_gold_text": sum(verdict.lines for verdict in owed),
        "missing_from_text": _listed(verdict.wrong for verdict in owed),
        "set_apart_as_headline": _apart([set_apart(page, "headline") for page in sides]),
        "set_apart_as_paragraph": _apart([set_apart(page, "paragraph") for page in sides]),
    }


def _keeps(page: Side, text: str) -> bool:
    return bool(kept_beyond(page.headline, lines(text), page.gold))


def _apart(verdicts: Sequence[Verdict]) -> Row:
    count, wrong = sum(verdict.lines for verdict in verdicts), _listed(v.wrong for v in verdicts)
    return {
        "segments": count,
        "right": 1 - len(wrong) / count if count else None,
        "pages_with_wrong": sum(bool(verdict.wrong) for verdict in verdicts),
        "wrong": wrong,
    }


def losses(sides: Sequence[Side]) -> Row:
    """Pages on which furniture took a paragraph of the gold text."""
    verdicts = [furniture(page) for page in sides]
    hit = sum(bool(verdict.wrong) for verdict in verdicts)
    return {
        "pages": len(sides),
        "segments": sum(verdict.lines for verdict in verdicts),
        "pages_with_loss": hit,
        "share": hit / len(sides),
        "lost": _listed(verdict.wrong for verdict in verdicts),
    }


def _listed(findings: Any) -> list[Row]:
    found: list[Finding] = [finding for some in findings for finding in some]
    return [asdict(finding) for finding in found]


def kinds(rows: Sequence[Row], ours: Sequence[Ours]) -> Row:
    """Pages told to be something else than articles, which all of them are; the files of each kind."""
    told: dict[str, list[str]] = {kind: [] for kind in PAGE_KINDS if kind != "article"}
    for row, reading in zip(rows, ours, strict=True):
        if reading.page.kind != "article":
            told[reading.page.kind].append(row["file"])
    return {"pages": len(rows), "told_otherwise": sum(map(len, told.values())), "files": told}


def measure(rows: Sequence[Row], rounds: int) -> Row:
    """Everything, as one object."""
    ours, readings = read_all(rows)
    sides = [side(reading, row) for reading, row in zip(ours, rows, strict=True)]
    found = {
        "machine": machine(),
        "versions": versions(readings),
        "not_installed": missing(),
        "pages": len(rows),
        "rounds": rounds,
        "body": [asdict(line) for line in bodies(rows, readings)],
        "headlines": headlines(rows, sides, readings),
        "furniture": losses(sides),
        "kinds": kinds(rows, ours),
        "speed": race(rows, rounds),
    }
    return {**found, "targets": targets(found)}


def main(arguments: list[str] | None = None) -> int:
    """Print the tables, or JSON; 0 also where the data is missing, with a sentence saying so."""
    parser = argparse.ArgumentParser(prog="benchmarks.pages", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help=f"every {QUICK_STEP}th page, fewer rounds")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--verbose", action="store_true", help="list every line that was judged wrong")
    options = parser.parse_args(arguments)
    rows = gold_rows()[:: QUICK_STEP if options.quick else 1]
    if not rows:
        print(f"skipped: no pages/gold.jsonl under {DATA} (set NEWSFOLD_DATA)", file=sys.stderr)
        return 0
    warnings.simplefilter("ignore")  # a peer's own, on wild dates
    found = measure(rows, QUICK_ROUNDS if options.quick else ROUNDS)
    if options.json:
        print_json(found)
    else:
        print(report(found, verbose=options.verbose))
    return 0


if __name__ == "__main__":
    sys.exit(main())
