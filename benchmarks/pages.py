"""How well pages are read: body, title and date against gold, beside trafilatura on its own.

    python -m benchmarks.pages [--quick] [--json]

Reads the recorded pages under NEWSFOLD_DATA (default ../shared/data) and skips without them. The body
is scored by shingles of four words: F1 of the mean precision and recall over pages, as
article-extraction-benchmark does it, and the mean over pages of their own F1.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import trafilatura

from crawler.extract import extract_page

DATA = Path(os.environ.get("NEWSFOLD_DATA") or Path(__file__).parents[1] / "../shared/data")
SHINGLE = 4
QUICK_STEP = 8
_WORD = re.compile(r"\w+")


class Reading(NamedTuple):
    """What one system reads in a page."""

    text: str
    title: str
    published: datetime | None


@dataclass(frozen=True, slots=True)
class Score:
    """One system on one set; title and date are None where the set has no gold for them."""

    system: str
    pages_from: str
    pages: int
    with_body: int
    precision: float
    recall: float
    f1: float
    page_f1: float
    title: float | None
    date: float | None
    ms_a_page: float


class _Marks(NamedTuple):
    right: int
    extra: int
    missed: int
    title: bool | None
    date: bool | None
    seconds: float
    body: bool


def newsfold(body: bytes, url: str) -> Reading:
    """This project's reading, without a feed entry to help."""
    page = extract_page(body, url)
    return Reading("\n".join(block.text for block in page.blocks), page.title, page.published)


def bare_trafilatura(body: bytes, url: str) -> Reading:
    """`trafilatura.extract` as it comes, with the title and date of its `extract_metadata`."""
    text = trafilatura.extract(body, url=url) or ""
    about = trafilatura.extract_metadata(body, default_url=url)
    published = datetime.fromisoformat(about.date).replace(tzinfo=UTC) if about and about.date else None
    return Reading(text, (about and about.title) or "", published)


SYSTEMS: dict[str, Callable[[bytes, str], Reading]] = {"newsfold": newsfold, "trafilatura": bare_trafilatura}


def gold_rows(data: Path = DATA) -> list[dict[str, Any]]:
    """The recorded pages' gold records, [] where the data is missing."""
    gold = data / "pages" / "gold.jsonl"
    # One record a line; texts may hold other line separators than "\n".
    return [json.loads(line) for line in gold.read_bytes().splitlines()] if gold.exists() else []


def page_bytes(row: dict[str, Any], data: Path = DATA) -> bytes:
    """A recorded page as it was served."""
    return gzip.decompress((data / "pages" / str(row["file"])).read_bytes())


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """The multiset of a text's runs of four words; a shorter text is one run."""
    words = _WORD.findall(text.lower())
    runs = [tuple(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))]
    return Counter(run for run in runs if run)


def measure(rows: Iterable[dict[str, Any]], systems: Iterable[str] = tuple(SYSTEMS)) -> list[Score]:
    """Score every system on every set of pages, one process, in the order of the rows."""
    rows = list(rows)
    scores = []
    for name in systems:
        newsfold(b"<p>warm</p>", "https://warm.example/")
        for pages_from in dict.fromkeys(str(row["source"]) for row in rows):
            marks = [_mark(SYSTEMS[name], row) for row in rows if row["source"] == pages_from]
            scores.append(_score(name, pages_from, marks))
    return scores


def _mark(system: Callable[[bytes, str], Reading], row: dict[str, Any]) -> _Marks:
    body = page_bytes(row)
    start = time.perf_counter()
    reading = system(body, row["url"] or "https://unknown.example/")
    seconds = time.perf_counter() - start
    gold, got = shingles(row["text"]), shingles(reading.text)
    right = (gold & got).total()
    title = " ".join(row["title"].split()) == reading.title if row["title"] else None
    date = _same_day(row["published"], reading.published) if row["published"] else None
    return _Marks(right, got.total() - right, gold.total() - right, title, date, seconds, bool(reading.text))


def _same_day(gold: str, got: datetime | None) -> bool:
    """Dates are compared in UTC, or as gold writes them: some gold dates are local without an offset."""
    moment = datetime.fromisoformat(gold)
    days = {moment.date(), moment.astimezone(UTC).date() if moment.tzinfo else moment.date()}
    return got is not None and got.date() in days


def _score(system: str, pages_from: str, marks: list[_Marks]) -> Score:
    totals = [max(1, m.right + m.extra + m.missed) for m in marks]
    right, extra, missed = (
        fmean(part / total for part, total in zip(parts, totals, strict=True))
        for parts in ([m.right for m in marks], [m.extra for m in marks], [m.missed for m in marks])
    )
    precision, recall = right / (right + extra or 1), right / (right + missed or 1)
    return Score(
        system=system,
        pages_from=pages_from,
        pages=len(marks),
        with_body=sum(m.body for m in marks),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall or 1),
        page_f1=fmean(2 * m.right / max(1, 2 * m.right + m.extra + m.missed) for m in marks),
        title=_share(m.title for m in marks),
        date=_share(m.date for m in marks),
        ms_a_page=1000 * fmean(m.seconds for m in marks),
    )


def _share(marks: Iterable[bool | None]) -> float | None:
    known = [mark for mark in marks if mark is not None]
    return fmean(known) if known else None


def _line(score: Score) -> str:
    def percent(share: float | None) -> str:
        return "    –" if share is None else f"{100 * share:5.1f}"

    return (
        f"{score.system:<12} {score.pages_from:<12} {score.pages:>5} {score.with_body:>5}  {score.precision:.3f} "
        f"{score.recall:.3f} {score.f1:.3f}  {score.page_f1:.3f}  {percent(score.title)} {percent(score.date)} "
        f"{score.ms_a_page:>6.1f}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Print the table, or JSON; 0 also where the data is missing, with a sentence saying so."""
    parser = argparse.ArgumentParser(prog="benchmarks.pages", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help=f"every {QUICK_STEP}th page only")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    options = parser.parse_args(arguments)
    rows = gold_rows()[:: QUICK_STEP if options.quick else 1]
    if not rows:
        print(f"skipped: no recorded pages under {DATA} (set NEWSFOLD_DATA)", file=sys.stderr)
        return 0
    scores = measure(rows)
    if options.json:
        print(json.dumps([asdict(score) for score in scores], indent=2))
        return 0
    print("system       pages from   pages  body   prec. recall    F1 page F1  title  date  ms/page")
    print(*map(_line, scores), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
