"""Stories: quality beside plain methods, dependence on order, speed and memory.

`python -m benchmarks.stories [--quick] [--json] [--part quality|orders|speed]`. Labelled events go through what
`newsfold ingest` runs into a real server and come back by what `newsfold export` reads, one default configuration for
every set. Beside it in the same run: every article alone, connected components of datasketch's MinHashLSH (threshold 0.7),
and the online TF-IDF of `benchmarks.tfidf`.

`--news2013 FILE` and `--news-copy FILE [--pairs FILE]` measure published sets that you have (`benchmarks.published`).
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.harness import DATA, load, machine, print_json
from benchmarks.lsh import lsh_components
from benchmarks.partition import score
from benchmarks.published import BadSet, Published, news2013, news_copy
from benchmarks.replay import Row, told
from benchmarks.story_orders import orders
from benchmarks.story_report import report
from benchmarks.story_sets import (
    ECB,
    FIRST,
    FIRST_STORIES,
    QUICK,
    QUICK_STORIES,
    SETS,
    StorySet,
    available,
    first_stories,
    rows_of,
    shuffled,
)
from benchmarks.story_speed import memory, speed
from benchmarks.tfidf import Nearest, Text, online_tfidf
from storage.connect import connect
from storage.embedded import EmbeddedServer

WIRE = DATA / "wire" / "reuters21578.jsonl.gz"
OURS = "newsfold"
PARTS = ("quality", "orders", "speed")
ACTIVE, ROUNDS, ROUND_ARTICLES, ALONE, MEMORY_ARTICLES = 100_000, 5, 2_048, 100, 10_000
QUICK_ACTIVE, QUICK_ROUNDS, QUICK_ROUND_ARTICLES, QUICK_ALONE, QUICK_MEMORY = 1_500, 3, 256, 8, 500


def body(row: Row) -> str:
    """All words of a row."""
    return f"{row['title'] or ''} {row['text'] or ''}"


def tfidf(rows: Sequence[Row], nearest: Nearest) -> list[int]:
    """The baseline's clusters."""
    times = [
        datetime.fromisoformat(row["published"]).timestamp() if row.get("published") else None for row in rows
    ]
    return online_tfidf(
        [Text.of(row["title"] or "", row["text"] or "", time) for row, time in zip(rows, times, strict=True)],
        nearest,
    )


def partitions(home: Path, rows: Sequence[Row], level: str = "story") -> dict[str, Sequence[Any]]:
    """What each system makes of the rows, a label a row."""
    found = {article.id: getattr(article, level) for article in told(home, rows)}
    made: dict[str, Sequence[Any]] = {
        OURS: [found[str(row["id"])] for row in rows],
        "every article alone": range(len(rows)),
        "MinHashLSH, connected": lsh_components([body(row) for row in rows]),
    }
    if level == "story":
        made["online TF-IDF, centroids"] = tfidf(rows, "centroid")
        made["online TF-IDF, articles"] = tfidf(rows, "article")
    return made


