"""Why two articles are one text, one story, or neither: what the decision rested on, computed again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dedup.amounts import differ_in_amounts
from dedup.days import day_names, day_share
from dedup.fingerprint import fingerprint
from dedup.groups import is_contained
from dedup.signature import estimate_jaccard
from dedup.similarity import overlap, shingle_texts
from dedup.stubs import stub_of, tell_nothing
from dedup.terms import Frequencies, cosine, count_terms, no_frequencies, shared_terms, weigh
from newsfold.passages import Passage, passages
from pipelines.placing import Rules
from storage.views import ArticleView


@dataclass(frozen=True, slots=True)
class Reasons:
    """Two articles compared: similarities of the texts, what they share, and where they were placed.

    `shared_bands` are the indices of the bands that are equal; `anchors` is how many the text has that has
    fewer of them; `coverage` is of the `words` of the shorter text, which furniture is no part of.
    """

    one: ArticleView
    other: ArticleView
    same_group: bool
    same_story: bool
    exact: bool
    estimate: float
    jaccard: float
    containment: float
    coverage: float
    words: int
    contained: bool
    shared_bands: tuple[int, ...]
    shared_anchors: int
    anchors: int
    cosine: float
    days: tuple[int, int]
    terms: tuple[tuple[str, float], ...]
    path: tuple[str, ...]
    passages: tuple[Passage, ...]
    rules: Rules

    @property
    def day_share(self) -> float:
        """What the weekdays that the texts name add to their likeness."""
        return day_share(*self.days, self.cosine, self.rules.stories)

    @property
    def coverage_needed(self) -> float:
        """The coverage at which the shorter text counts as a part of the longer one."""
        return self.rules.groups.coverage_needed(self.words)

    @property
    def _alike(self) -> str:
        """On what ground the texts are one, "" where on none."""
        rules = self.rules.groups
        if self.exact:
            return "their words are the same"
        if self.jaccard >= rules.jaccard:
            return f"they share {self.jaccard:.0%} of their shingles (threshold {rules.jaccard:.0%})"
        if self.contained:
            return (
                f"passages of the longer one cover {self.coverage:.0%} of the shorter one "
                f"(threshold {self.coverage_needed:.0%} for {self.words} words)"
            )
        return ""

    @property
    def _apart(self) -> str:
        """Why texts that are alike are two all the same, "" where nothing says so."""
        if tell_nothing(*(stub_of(x.title, x.body, x.lang) for x in (self.one, self.other))):
            return "they say nothing of their headlines, which have no word in common"
        is_cut = not self.exact and self.jaccard < self.rules.groups.jaccard
        if is_cut and differ_in_amounts(self.one.body, self.other.body):
            return "most of their numbers are not the same, as in a form that was filled in anew"
        return ""

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        if self.same_group:
            if self._alike:
                return f"One text: {self._alike}."
            return "One text by way of others: each is one with another article of their group, or is contained in it."
        if self._alike and self._apart:
            which = "of one story" if self.same_story else "and two stories"
            return f"Two texts {which}: {self._alike}, but {self._apart}."
        if self.same_story:
            return (
                f"Two texts of one story: {self.jaccard:.0%} of their shingles in common, term similarity "
                f"{self.cosine:.2f}{self._way}."
            )
        if self.one.lang != self.other.lang:
            return f"Two stories: they are in different languages ({self.one.lang}, {self.other.lang})."
        return (
            f"Two stories: {self.jaccard:.0%} of their shingles in common, term similarity {self.cosine:.2f}; a text "
            f"joins a story that it is like on average, by {self.rules.stories.similarity:.2f} more than its "
            "neighbourhood is crowded."
        )

    @property
    def _way(self) -> str:
        return f", by way of {len(self.path) - 2} others" if len(self.path) > 2 else ""

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        names = ("same_group", "same_story", "exact", "contained", "shared_anchors", "anchors", "words")
        numbers = ("estimate", "jaccard", "containment", "coverage", "cosine")
        return {
            "a": self.one.id,
            "b": self.other.id,
            "verdict": self.sentence,
            **{name: getattr(self, name) for name in names},
            **{name: round(getattr(self, name), 4) for name in numbers},
            "shared_bands": len(self.shared_bands),
            "bands": {"shared": list(self.shared_bands), "of": self.rules.minhash.bands},
            "thresholds": {
                "jaccard": self.rules.groups.jaccard,
                "coverage": round(self.coverage_needed, 4),
                "story": self.rules.stories.similarity,
            },
            "days": {"a": day_names(self.days[0]), "b": day_names(self.days[1]), "share": self.day_share},
            "terms": [[term, round(share, 4)] for term, share in self.terms],
            "scores": {x.id: {"score": x.score, "beside": x.beside} for x in (self.one, self.other)},
            "path": list(self.path),
            "passages": [{"a": p.a.as_dict(), "b": p.b.as_dict(), "words": p.words} for p in self.passages],
        }


def _keys(packed: bytes) -> list[bytes]:
    return [packed[at : at + 8] for at in range(0, len(packed), 8)]


def explain(
    one: ArticleView,
    other: ArticleView,
    rules: Rules,
    frequencies: Frequencies | None = None,
    path: tuple[str, ...] = (),
) -> Reasons:
    """Compare two articles as placement does.

    `frequencies` are the stream's, by which terms are weighed beside the language's; `path` are the groups of their
    story by which they are linked (`newsfold.paths`).
    """
    return Reasons(
        one=one,
        other=other,
        same_group=one.group == other.group,
        same_story=one.story == other.story,
        path=path,
        passages=passages(one.body, other.body),
        rules=rules,
        **_words_compared(one, other, rules),
        **_terms_compared(one, other, rules, frequencies or no_frequencies()),
    )


def _words_compared(one: ArticleView, other: ArticleView, rules: Rules) -> dict[str, Any]:
    """What groups rest on."""
    bodies, skips = [one.body, other.body], [one.skip, other.skip]
    a, b = fingerprint(bodies, rules.minhash, skips)
    same_outlet = bool(one.outlet) and one.outlet == other.outlet
    shared = overlap(*shingle_texts(bodies, rules.minhash, skips), one_outlet=same_outlet)
    bands = enumerate(zip(_keys(a.bands), _keys(b.bands), strict=False))
    return {
        "exact": a.exact == b.exact and a.shingles > 0,
        "estimate": float(estimate_jaccard(a.sketch, [b.sketch])[0]) if a.shingles and b.shingles else 0.0,
        "jaccard": shared.jaccard,
        "containment": shared.containment,
        "contained": is_contained(shared, rules.groups),
        "coverage": shared.coverage,
        "words": shared.words,
        "shared_bands": tuple(i for i, (x, y) in bands if x == y),
        "shared_anchors": len(set(_keys(a.anchors)) & set(_keys(b.anchors))),
        "anchors": min(len(a.anchors), len(b.anchors)) // 8,
    }


def _terms_compared(
    one: ArticleView, other: ArticleView, rules: Rules, frequencies: Frequencies
) -> dict[str, Any]:
    """What stories rest on."""
    config = rules.stories.terms
    left, right = (
        weigh(count_terms(x.title, x.text, x.lang, config), frequencies, config) for x in (one, other)
    )
    return {
        "cosine": cosine(left.as_dict(), right.as_dict()),
        "days": (left.days, right.days),
        "terms": shared_terms(left, right),
    }
