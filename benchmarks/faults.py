"""Faults, for real: workers and servers killed, a Redis that is away or refuses, signals; what is lost, and for how long.

python -m benchmarks.faults [--quick] [--json] [--write] [--kills N] [--part kills|troubles|signals]
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.harness import print_json, table
from benchmarks.kills import Reference, Tally, kill_at, kill_at_random, kill_server, moments, reference
from benchmarks.reliability import write_section
from benchmarks.scene import Scene, as_lines, scene
from benchmarks.signalled import crawl_signalled, ingest_signalled
from benchmarks.troubles import CASES, crawl_through
from benchmarks.watching import outcome

_PARTS = ("kills", "troubles", "signals")


def main() -> None:
    """Try what the command line asks for, and say what came of it; exit code 1 where anything was lost."""
    options = _options()
    with scene() as stage:
        right = reference(stage, 2 if options.quick else 5)
        found: dict[str, Any] = {"calls": right.calls, "likeness": right.likeness}
        for part in options.part or _PARTS:
            found[part] = _MEASURE[part](stage, right, options)
    losses = [loss for part in _PARTS for row in found.get(part, ()) for loss in row["losses"]]
    if options.json:
        print_json(found)
    else:
        print(_report(found))
        print(*losses, sep="\n")
    if options.write and not losses:
        for part in options.part or _PARTS:
            _write(part, found)
    sys.exit(1 if losses else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few of each, in less than a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--write", action="store_true", help="replace the sections in docs/reliability.md")
    parser.add_argument("--kills", type=int, default=100, help="how many moments are tried of each kind")
    parser.add_argument("--part", action="append", choices=_PARTS, help="only this (may be given again)")
    return parser.parse_args()


def _kills(stage: Scene, right: Reference, options: argparse.Namespace) -> list[dict[str, Any]]:
    count = 2 if options.quick else options.kills
    tallies: dict[str, Tally] = {
        "worker, before a call to Redis": kill_at(stage, right, moments(right.calls, count)),
        "worker, at a random time": kill_at_random(stage, right, count),
        "embedded server, at a random time": kill_server(stage, right, max(1, count // 10)),
    }
    return [{"name": name, **asdict(tally)} for name, tally in tallies.items()]


def _troubles(stage: Scene, right: Reference, options: argparse.Namespace) -> list[dict[str, Any]]:
    lasting = 1.5 if options.quick else 30.0
    rows = []
    for case in CASES:
        if case.passes:
            rows.append(crawl_through(stage, right, case, lasting))
        if not (options.quick and case.name == "silent"):
            rows.append(crawl_through(stage, right, case, None, wait=1 if options.quick else 5))
        if options.quick and len(rows) > 4:
            break
    return [asdict(row) for row in rows]


def _signals(stage: Scene, right: Reference, options: argparse.Namespace) -> list[dict[str, Any]]:
    stage.client.flushall()
    stage.run("crawl")
    with tempfile.TemporaryDirectory() as folder:
        file = as_lines(stage.client, Path(folder) / "articles.jsonl")
        stage.client.flushall()
        stage.run("ingest", str(file))
        ingested = outcome(stage.client)
        rows = [
            crawl_signalled(stage, right, [signal.SIGTERM]),
            ingest_signalled(stage, file, ingested, signal.SIGTERM),
        ]
        if not options.quick:
            rows += [
                crawl_signalled(stage, right, [signal.SIGINT]),
                crawl_signalled(stage, right, [signal.SIGTERM, signal.SIGTERM]),
                crawl_signalled(stage, right, [signal.SIGTERM], away=True),
                ingest_signalled(stage, file, ingested, signal.SIGINT),
            ]
    return [asdict(row) for row in rows]


_MEASURE = {"kills": _kills, "troubles": _troubles, "signals": _signals}
_TITLES = {
    "kills": "Killed workers and servers",
    "troubles": "A Redis in trouble in mid-crawl",
    "signals": "Told to end",
}


def _report(found: dict[str, Any]) -> str:
    return "\n\n".join(_section(part, found) for part in _PARTS if part in found)


def _section(part: str, found: dict[str, Any]) -> str:
    rows: Iterable[dict[str, Any]] = found[part]
    heads: tuple[str, ...]
    if part == "kills":
        heads = (
            "killed with SIGKILL",
            "kills",
            "hit a crawl",
            "lost or wrong",
            "same stories",
            "least like",
            "looks",
            "s",
        )
        cells = [
            [
                r["name"], r["kills"], r["kills"] - r["late"], len(r["losses"]), r["same_stories"],
                f"{r['least_likeness']:.3f}", r["looks"], round(r["seconds"]),
            ]
            for r in rows
        ]  # fmt: skip
        text = (
            f"A crawl of the demo newsroom makes {found['calls']} calls to Redis or more. Each kill began with an empty "
            "server and was followed by one clean crawl; articles, groups, stories and what each feed knows were then "
            "compared with crawls that nobody killed, while a reader looked at every story, group and article all along. "
            "Articles, groups and feeds must be equal. Stories depend on the order of arrival, which a kill changes: "
            f"two orders of these articles have a likeness (F1 of pairs) of {found['likeness']:.3f} at least, and no "
            "kill may leave less."
        )
    elif part == "troubles":
        heads = ("trouble", "lasted", "exit code", "seconds", "lost or wrong")
        cells = [[r["name"], r["lasted"], r["code"], f"{r['seconds']:.1f}", len(r["losses"])] for r in rows]
        text = "Each began in the middle of a crawl, when its first articles were stored; a clean crawl followed."
    else:
        heads = ("run and signal", "exit code", "seconds to its end", "lost or wrong")
        cells = [[r["name"], r["code"], f"{r['seconds']:.1f}", len(r["losses"])] for r in rows]
        text = "The crawls had minutes of work before them; each run was followed by a clean one."
    return f"{text}\n\n{table(heads, [[str(cell) for cell in row] for row in cells])}"


def _write(part: str, found: dict[str, Any]) -> None:
    command = f"python -m benchmarks.faults --part {part} --write"
    write_section(part, _TITLES[part], command, _section(part, found))


if __name__ == "__main__":
    main()
