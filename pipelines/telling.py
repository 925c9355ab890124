"""The steps of finding the stories of a batch's new groups: weigh, enter and look, bring who was found, decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dedup.model import Article, Newcomer, StoryDecision
from dedup.stories import decide_story
from dedup.terms import Frequencies, TermVector, count_terms, weigh
from dedup.thresholds import StoryConfig
from pipelines.embedding import Embedder
from storage.keys import story_id
from storage.line import Line, Ticket
from storage.told import Groups, Known, Model, Posting, Telling, number_of, vector_posting

# What a model says of a text, where there is one.
_Said = tuple[Model, NDArray[np.float32]] | None


class StoryTeller:
    """Tells the stories of one language's part of a batch."""

    def __init__(
        self, telling: Telling, lang: str, config: StoryConfig, now: datetime, embedder: Embedder | None = None
    ) -> None:  # fmt: skip
        self._telling, self._lang, self._config, self._now = telling, lang, config, now
        self._embedder, self._model = embedder, Model(embedder.tag, embedder.size) if embedder else None
        self._frequencies: Ticket[Frequencies] | None = None

    def open(self, line: Line) -> None:
        """Ask how often terms stood in the stream; what was linked before is counted."""
        self._frequencies = line.send(self._telling.ask_frequencies(self._lang, self._now))

    def decide(self, newcomers: Sequence[Newcomer], line: Line) -> dict[str, StoryDecision]:
        """The stories of articles that found groups, or whose group was reworded, by the articles' ids."""
        if not newcomers or self._frequencies is None:
            return {}
        frequencies = self._frequencies.result()
        seen = frequencies.texts
        vectors = [self._vector(newcomer.article, frequencies) for newcomer in newcomers]
        said = self._said(newcomers)
        postings = [
            vector_posting(
                one.group, int(one.article.time.timestamp()), vector, self._config.lookups, meaning
            )
            for one, vector, meaning in zip(newcomers, vectors, said, strict=True)
        ]
        found = line.send(self._telling.ask_post(self._lang, postings, frequencies, self._now)).result()
        best = [shared.best(self._config.candidates) for shared in found]
        asked = self._telling.ask_around(
            self._lang, best, len(postings), self._config.terms.terms, self._model
        )
        known = line.send(asked).result()
        return self._decisions(newcomers, postings, vectors, said, best, known, seen)

    def _said(self, newcomers: Sequence[Newcomer]) -> Sequence[_Said]:
        if self._embedder is None or self._model is None:
            return [None] * len(newcomers)
        found = self._embedder.embed([(one.article.title, one.article.text) for one in newcomers])
        return [(self._model, row) for row in found]

    def _vector(self, article: Article, frequencies: Frequencies) -> TermVector:
        counted = count_terms(article.title, article.text, self._lang, self._config.terms)
        frequencies.add(counted)
        return weigh(counted, frequencies, self._config.terms)

    def spot(self, article: Article) -> int:
        """Where a group founded by an article is entered."""
        return self._telling.slice_of(int(article.time.timestamp()))

    def _decisions(
        self,
        newcomers: Sequence[Newcomer],
        postings: Sequence[Posting],
        vectors: Sequence[TermVector],
        said: Sequence[_Said],
        best: Sequence[Groups],
        known: Known,
        seen: int,
    ) -> dict[str, StoryDecision]:
        around = known.around
        result: dict[str, StoryDecision] = {}
        for done, (newcomer, posting, vector, meaning, wanted) in enumerate(
            zip(newcomers, postings, vectors, said, best, strict=True), 1
        ):
            if newcomer.left:
                around.size.setdefault(newcomer.left, newcomer.left_size)
            own = around.add(
                posting.group,
                posting.time,
                vector.slots,
                vector.weights,
                newcomer.left,
                meaning and meaning[1],
            )
            candidates = self._in_window(own, wanted, known)
            decision = decide_story(own, vector, candidates, around, seen + done, self._config, story_id)
            known.rows[number_of(posting.group)] = own
            result[newcomer.article.id] = decision
        return result

    def _in_window(self, own: int, wanted: Groups, known: Known) -> list[int]:
        window, times, time = self._config.window_days * 86_400, known.around.times, known.around.times[own]
        numbers = (number for groups in wanted.values() for number in groups.tolist())
        rows = (known.rows[number] for number in numbers if number in known.rows)
        return [row for row in rows if abs(times[row] - time) <= window]
