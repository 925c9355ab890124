"""Hostile input: what a crawl of hostile servers costs, and what fuzzing tries and finds; written to docs/reliability.md.

    python -m benchmarks.hostile [--quick] [--json]

With `--quick` each target is fuzzed for five seconds and nothing is written. A figure that could not be measured (no
atheris: `make fuzz` sets it up) is said to be missing.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.harness import machine, print_json, table
from benchmarks.hostilecrawl import Crawled, crawl
from benchmarks.hostileweb import BAD, HALF

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- hostile input: begin -->", "<!-- hostile input: end -->"
FINDINGS = ROOT / "tests" / "data" / "fuzz"
GOOD = 8
TIMEOUT = 5.0
TARGETS = ("feed", "page", "lines")
PROPERTIES = (
    "tests/test_any_input.py",
    "tests/test_parse_feed.py",
    "tests/test_jsonfeed.py",
    "tests/test_urls.py",
)


def main() -> None:
    """Measure, print, and write the section of the document."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="under a minute; writes nothing")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    chosen = parser.parse_args()
    found = measure(quick=chosen.quick)
    if chosen.json:
        print_json(found)
    else:
        print(section(found))
    if not chosen.quick:
        write(section(found))


def measure(*, quick: bool) -> dict[str, Any]:
    """Every figure of the section."""
    crawls = {"good alone": crawl(GOOD, {}, timeout=TIMEOUT), "with the bad": crawl(GOOD, timeout=TIMEOUT)}
    if not quick:
        crawls["with the bad, Twisted"] = crawl(GOOD, timeout=TIMEOUT, handler="twisted")
    return {
        "machine": machine(),
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "timeout": TIMEOUT,
        "bad": len(BAD),
        "half": len(HALF),
        "crawls": {name: _figures(one) for name, one in crawls.items()},
        "reasons": _shortened(crawls["with the bad"].reasons),
        "kept": sum(path.is_file() for path in FINDINGS.rglob("*")),
        "fuzzing": {name: fuzz(name, 5 if quick else 60) for name in TARGETS} if _has_atheris() else {},
        "properties": {} if quick else properties(),
    }


def _figures(one: Crawled) -> dict[str, Any]:
    return {
        "seconds": round(one.seconds, 2), "good_seconds": round(one.good_seconds, 2), "peak_mb": round(one.peak_mb),
        "feeds_failed": one.summary["feeds_failed"], "articles": one.articles, "errors": len(one.summary["errors"]),
    }  # fmt: skip


def _shortened(reasons: dict[str, str]) -> dict[str, str]:
    """Why each failed, without its address."""
    return {name: re.sub(r"^http://[\d.:]+/feed:? ", "", reason) for name, reason in sorted(reasons.items())}


def _has_atheris() -> bool:
    return importlib.util.find_spec("atheris") is not None


def fuzz(name: str, seconds: int) -> dict[str, Any]:
    """One target fuzzed: inputs tried, seconds, peak megabytes, findings."""
    words = [sys.executable, "tests/fuzz/run.py", name, f"-max_total_time={seconds}"]
    start = time.perf_counter()
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    stats = dict(re.findall(r"stat::(\w+):\s+(\d+)", done.stderr))
    if "number_of_executed_units" not in stats:
        raise SystemExit(f"fuzzing {name} gave no figures:\n{done.stderr[-2_000:]}")
    return {
        "inputs": int(stats["number_of_executed_units"]), "seconds": round(taken, 1),
        "peak_mb": int(stats["peak_rss_mb"]), "slowest_seconds": int(stats["slowest_unit_time_sec"]),
        "findings": int(done.returncode != 0),
    }  # fmt: skip


def properties() -> dict[str, Any]:
    """The property tests, with the number of inputs that hypothesis says it made."""
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "not slow",
        "--hypothesis-show-statistics",
        *PROPERTIES,
    ]
    start = time.perf_counter()
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the property tests fail:\n{done.stdout[-2_000:]}")
    runs = re.findall(r"(\d+) passing, (\d+) failing, and (\d+) invalid test cases", done.stdout)
    if not runs:
        raise SystemExit("hypothesis gave no figures")
    inputs = sum(sum(map(int, run)) for run in runs)
    return {"runs": len(runs), "inputs": inputs, "seconds": round(time.perf_counter() - start, 1)}


def section(found: dict[str, Any]) -> str:
    """The section as Markdown, with the machine and the day."""
    where = found["machine"]
    crawls = table(
        ["crawl", "seconds", "last good page after", "peak MB, all processes", "feeds failed", "articles"],
        [
            [name, f"{one['seconds']:.1f}", f"{one['good_seconds']:.1f}", f"{one['peak_mb']:,}", str(one["feeds_failed"]), str(one["articles"])]
            for name, one in found["crawls"].items()
        ],
    )  # fmt: skip
    return "\n".join(
        [
            BEGIN,
            "## Hostile input",
            "",
            f"By `python -m benchmarks.hostile` on {found['day']}: {where['cores']} cores, {where['cpu']}, Python {where['python']}.",
            "",
            f"A real crawl of {GOOD} good outlets alone, and beside {found['bad']} hostile servers and {found['half']} good feeds whose robots.txt or",
            f"pages are bombs, each on a loopback address of its own; a request is given up after {found['timeout']:.0f} s (`crawl.timeout`).",
            "Bombs are a gigabyte unpacked.",
            "",
            crawls,
            "",
            "What became of each:",
            "",
            *(f"- {name}: {_plain(reason)}" for name, reason in found["reasons"].items()),
            "",
            *_fuzzed(found),
            END,
        ]
    )


def _plain(reason: str) -> str:
    return re.sub(r"([\\`*_<>|])", r"\\\1", reason if len(reason) < 120 else f"{reason[:118]}…")


def _fuzzed(found: dict[str, Any]) -> list[str]:
    if not found["fuzzing"]:
        return [
            "Coverage-guided fuzzing was not measured: atheris is not installed (`make fuzz` sets it up)."
        ]
    rows = [
        [name, f"{one['inputs']:,}", f"{one['seconds']:.0f}", f"{one['peak_mb']:,}", str(one["findings"])]
        for name, one in found["fuzzing"].items()
    ]
    lines = [
        "Coverage-guided fuzzing (`make fuzz`):",
        "",
        table(["target", "inputs tried", "seconds", "peak MB", "findings"], rows),
        "",
        f"Earlier findings, mended and kept as fixtures in tests/data/fuzz: {found['kept']}.",
        "",
    ]
    if made := found["properties"]:
        lines += [
            f"Property tests of parsers and codecs: {made['inputs']:,} inputs in {made['seconds']:.0f} s, none refused its promise.",
            "",
        ]
    return lines


def write(text: str) -> None:
    """Put the section into the document, in place of the one before."""
    old = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else "# Reliability\n"
    if BEGIN in old:
        new = old[: old.index(BEGIN)] + text + old[old.index(END) + len(END) :]
    else:
        new = f"{old.rstrip()}\n\n{text}\n"
    DOCUMENT.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
