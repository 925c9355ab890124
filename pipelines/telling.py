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
from pipelines.awaiting import Awaiting
from pipelines.embedding import Embedder
from storage.functions import Call
from storage.keys import story_id
from storage.line import Line, Ticket
from storage.termcounts import Late
from storage.told import Entered, Telling
from storage.vectors import Groups, Known, Model, number_of, vector_posting

# What a model says of a text, where there is one.
_Said = tuple[Model, NDArray[np.float32]] | None


class StoryTeller:
    """Tells the stories of one language's part of a batch."""

    def __init__(
        self, telling: Telling, lang: str, config: StoryConfig, now: datetime, awaiting: Awaiting,
        embedder: Embedder | None = None,
    ) -> None:  # fmt: skip
        self._telling, self._lang, self._config, self._now = telling, lang, config, now
        self._awaiting = awaiting
        self._embedder, self._model = embedder, Model(embedder.tag, embedder.size) if embedder else None
        self._late: Ticket[Late] | None = None
        self._entered: Ticket[Entered] | None = None
        self._known: Ticket[Known] | None = None
        self._entered_as: dict[str, str] = {}

    @property
    def is_in_company(self) -> bool:
        """Whether there were texts to wait for when this worker last looked."""
        return self._awaiting.in_company

    def open(self, line: Line) -> None:
        """Ask how often terms stood in the stream; in company not yet, as who comes in between counts as well."""
        if not self.is_in_company:
            self._late = self._ask_frequencies(line)

    def entered_as(self, article: str) -> str:
        """The group that an article's text was entered as, "" where it was not."""
        return self._entered_as.get(article, "")

    def _ask_frequencies(self, line: Line) -> Ticket[Late]:
        return line.send(self._telling.ask_frequencies(self._lang, self._now))

    def enter(self, newcomers: Sequence[Newcomer], line: Line) -> None:
        """Weigh the texts that found groups, or whose group was reworded, and enter them by their terms."""
        self._newcomers = tuple(newcomers)
        self._entered_as = {newcomer.article.id: newcomer.group for newcomer in newcomers}
        if not newcomers:
            return
        late = (self._late or self._ask_frequencies(line)).result()
        if late.fold:
            line.send(late.fold)
        frequencies = late.frequencies
        self._seen = frequencies.texts
        self._vectors = [self._vector(newcomer.article, frequencies) for newcomer in newcomers]
        self._meanings = self._said(newcomers)
        self._postings = [
            vector_posting(one.group, int(one.article.time.timestamp()), vector, self._config.lookups, said)
            for one, vector, said in zip(newcomers, self._vectors, self._meanings, strict=True)
        ]
        asked = self._telling.ask_post(self._lang, self._postings, frequencies, self._now)
        self._entered = line.send(asked)

    def look(self, line: Line) -> None:
        """Ask what is known of those that share most."""
        if self._entered is None:
            return
        self._best = [shared.best(self._config.candidates) for shared in self._entered.result().shared]
        self._known = line.send(self._around())

    def decide(self, line: Line) -> dict[str, StoryDecision]:
        """The stories of what was entered, by the articles' ids; texts that were entered before have theirs first."""
        if self._known is None or self._entered is None:
            return {}
        known = self._known.result()
        own = [posting.group for posting in self._postings]
        # Who was entered after these texts waits for them.
        awaited = (known.untold & self._entered.result().ahead).difference(map(number_of, own))
        if self._awaiting.wait(line, self._lang, awaited, own):
            known = line.send(self._around()).result()
        return self._decisions(known)

    def _around(self) -> Call[Known]:
        room, width = len(self._postings), self._config.terms.terms
        return self._telling.ask_around(self._lang, self._best, room, width, self._model)

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

    def _decisions(self, known: Known) -> dict[str, StoryDecision]:
        around = known.around
        result: dict[str, StoryDecision] = {}
        self._forget_own(known)
        rows = zip(self._newcomers, self._postings, self._vectors, self._meanings, self._best, strict=True)
        for done, (newcomer, posting, vector, meaning, wanted) in enumerate(rows, 1):
            if newcomer.left:
                around.size.setdefault(newcomer.left, newcomer.left_size)
            own = around.add(
                posting.group,
                posting.time,
                vector.slots,
                vector.weights,
                newcomer.left,
                vector.days,
                meaning and meaning[1],
            )
            candidates = self._in_window(own, wanted, known)
            decision = decide_story(
                own, vector, candidates, around, self._seen + done, self._config, story_id
            )
            known.rows[number_of(posting.group)] = own
            result[newcomer.article.id] = decision
        return result

    def _forget_own(self, known: Known) -> None:
        """A call that was made twice finds its own texts as well, which count for others once they have a story."""
        for newcomer, posting in zip(self._newcomers, self._postings, strict=True):
            if not newcomer.left:
                known.rows.pop(number_of(posting.group), None)

    def _in_window(self, own: int, wanted: Groups, known: Known) -> list[int]:
        window, times, time = self._config.window_days * 86_400, known.around.times, known.around.times[own]
        # A text that moved to another slice is in both.
        numbers = dict.fromkeys(number for groups in wanted.values() for number in groups.tolist())
        rows = (known.rows[number] for number in numbers if number in known.rows)
        return [row for row in rows if abs(times[row] - time) <= window]
