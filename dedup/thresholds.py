"""The numbers that decide, in one place, each with its arithmetic or its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MinHashConfig:
    """Shingles, signature rows and bands; stored beside the index, which refuses any other.

    With b bands of r rows a pair of Jaccard s meets in a bucket with probability 1 - (1 - s^r)^b:
    21 × 6 reaches .928 at s = .7 in theory for one pair, .990 as measured over pairs at and above .7;
    16 × 8 reaches .941. 21 × 6 uses 126 of the 128 rows. `secret` is the deployment's own (`dedup.salt`).
    """

    num_perm: int = 128
    seed: int = 1
    bands: int = 21
    rows: int = 6
    word_shingle: int = 3
    char_shingle: int = 5
    secret: str = field(default="", repr=False)

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
class TermConfig:
    """How a text becomes a vector of terms (`dedup.terms.weigh`).

    A word counts `title`, `lead` or `body` times by where it stands; the lead is the first `lead_words` of the text,
    read are `body_words`, and weekdays are looked for in the headline and the first `day_words`. The language counts as much as `prior` texts of the stream, which have `usual_words`.
    The logarithmic rarity to the power .8, title 3 to 5 and lead 2 were best on the mean over the dev sets (BCubed .887
    against .876 for all ones and .882 for power 1, batch average linkage); 64 terms score as 120 do.
    """

    title: float = 4.0
    lead: float = 2.0
    body: float = 1.0
    lead_words: int = 60
    day_words: int = 100
    body_words: int = 800
    prior: float = 300.0
    usual_words: float = 200.0
    rarity_power: float = 0.8
    terms: int = 64


@dataclass(frozen=True, slots=True)
class StoryConfig:
    """When texts tell one event.

    A text fits a story with (1 - `nearest`) of its mean cosine to all of the story's texts and `nearest` of its
    largest, less `crowd` times how crowded both are where they are: the mean cosine to the `density_ranks` texts most
    like them in other stories, as many in a young stream as in an old one. It belongs from
    `similarity` on, and `growth` more for every ten times `usual_stream`, as chance likenesses grow with the stream. Texts of a story that are not among the candidates count as `unseen` times the least like.

    Two texts that name a weekday in common and are `near` are more alike by `same_day`, two that name different ones less by `other_day`
    (`dedup.days`): logistic regressions of "one event" on cosine, crowd and days give .019 to .028 and .045 to .046 on
    either part of AllSides, .007 and .035 on ECB+.

    Each arrival looks again at its `neighbours` nearest texts that are `near`, and at `mates` of their stories: one moves
    that fits another story better by `gain`, and leaves one that it falls short of by `leave`. A story whose size is in
    `split_at` is parted where its halves are like each other less than `halves` times as each is in itself; stories
    unite where the mean over all their pairs passes `union` more than joining takes. `usual_within` stands for the
    coherence of a single text.

    Without moves BCubed F1 falls by .02 on the mean over the dev sets, without splits by .03 (docs/benchmarks.md).

    Where an embedding model is configured, `meaning` times its cosine, as far as it is beyond the `usual_meaning` of two news
    texts (0 there, 1 for the same text), adds to the likeness. No model ships and none was measured: a default to begin with.
    """

    similarity: float = 0.09
    growth: float = 0.03
    window_days: float = 3.0
    other_day: float = 0.045
    same_day: float = 0.02
    nearest: float = 0.15
    crowd: float = 0.46
    density_ranks: int = 8
    usual_stream: int = 800
    unseen: float = 0.7
    neighbours: int = 6
    mates: int = 2
    near: float = 0.1
    gain: float = 0.03
    leave: float = 0.03
    halves: float = 0.73
    fewest_half: int = 2
    in_sight: float = 0.6
    union: float = 0.06
    usual_within: float = 0.5
    meaning: float = 0.2
    usual_meaning: float = 0.6
    candidates: int = 48
    lookups: int = 32
    split_at: frozenset[int] = frozenset(range(3, 33))
    terms: TermConfig = TermConfig()


@dataclass(frozen=True, slots=True)
class BridgeConfig:
    """When two texts or stories of different languages tell one event; see `dedup.bridges`.

    Of a text the weightiest `details` and `topics` are kept (64 and 32 score no better, 32 and 16 no worse), `keys`
    of them to be looked up by. The score is a weighted mean of two cosines. Links want precision before recall:
    at .25, with a cosine of names, words, numbers and days of .1 at least, 47 % of the pairs that people called one
    event are linked and 3 % of those they called another. Of 199,211 pairs of texts brought together by chance 9
    are linked, 7 of them rightly (`python -m benchmarks.similarity`). With one true match among 500 texts that is
    a precision of .469 / (.469 + 500 * 9 / 199211) = .954 if all nine were wrong; .22 would link 55 %
    and 4.5 % of the judged pairs. `window_days` is how far apart the two may be in time.
    """

    details: int = 40
    topics: int = 20
    keys: int = 24
    detail_share: float = 0.75
    threshold: float = 0.25
    least_details: float = 0.1
    candidates: int = 12
    window_days: float = 3.0


@dataclass(frozen=True, slots=True)
class LikenessConfig:
    """How what two texts have in common becomes a score; see `dedup.likeness`.

    `terms` stems of a text are compared. In one language `word_share` of the score comes from stems, the rest from
    bridges, where a topic weighs `topic_weight` times what a detail does. Across languages the bridges' score
    times `across_scale` comes to the level of the scores in one language. `python -m benchmarks.train_likeness`
    measures the last three: settings chosen without a pair score .750 on it over the originals (Pearson), these
    .755; the grid's own best has 2 and 2.5 for the last two; these are within .006 of it in every group, and saturate later.
    """

    terms: int = 120
    word_share: float = 0.4
    topic_weight: float = 1.5
    across_scale: float = 2.0
