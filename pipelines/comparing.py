"""Comparing the texts of a batch exactly with those that estimates could not settle."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dedup.amounts import differ_in_amounts
from dedup.fingerprint import Fingerprints
from dedup.groups import FirstLook, settle
from dedup.model import Article, Candidate, Match
from dedup.similarity import ShingledText, overlaps, shingle_texts
from dedup.stubs import tell_nothing
from dedup.thresholds import GroupConfig, MinHashConfig
from pipelines.furnishing import Furnishing
from storage.records import Body

# What the latest texts that are kept at hand may take up: some 12,000 texts of newswire.
_MOST_BYTES = 32_000_000
_SHINGLE_BYTES = 12


@dataclass(frozen=True, slots=True, eq=False)
class _Recent:
    """A text placed lately: as it was compared, and where its shingles are."""

    body: Body
    exact: int
    batch: ShingledText
    start: int
    end: int

    @property
    def shingled(self) -> ShingledText:
        """Its shingles."""
        return self.batch.cut(slice(self.start, self.end))


class RecentTexts:
    """The texts that this worker placed lately, so that most need not be fetched and read again."""

    def __init__(self) -> None:
        self._texts: dict[str, _Recent] = {}
        self._batches: deque[tuple[ShingledText, list[str], int]] = deque()
        self._bytes = 0

    def add(self, names: Sequence[str], bodies: Sequence[Body], prints: Fingerprints) -> None:
        """Keep a batch; the oldest go."""
        batch = ShingledText.whole(prints.shingled)
        bounds = pairwise(prints.shingled.offsets.tolist())
        for name, body, exact, (a, b) in zip(names, bodies, prints.exact.tolist(), bounds, strict=True):
            self._texts[name] = _Recent(body, exact, batch, a, b)
        size = _SHINGLE_BYTES * len(batch.hashes) + sum(len(body.text) for body in bodies)
        self._batches.append((batch, list(names), size))
        self._bytes += size
        while self._bytes > _MOST_BYTES and len(self._batches) > 1:
            self._forget(*self._batches.popleft())

    def _forget(self, batch: ShingledText, names: Sequence[str], size: int) -> None:
        self._bytes -= size
        for name in names:
            if name in self._texts and self._texts[name].batch is batch:
                del self._texts[name]

    def get(self, article: str, exact: int | None = None) -> _Recent | None:
        """A text that is at hand; with `exact`, only while its words are those."""
        found = self._texts.get(article)
        return found if found and exact in (None, found.exact) else None


class Comparison:
    """One batch's exact comparisons."""

    def __init__(
        self, recent: RecentTexts, furnishing: Furnishing, minhash: MinHashConfig, groups: GroupConfig
    ) -> None:
        self._recent, self._furnishing = recent, furnishing
        self._minhash, self._groups = minhash, groups

    def missing(self, looks: Sequence[FirstLook]) -> list[str]:
        """The articles whose texts must be fetched."""
        wanted = {c.article: c.exact for look in looks for c in look.unsettled}
        return sorted(article for article, exact in wanted.items() if not self._recent.get(article, exact))

    def settle(
        self, articles: Sequence[Article], looks: Sequence[FirstLook], fetched: Mapping[str, Body]
    ) -> list[list[Match]]:
        """Compare each article with its unsettled candidates; one whose text expired is a stranger."""
        matches: list[list[Match]] = [[] for _ in articles]
        pairs = list(self._pairs(articles, looks, fetched))
        if not pairs:
            return matches
        bodies = self._bodies(articles, looks, fetched)
        texts = self._shingled(bodies, fetched)
        found = overlaps(
            [(texts[articles[place].id], texts[candidate.article]) for place, candidate in pairs],
            [_one_outlet(articles[place], bodies[candidate.article]) for place, candidate in pairs],
        )
        for (place, candidate), overlap in zip(pairs, found, strict=True):
            one, other = articles[place].id, candidate.article
            own = self._recent.get(one)
            match = settle(candidate, overlap, self._groups, own.exact if own else None)
            if match and not _are_others(match, bodies[one], bodies[other]):
                matches[place].append(match)
        return matches

    def _pairs(
        self, articles: Sequence[Article], looks: Sequence[FirstLook], fetched: Mapping[str, Body]
    ) -> Iterator[tuple[int, Candidate]]:
        for place in range(len(articles)):
            for candidate in looks[place].unsettled:
                if candidate.article in fetched or self._recent.get(candidate.article, candidate.exact):
                    yield place, candidate

    def _bodies(
        self, articles: Sequence[Article], looks: Sequence[FirstLook], fetched: Mapping[str, Body]
    ) -> dict[str, Body]:
        wanted = [c.article for look in looks for c in look.unsettled]
        asking = [a.id for a, look in zip(articles, looks, strict=True) if look.unsettled]
        at_hand = ((name, self._recent.get(name)) for name in dict.fromkeys((*asking, *wanted)))
        return {name: recent.body for name, recent in at_hand if recent} | dict(fetched)

    def _shingled(self, bodies: Mapping[str, Body], fetched: Mapping[str, Body]) -> dict[str, ShingledText]:
        """The shingles of texts, without furniture by what is known now."""
        skips = self._furnishing.skips(bodies)
        texts = {}
        anew = []
        for name, body in bodies.items():
            recent = None if name in fetched else self._recent.get(name)
            if recent and body.skip == skips[name]:
                texts[name] = recent.shingled
            else:
                anew.append(name)
        made = shingle_texts([bodies[n].text for n in anew], self._minhash, [skips[n] for n in anew])
        return texts | dict(zip(anew, made, strict=True))


def _are_others(match: Match, one: Body, other: Body) -> bool:
    """Whether texts that are alike are two all the same."""
    if match.verdict == "contained" and differ_in_amounts(one.text, other.text):
        return True
    return tell_nothing(one.stub, other.stub)


def _one_outlet(article: Article, other: Body) -> bool:
    return bool(article.outlet) and other.outlet == article.outlet
