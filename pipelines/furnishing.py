"""Telling outlets' furniture from text, for one batch of one language: recall, learn, set apart, remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from dedup.furniture import Furniture, Phrase, Shared, Sighting, learn, shared_edges, sight
from dedup.groups import is_one_text
from dedup.model import Article
from dedup.shingles import Skip
from dedup.similarity import overlap, shingle_texts
from dedup.thresholds import GroupConfig, MinHashConfig
from storage.functions import Call
from storage.index import Index
from storage.outlets import Lesson, OutletMemory
from storage.records import Body
from storage.sightings import LATEST

# How many earlier texts that share an edge are compared as wholes; they share one or they do not.
_COMPARED = 4


class Furnishing:
    """What is known of the outlets of a batch, and what the batch adds to it.

    `before` are the batches of the same language that this worker is still placing: what they teach is not in
    Redis yet when this one asks.
    """

    def __init__(
        self,
        index: Index,
        lang: str,
        minhash: MinHashConfig,
        groups: GroupConfig,
        before: Sequence[Furnishing] = (),
    ) -> None:
        self._index, self._lang = index, lang
        self._minhash, self._groups = minhash, groups
        self._before = tuple(before)
        self._furniture: dict[str, Furniture] = {}
        self._latest: dict[str, list[Sighting]] = {}
        self._texts: dict[str, str] = {}
        self._lessons: dict[str, Lesson] = {}

    def ask(self, articles: Sequence[Article]) -> Call[dict[str, OutletMemory]] | None:
        """What to ask Redis before anything is set apart; None where no article names its outlet."""
        named = sorted({article.outlet for article in articles if article.outlet})
        return self._index.outlets.ask(self._lang, named) if named else None

    def set_apart(self, articles: Sequence[Article], known: Mapping[str, OutletMemory]) -> list[Article]:
        """The articles, furniture blocks no longer text, and the words of furniture at their ends counted."""
        for outlet, memory in known.items():
            self._furniture[outlet] = Furniture(memory.phrases)
            self._latest[outlet] = list(memory.latest)
        for earlier in self._before:
            self._take_over(earlier)
        self._before = ()
        return [self._one(article) if article.outlet else article for article in articles]

    def _take_over(self, earlier: Furnishing) -> None:
        """Know what an earlier batch teaches, as if it had been read."""
        self._texts |= earlier._texts
        for lesson in earlier._lessons.values():
            if lesson.outlet in self._latest:
                article = lesson.sighting.article
                others = [s for s in self._latest[lesson.outlet] if s.article != article]
                self._latest[lesson.outlet] = [lesson.sighting, *others][:LATEST]
                self._furniture[lesson.outlet] = self._furniture[lesson.outlet].with_more(lesson.phrases)

    def ask_remember(self, articles: Sequence[Article], now: datetime) -> Call[int] | None:
        """Keep what these articles taught; those known before are left out by the caller."""
        lessons = [self._lessons[article.id] for article in articles if article.id in self._lessons]
        return self._index.outlets.ask_learn(self._lang, lessons, now) if lessons else None

    def skips(self, bodies: Mapping[str, Body]) -> dict[str, Skip]:
        """The words of furniture at the ends of earlier texts, by what is known now."""
        unknown = sorted({b.outlet for b in bodies.values() if b.outlet} - self._furniture.keys())
        for outlet, memory in self._index.outlets.read(self._lang, unknown, latest=False).items():
            self._furniture[outlet] = Furniture(memory.phrases)
        return {article: self._skip(article, body) for article, body in bodies.items()}

    def _skip(self, article: str, body: Body) -> Skip:
        furniture = self._furniture.get(body.outlet)
        return furniture.skip_of(article, body.text) if furniture else body.skip

    def _one(self, article: Article) -> Article:
        furniture, latest = self._furniture[article.outlet], self._latest[article.outlet]
        before = article
        article = furniture.set_apart(before)
        own = sight(article)
        learnt = self._learn(own, article, furniture, latest)
        if learnt:
            furniture = self._furniture[article.outlet] = furniture.with_more(learnt)
            article = furniture.set_apart(article)
            own = sight(article)
        phrases = dict.fromkeys((*learnt, *furniture.found(own), *furniture.blocks_of(before)))
        self._lessons[article.id] = Lesson(article.outlet, own, tuple(phrases))
        self._texts[article.id] = article.body
        latest.insert(0, own)
        return replace(article, skip=furniture.skip(own))

    def _learn(
        self, own: Sighting, article: Article, furniture: Furniture, latest: Sequence[Sighting]
    ) -> list[Phrase]:
        shared = shared_edges(own, latest, furniture)
        if not shared:
            return []
        return learn(own, self._of_other_texts(article, shared, furniture), furniture, article)

    def _of_other_texts(
        self, article: Article, shared: Sequence[Shared], furniture: Furniture
    ) -> list[Shared]:
        """What is shared with texts that are not the same text: only that can be furniture."""
        ids = list(dict.fromkeys(found.article for found in shared))[:_COMPARED]
        missing = [other for other in ids if other not in self._texts]
        self._texts |= {other: body.text for other, body in self._index.bodies(missing).items()}
        known = [other for other in ids if other in self._texts]
        texts = [article.body, *(self._texts[other] for other in known)]
        skips = [furniture.skip_of("", text) for text in texts]
        own, *others = shingle_texts(texts, self._minhash, skips)
        different = {
            other
            for other, text in zip(known, others, strict=True)
            if not is_one_text(overlap(own, text, one_outlet=True), self._groups)
        }
        return [found for found in shared if found.article in different]
