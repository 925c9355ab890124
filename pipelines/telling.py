"""The steps of finding the stories of a batch's new groups: weigh, enter and look, bring who was found, decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dedup.model import Article, Newcomer, StoryDecision
from dedup.stories import Ledger, Told, decide_story
from dedup.terms import Frequencies, TermVector, count_terms, weigh
from dedup.thresholds import StoryConfig
from storage.keys import story_id
from storage.line import Line, Ticket
from storage.told import Groups, Known, Posting, Telling, number_of, vector_posting


class StoryTeller:
    """Tells the stories of one language's part of a batch."""

    def __init__(self, telling: Telling, lang: str, config: StoryConfig, now: datetime) -> None:
        self._telling, self._lang, self._config, self._now = telling, lang, config, now
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
        postings = [
            vector_posting(one.group, int(one.article.time.timestamp()), vector, self._config.lookups)
            for one, vector in zip(newcomers, vectors, strict=True)
        ]
        found = line.send(self._telling.ask_post(self._lang, postings, frequencies, self._now)).result()
        best = [shared.best(self._config.candidates) for shared in found]
        known = line.send(self._telling.ask_around(self._lang, best)).result()
        return self._decisions(newcomers, postings, vectors, best, known, seen)

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
        best: Sequence[Groups],
        known: Known,
        seen: int,
    ) -> dict[str, StoryDecision]:
        ledger = Ledger(dict(known.story), dict(known.size))
        told = dict(known.told)
        result: dict[str, StoryDecision] = {}
        for done, (newcomer, posting, vector, wanted) in enumerate(
            zip(newcomers, postings, vectors, best, strict=True)
        ):
            if newcomer.left:
                ledger.story[newcomer.group] = newcomer.left
                ledger.size.setdefault(newcomer.left, newcomer.left_size)
            own = Told(posting.group, posting.time, vector.slots, vector.weights)
            around = self._in_window(own, wanted, told)
            decision = decide_story(own, vector, around, ledger, seen + done + 1, self._config, story_id)
            told[number_of(own.group)] = Told(own.group, own.time, own.slots, own.weights, decision.density)
            result[newcomer.article.id] = decision
        return result

    def _in_window(self, own: Told, wanted: Groups, told: dict[int, Told]) -> list[Told]:
        window = self._config.window_days * 86_400
        numbers = (number for groups in wanted.values() for number in groups.tolist())
        return [
            there
            for number in numbers
            if (there := told.get(number)) and abs(there.time - own.time) <= window
        ]
