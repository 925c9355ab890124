"""What cleaning leaves in and takes out, judged against gold texts by words of the benchmark's own.

Words are NFKC and case-folded, without punctuation; in scripts without spaces every character is one. Nothing of
the product's own idea of a headline, a repeat or furniture is used.

- A line *says the headline* when it has the same words, or nearly: a difflib ratio of .9 on words, at lengths
  within 30 %. The headline is the gold title; where the gold record has none, the title that the product found.
- A page *keeps* its headline when its text says it in more lines than the gold text does. No gold text has the
  page's headline above its text; one of them says it in a line of its own, which must then stay.
- A line that was set apart as headline or repeat is *wrong* when its words are a line of the gold text, more
  often there than in the lines that were kept (and in segments found wrong before it): of a question that an
  interview asks twenty times in the gold text, nineteen may not be set apart. Captions and alternative texts are told to
  be repeats as well, but are no text in any case: they are not counted.
- A segment of any other kind that is not text is furniture, and *lost* by the same rule; with four words or more also
  when they stand in the gold text in one run, more often than in the kept text: gold may join or cut lines.
  A line without any word, such as a rule of underscores, is nobody's loss.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from benchmarks.page_systems import Ours
from dedup.model import Said, Segment

NEAR, LEAST_LENGTH, FEWEST_RUN = 0.9, 0.7, 4
_DENSE = "\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff"
_WORD = re.compile(rf"[{_DENSE}]|[^\W_{_DENSE}]+")

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of a page with what is to be said of it."""

    file: str
    kind: str
    place: str
    text: str


class Side(NamedTuple):
    """One page: its headline, the segments that were kept as text and their words, and the gold lines."""

    file: str
    headline: Words
    ours: Ours
    text: list[Segment]
    kept: list[Words]
    gold: list[Words]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many lines of one sort a page has, and the wrong ones."""

    lines: int
    wrong: tuple[Finding, ...]


def words(text: str) -> Words:
    """A text's words, folded."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def lines(text: str) -> list[Words]:
    """The lines of a text that have words."""
    return [found for line in text.splitlines() if (found := words(line))]


def says(headline: Words, line: Words) -> bool:
    """Whether a line is the headline again, or a near copy of it."""
    if not headline or not line or headline == line:
        return bool(headline) and headline == line
    if min(len(headline), len(line)) < LEAST_LENGTH * max(len(headline), len(line)):
        return False
    return SequenceMatcher(None, headline, line, autojunk=False).ratio() >= NEAR


def kept_beyond(headline: Words, kept: Iterable[Words], gold: Iterable[Words]) -> list[int]:
    """Which kept lines say the headline, beyond as many as the gold text has."""
    owed = sum(says(headline, line) for line in gold)
    return [number for number, line in enumerate(kept) if says(headline, line)][owed:]


def lost(
    apart: Sequence[Words], kept: Sequence[Words], gold: Sequence[Words], *, runs: bool = False
) -> list[bool]:
    """Which of the lines set apart the gold text has and the kept lines lack."""
    whole = Counter(gold)
    whole.subtract(kept)
    gold_run, kept_run = _joined(gold), _joined(kept)
    taken: Counter[Words] = Counter()
    found = []
    for line in apart:
        spare = whole[line]
        if runs and len(line) >= FEWEST_RUN:
            spare = max(spare, gold_run.count(_joined([line])) - kept_run.count(_joined([line])))
        found.append(bool(line) and spare > taken[line])
        taken[line] += found[-1]
    return found


def _joined(parts: Iterable[Words]) -> str:
    return " " + " ".join(word for part in parts for word in part) + " "


def side(ours: Ours, row: Mapping[str, Any]) -> Side:
    """A page and its gold record made ready to be judged."""
    text = [segment for segment in ours.article.segments if segment.kind == "text"]
    kept = [words(segment.text) for segment in text]
    return Side(
        str(row["file"]), words(row["title"] or ours.article.title), ours, text, kept, lines(row["text"])
    )


def kept_headlines(page: Side) -> tuple[Finding, ...]:
    """Text segments that say the headline again."""
    return _findings(page.file, [page.text[n] for n in kept_beyond(page.headline, page.kept, page.gold)])


def owed_headlines(page: Side) -> Verdict:
    """Gold lines that say the headline, and those of them that the text lacks."""
    owed = [line for line in page.gold if says(page.headline, line)]
    there = sum(says(page.headline, line) for line in page.kept)
    return Verdict(len(owed), tuple(Finding(page.file, "gold", "", " ".join(line)) for line in owed[there:]))


def set_apart(page: Side, of: Said) -> Verdict:
    """Segments set apart as the headline, or as a paragraph, said again, and those that gold has as text."""
    article = page.ours.article
    paragraphs = {repeat.segment for repeat in article.repeats if repeat.of == "paragraph"}
    said = [
        segment
        for number, segment in enumerate(article.segments)
        if segment.kind in ("headline", "repeat")
        and segment.place not in ("caption", "alt")
        and (number in paragraphs) == (of == "paragraph")
    ]
    return Verdict(len(said), _lost(page, said))


def furniture(page: Side) -> Verdict:
    """Segments of all other kinds, and those that gold has as text."""
    said = [s for s in page.ours.article.segments if s.kind not in ("text", "headline", "repeat")]
    return Verdict(len(said), _lost(page, said, runs=True))


def _lost(page: Side, apart: Sequence[Segment], *, runs: bool = False) -> tuple[Finding, ...]:
    marks = lost([words(segment.text) for segment in apart], page.kept, page.gold, runs=runs)
    return _findings(page.file, [segment for segment, mark in zip(apart, marks, strict=True) if mark])


def _findings(file: str, segments: Iterable[Segment]) -> tuple[Finding, ...]:
    return tuple(Finding(file, segment.kind, segment.place, segment.text) for segment in segments)