def scores_of(made: Mapping[str, Sequence[Any]], labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """The scores of each system, and how many clusters it made."""
    return {
        name: {"clusters": len(set(found)), **asdict(score(found, labels))} for name, found in made.items()
    }


def quality(home: Path, sets: Sequence[StorySet]) -> dict[str, Any]:
    """Every system on every set; over several samples of one set the mean."""
    result = {}
    for chosen in sets:
        streams = chosen.streams()
        runs = [scores_of(partitions(home, rows), [row["story"] for row in rows]) for rows in streams]
        result[chosen.name] = {
            "articles": sum(map(len, streams)) / len(streams),
            "labels": sum(len({row["story"] for row in rows}) for rows in streams) / len(streams),
            "systems": {name: _mean([run[name] for run in runs]) for name in runs[0]},
        }
    return result


def _mean(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    return {figure: sum(run[figure] for run in runs) / len(runs) for figure in runs[0]}


def published(home: Path, name: str, given: Published, level: str) -> dict[str, Any]:
    """One published set, scored by language as its authors do where it has several."""
    made = partitions(home, given.rows, level)
    result: dict[str, Any] = {}
    for lang in sorted({row["lang"] for row in given.rows}):
        kept = [number for number, row in enumerate(given.rows) if row["lang"] == lang]
        labels = [given.labels[number] for number in kept]
        mine = {system: [found[number] for number in kept] for system, found in made.items()}
        result[f"{name}, {lang}"] = {
            "articles": len(kept),
            "labels": len(set(labels)),
            "left_out": 0 if result else given.left_out,
            "systems": scores_of(mine, labels),
        }
    return result


def quick_set() -> StorySet:
    """Few stories of AllSides, for a first look."""
    return StorySet(QUICK, lambda: [shuffled(first_stories(rows_of("allsides_dev"), QUICK_STORIES))])


def measure(options: argparse.Namespace, home: Path) -> dict[str, Any]:
    """The parts that were asked for, on the server of a folder of its own."""
    found: dict[str, Any] = {"quality": {}, "published": {}, "orders": {}, "speed": None, "memory": None}
    if options.news2013 or options.news_copy:
        found["published"] = _published(options, home)
    else:
        wanted = (options.part,) if options.part else PARTS
        if "quality" in wanted:
            found["quality"] = quality(home, _sets(options.quick))
        if "orders" in wanted:
            found["orders"] = _orders(home, options.quick)
        if "speed" in wanted:
            found |= _speed(home, options.quick)
    with closing(connect(None, home)) as client:
        server = client.info("server")
    version = server.get("valkey_version") or server["redis_version"]
    return found | {"quick": options.quick, "server": version, "machine": machine()}


def _published(options: argparse.Namespace, home: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if options.news2013:
        found |= published(home, "News2013", news2013(options.news2013), "story")
    if options.news_copy:
        given = news_copy(options.news_copy, options.pairs)
        found |= published(home, "NEWS-COPY, groups", given, "group")
    return found


def _sets(quick: bool) -> Sequence[StorySet]:
    return (quick_set(), *(one for one in SETS if one.quick)) if quick else SETS


def _orders(home: Path, quick: bool) -> dict[str, Any]:
    if quick:
        return {QUICK: orders(home, quick_set().streams()[0], shuffles=2, crowds=1)}
    first = first_stories(rows_of("allsides_dev"), FIRST_STORIES)
    return {FIRST: orders(home, first), ECB.partition(",")[0]: orders(home, rows_of("ecbplus_dev"))}


def _speed(home: Path, quick: bool) -> dict[str, Any]:
    if not WIRE.exists():
        return {}
    rows = load(WIRE)
    if quick:
        return {
            "memory": memory(home, rows, QUICK_MEMORY),
            "speed": speed(home, rows, QUICK_ACTIVE, QUICK_ROUNDS, QUICK_ROUND_ARTICLES, QUICK_ALONE),
        }
    return {
        "memory": memory(home, rows, MEMORY_ARTICLES),
        "speed": speed(home, rows, ACTIVE, ROUNDS, ROUND_ARTICLES, ALONE),
    }


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sets and a small index, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--part", choices=PARTS, help="this part only")
    parser.add_argument("--news2013", type=Path, metavar="FILE", help="measure this set alone")
    parser.add_argument("--news-copy", type=Path, metavar="FILE", help="measure its groups alone")
    parser.add_argument("--pairs", type=Path, metavar="FILE", help="the duplicate pairs of NEWS-COPY")
    return parser.parse_args()


def main() -> None:
    """Run from the command line."""
    options = parsed()
    if not (options.news2013 or options.news_copy or available()):
        print(f"the sets of {DATA / 'events'} are not there: nothing was measured", file=sys.stderr)
        return
    # Stopped by a signal or not, a run leaves neither server nor folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped: nothing is reported"))
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = measure(options, Path(folder))
        except (BadSet, OSError) as error:
            sys.exit(str(error))
        finally:
            EmbeddedServer(Path(folder)).stop()
    if options.json:
        print_json(found)
    else:
        print(report(found))


if __name__ == "__main__":
    main()
