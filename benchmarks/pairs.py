"""The labelled pairs of the similarity set, and what is measured on such pairs."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import DATA
from dedup.likeness import TextFacts, text_facts
from dedup.text import tokens

PAIRS = DATA / "similarity" / "semeval2022_dev.jsonl.gz"
SAME, OTHER = 2.0, 3.0  # `overall` at or below is one event, at or above is another
Scores = NDArray[np.float64]
# The set's texts begin with their headline, most of them without a mark where it ends.
_FIRST_LINE = re.compile(r"\s*(.{20,200}?)(?:\n|  )")
_TITLE_WORDS, _TITLE_CHARACTERS = 14, 40


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts with their languages, people's judgement (1 the same event, 4 another) and how the pair was made."""

    texts: tuple[str, str]
    langs: tuple[str, str]
    overall: float
    kind: str

    @property
    def across(self) -> bool:
        return self.langs[0] != self.langs[1]


def load_pairs(path: Path = PAIRS) -> list[Pair]:
    """The pairs of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Pair((r["text1"], r["text2"]), (r["lang1"], r["lang2"]), float(r["overall"]), r["kind"]) for r in rows
    ]


def headline(text: str) -> tuple[str, str]:
    """A text's first line, or where it has no lines its first words, and the rest."""
    found = _FIRST_LINE.match(text)
    if found:
        return found[1], text[found.end() :]
    words = text.split()
    if len(words) <= 2 * _TITLE_WORDS:
        return text[:_TITLE_CHARACTERS], text[_TITLE_CHARACTERS:]
    return " ".join(words[:_TITLE_WORDS]), " ".join(words[_TITLE_WORDS:])


def facts_of(pair: Pair) -> tuple[TextFacts, TextFacts]:
    """The facts of both texts; the set knows no dates."""
    (one, other), (lang, tongue) = pair.texts, pair.langs
    return text_facts(*headline(one), lang), text_facts(*headline(other), tongue)


def pearson(scores: Scores, pairs: Sequence[Pair]) -> float:
    """Correlation with people's judgement, positive where more alike is higher; NaN for constant scores."""
    judged = -np.array([pair.overall for pair in pairs])
    if len(pairs) < 2 or not scores.std() or not judged.std():
        return math.nan
    return float(np.corrcoef(scores, judged)[0, 1])


def f1_same(scores: Scores, pairs: Sequence[Pair], threshold: float) -> float:
    """F1 of saying "one event" at a threshold."""
    said = scores >= threshold
    same = np.array([pair.overall <= SAME for pair in pairs])
    return float(2 * np.sum(said & same) / max(1, np.sum(said) + np.sum(same)))


def best_threshold(scores: Scores, pairs: Sequence[Pair]) -> float:
    """The threshold of the highest F1 on these pairs."""
    thresholds: list[float] = np.unique(scores).tolist()
    return max(thresholds, key=lambda at: f1_same(scores, pairs, at))


def tfidf_cosines(pairs: Sequence[Pair]) -> Scores:
    """The peer: cosine of word vectors, logarithmic counts times inverse document frequency in the set itself."""
    counts = [Counter(tokens(text)) for pair in pairs for text in pair.texts]
    found = Counter(word for count in counts for word in count)
    rarity = {word: math.log((1 + len(counts)) / (1 + n)) + 1 for word, n in found.items()}
    vectors = [_unit({w: (1 + math.log(n)) * rarity[w] for w, n in count.items()}) for count in counts]
    paired = zip(vectors[::2], vectors[1::2], strict=True)
    return np.array([sum(x * b.get(word, 0.0) for word, x in a.items()) for a, b in paired])


def _unit(vector: dict[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(x * x for x in vector.values())) or 1.0
    return {word: x / length for word, x in vector.items()}
