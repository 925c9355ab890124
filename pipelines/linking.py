"""The steps of finding groups of other languages that tell the same event as a batch's new groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dedup.bridges import bridge_keys, bridge_score, index_keys, related
from dedup.model import Newcomer
from dedup.thresholds import BridgeConfig
from storage.bridged import Bridged, Bridging
from storage.line import Line, Ticket
from storage.told import Entered

# What is told first names who, where and when; more of a text costs more and finds little.
_READ = 700


class Linker:
    """Links one language's part of a batch to the other languages."""

    def __init__(self, bridging: Bridging, lang: str, config: BridgeConfig, now: datetime) -> None:
        self._bridging, self._lang, self._config, self._now = bridging, lang, config, now
        self._languages: Ticket[tuple[str, ...]] | None = None
        self._entered: Ticket[Entered] | None = None
        self._known: Ticket[dict[int, Bridged]] | None = None

    def open(self, line: Line) -> None:
        """Ask which languages there are."""
        self._languages = line.send(self._bridging.ask_languages(self._now))

    def enter(self, newcomers: Sequence[Newcomer], line: Line) -> None:
        """Enter the groups of texts that are new by what of them survives translation."""
        if not newcomers or self._languages is None:
            return
        self._groups = [self._bridged(newcomer) for newcomer in newcomers]
        self._reworded = [newcomer.group for newcomer in newcomers if newcomer.left]
        keys = [index_keys(group.bridges, self._config) for group in self._groups]
        asked = self._bridging.ask_post(self._groups, keys, self._languages.result(), self._now)
        self._entered = line.send(asked)

    def look(self, line: Line) -> None:
        """Ask what is known of those in other languages that share most."""
        if self._entered is None:
            return
        self._best = [shared.best(self._config.candidates) for shared in self._entered.result().shared]
        self._known = line.send(self._bridging.ask_bridged(self._best)) if any(self._best) else None

    def relate(self, line: Line) -> None:
        """Link the groups, which are stored next, to those that they are related to."""
        if self._entered is None:
            return
        known, pairs = self._known.result() if self._known else {}, list[tuple[str, str, float]]()
        for group, wanted in zip(self._groups, self._best, strict=True):
            numbers = (number for some in wanted.values() for number in some.tolist())
            others = [known[number] for number in numbers if number in known]
            pairs += [self._pair(group, other) for other in others if self._are_related(group, other)]
        if pairs or self._reworded:
            line.send(self._bridging.ask_relate(pairs, self._reworded))

    def _bridged(self, newcomer: Newcomer) -> Bridged:
        article = newcomer.article
        bridges = bridge_keys(article.title, article.text[:_READ], self._lang, article.time, self._config)
        return Bridged(newcomer.group, self._lang, int(article.time.timestamp()), bridges)

    def _are_related(self, one: Bridged, other: Bridged) -> bool:
        near = abs(one.time - other.time) <= self._config.window_days * 86_400
        return near and one.lang != other.lang and related(one.bridges, other.bridges, self._config)

    def _pair(self, one: Bridged, other: Bridged) -> tuple[str, str, float]:
        return one.group, other.group, round(bridge_score(one.bridges, other.bridges, self._config), 4)
