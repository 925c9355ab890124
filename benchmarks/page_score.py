"""Body, title and date of readings against gold.

The body is scored by shingles of four words: `page_f1` is the mean over pages of their own F1, `f1` that of the mean
precision and recall over pages, as article-extraction-benchmark makes it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean
from typing import Any, NamedTuple

from benchmarks.page_systems import Reading

SHINGLE = 4
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Score:
    """One system on one set; title and date are None where nothing was compared."""

    system: str
    pages_from: str
    pages: int
    with_body: int
    failed: int
    precision: float
    recall: float
    f1: float
    page_f1: float
    title: float | None
    date: float | None


class Mark(NamedTuple):
    """One reading against its gold record, in shingles."""

    right: int
    extra: int
    missed: int
    title: bool | None
    date: bool | None
    body: bool
    failed: bool


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """The multiset of a text's runs of four words; a shorter text is one run."""
    words = _WORD.findall(text.lower())
    runs = [tuple(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))]
    return Counter(run for run in runs if run)


def folded(text: str) -> str:
    """NFKC, with single spaces: what two titles have to share to be the same."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def same_day(gold: str, got: datetime | None) -> bool:
    """Whether two dates share a day, each as it is written or in UTC: some gold dates are local without an offset."""
    return got is not None and bool(_days(datetime.fromisoformat(gold)) & _days(got))


def _days(moment: datetime) -> set[object]:
    return {moment.date(), moment.astimezone(UTC).date() if moment.tzinfo else moment.date()}


def mark(reading: Reading, row: Mapping[str, Any], *, dated: bool = True) -> Mark:
    """Compare a reading with a gold record; `dated` says whether this system tells dates at all."""
    gold, got = shingles(row["text"]), shingles(reading.text)
    right = (gold & got).total()
    titled = reading.title is not None or reading.failed
    return Mark(
        right=right,
        extra=got.total() - right,
        missed=gold.total() - right,
        title=folded(row["title"]) == folded(reading.title or "") if row["title"] and titled else None,
        date=same_day(row["published"], reading.published) if row["published"] and dated else None,
        body=bool(reading.text.strip()),
        failed=reading.failed,
    )


def score(system: str, pages_from: str, marks: Sequence[Mark]) -> Score:
    """The means over a set's pages."""
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
        failed=sum(m.failed for m in marks),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall or 1),
        page_f1=fmean(2 * m.right / max(1, 2 * m.right + m.extra + m.missed) for m in marks),
        title=_share(m.title for m in marks),
        date=_share(m.date for m in marks),
    )


def _share(marks: Iterable[bool | None]) -> float | None:
    known = [mark for mark in marks if mark is not None]
    return fmean(known) if known else None
