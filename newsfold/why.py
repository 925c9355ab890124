"""Why two articles are one text, one story, or neither: what the decision rested on, computed again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dedup.fingerprint import fingerprint
from dedup.groups import is_contained
from dedup.signature import estimate_jaccard
from dedup.similarity import overlap, shingle_sets
from dedup.terms import cosine, shared_terms, term_vector
from newsfold.passages import Passage, passages
from pipelines.placing import Rules
from storage.views import ArticleView


@dataclass(frozen=True, slots=True)
class Reasons:
    """Two articles compared: similarities of the texts, what they share, and where they were placed.

    `shared_bands` are the indices of the bands that are equal; `sentences` is how many longer sentences
    the text has that has fewer of them.
    """

    one: ArticleView
    other: ArticleView
    same_group: bool
    same_story: bool
    exact: bool
    estimate: float
    jaccard: float
    containment: float
    contained: bool
    shared_bands: tuple[int, ...]
    shared_sentences: int
    sentences: int
    cosine: float
    terms: tuple[str, ...]
    passages: tuple[Passage, ...]
    rules: Rules

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        rules = self.rules.groups
        if self.same_group:
            if self.exact:
                return "One text: their words are the same."
            if self.jaccard >= rules.jaccard:
                return f"One text: they share {self.jaccard:.0%} of their shingles (threshold {rules.jaccard:.0%})."
            if self.contained:
                return (
                    f"One text: the longer has {self.containment:.0%} of the shorter's shingles "
                    f"(threshold {rules.containment:.0%})."
                )
            return "One text by way of others: both are near-duplicates of articles of their group."
        if self.same_story:
            return (
                f"Two texts of one story: {self.jaccard:.0%} of their shingles in common, term similarity "
                f"{self.cosine:.2f} (threshold {self.rules.stories.similarity:.2f} for the story's mean)."
            )
        if self.one.lang != self.other.lang:
            return f"Two stories: they are in different languages ({self.one.lang}, {self.other.lang})."
        return (
            f"Two stories: {self.jaccard:.0%} of their shingles in common, term similarity {self.cosine:.2f} "
            f"(threshold {self.rules.stories.similarity:.2f})."
        )

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        names = ("same_group", "same_story", "exact", "contained", "shared_sentences", "sentences")
        numbers = ("estimate", "jaccard", "containment", "cosine")
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
                "containment": self.rules.groups.containment,
                "story": self.rules.stories.similarity,
            },
            "terms": list(self.terms),
            "passages": [{"a": p.a.as_dict(), "b": p.b.as_dict(), "words": p.words} for p in self.passages],
        }


def _body(article: ArticleView) -> str:
    return f"{article.title}\n\n{article.text}" if article.headline_in_text else article.text


def explain(one: ArticleView, other: ArticleView, rules: Rules) -> Reasons:
    """Compare two articles as placement does."""
    bodies = [_body(one), _body(other)]
    a, b = fingerprint(bodies, rules.minhash)
    shared = overlap(*shingle_sets(bodies, rules.minhash))
    left, right = (term_vector(x.title, x.text, x.lang, rules.stories.terms) for x in (one, other))
    return Reasons(
        one=one,
        other=other,
        same_group=one.group == other.group,
        same_story=one.story == other.story,
        exact=a.exact == b.exact and a.shingles > 0,
        estimate=float(estimate_jaccard(a.signature, [b.signature])[0]) if a.shingles and b.shingles else 0.0,
        jaccard=shared.jaccard,
        containment=shared.containment,
        contained=is_contained(shared, rules.groups),
        shared_bands=tuple(i for i, (x, y) in enumerate(zip(a.bands, b.bands, strict=False)) if x == y),
        shared_sentences=len(set(a.sentences) & set(b.sentences)),
        sentences=min(len(set(a.sentences)), len(set(b.sentences))),
        cosine=cosine(left, right),
        terms=shared_terms(left, right),
        passages=passages(bodies[0], bodies[1]),
        rules=rules,
    )
