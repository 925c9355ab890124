"""The numbers that decide, in one place, each with its arithmetic or its evidence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MinHashConfig:
    """Shingles, signature rows and bands; stored beside the index, which refuses any other.

    With b bands of r rows a pair of Jaccard s meets in a bucket with probability 1 - (1 - s^r)^b:
    21 × 6 reaches .928 at s = .7 in theory for one pair, .990 as measured over pairs at and above .7;
    16 × 8 reaches .941. 21 × 6 uses 126 of the 128 rows.
    """

    num_perm: int = 128
    seed: int = 1
    bands: int = 21
    rows: int = 6
    word_shingle: int = 3
    char_shingle: int = 5

    def __post_init__(self) -> None:
        if self.bands * self.rows > self.num_perm:
            raise ValueError(f"{self.bands} bands of {self.rows} rows need more than {self.num_perm} rows")


@dataclass(frozen=True, slots=True)
class GroupConfig:
    """When two texts are one text.

    `jaccard`: exact share of shingles. For cuts, teasers and misread copies: the share of the shorter
    text's words that lie in passages both have, which must reach `coverage` + `short_text` / words and at
    most `most_coverage`, as chance and quotations weigh more in a short text. With .35, 16 and .75 the
    synthetic reprints reach ARI .987 and, of 7,848 short texts on shared events, .65 % are grouped
    (`python -m benchmarks.reprints`). Texts of fewer than `fewest_words` are not judged so. A text of more
    than `brief` words that is less than `quoted_below` of the longer one is quoted there, not a cut of it.
    """

    jaccard: float = 0.7
    coverage: float = 0.35
    short_text: float = 16.0
    most_coverage: float = 0.75
    fewest_words: int = 10
    brief: int = 120
    quoted_below: float = 0.2

    def coverage_needed(self, words: int) -> float:
        """The coverage at which a text of so many words is part of another."""
        return min(self.most_coverage, self.coverage + self.short_text / max(1, words))


@dataclass(frozen=True, slots=True)
class StoryConfig:
    """When two texts tell one event: weighted cosine of their terms, within a window of days."""

    similarity: float = 0.28
    window_days: float = 4.0
    terms: int = 48
    postings: int = 12
    candidates: int = 64
