"""Placement of batches: fingerprint, insert and read, decide, link. No decision is taken here itself."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dedup.fingerprint import fingerprint
from dedup.groups import decide, first_look, held
from dedup.model import Article, GroupDecision, Newcomer, Placement
from dedup.stubs import stub_of
from dedup.thresholds import BridgeConfig, GroupConfig, MinHashConfig, StoryConfig
from pipelines.awaiting import Awaiting
from pipelines.comparing import Comparison, RecentTexts
from pipelines.embedding import Embedder
from pipelines.furnishing import Furnishing
from pipelines.linking import Linker
from pipelines.outcome import link_of, placement_of
from pipelines.parts import parts_of
from pipelines.stream import IN_FLIGHT, Part, gather, run
from pipelines.telling import StoryTeller
from storage.index import Index
from storage.keys import group_id, regroup_id
from storage.line import Line
from storage.records import Body


@dataclass(frozen=True, slots=True)
class Rules:
    """The parameters of placement, in one value; without `tell_stories` articles are grouped and no more."""

    minhash: MinHashConfig = field(default_factory=MinHashConfig)
    groups: GroupConfig = field(default_factory=GroupConfig)
    stories: StoryConfig = field(default_factory=StoryConfig)
    bridges: BridgeConfig = field(default_factory=BridgeConfig)
    tell_stories: bool = True


@dataclass(frozen=True, slots=True)
class Submission:
    """An article to place, all addresses that lead to it, and the queued page that it settles."""

    article: Article
    urls: tuple[str, ...] = ()
    page: str = ""


class Placer:
    """Places batches of articles, in their order, into groups and stories."""

    def __init__(self, index: Index, rules: Rules, embedder: Embedder | None = None) -> None:
        self._index, self._rules, self._embedder = index, rules, embedder
        self._recent, self._awaiting = RecentTexts(), Awaiting(index.telling)

    def place(self, batch: Sequence[Submission], now: datetime) -> list[Placement]:
        """Place every article; the answers are in the order of the batch."""
        return next(self.place_all([(batch, now)]), [])

    def place_all(
        self, batches: Iterable[tuple[Sequence[Submission], datetime]]
    ) -> Iterator[list[Placement]]:
        """Place batch after batch, each with the time it counts as met, while the next are made ready.

        The outcome is that of `place` for one batch after another.
        """
        with self._index.line() as line:
            yield from gather(run(line, self._units(batches)))

    def _units(self, batches: Iterable[tuple[Sequence[Submission], datetime]]) -> Iterator[_LanguageBatch]:
        before: dict[str, deque[Furnishing]] = defaultdict(lambda: deque(maxlen=IN_FLIGHT))
        for number, (batch, now) in enumerate(batches):
            parts = list(parts_of([submission.article for submission in batch]))
            for left, (lang, part) in enumerate(parts, 1 - len(parts)):
                about = Part(number, tuple(part), is_last=not left)
                submissions = [batch[p] for p in part]
                furnishing = Furnishing(
                    self._index, lang, self._rules.minhash, self._rules.groups, before[lang]
                )
                teller = StoryTeller(
                    self._index.telling, lang, self._rules.stories, now, self._awaiting, self._embedder
                )
                yield _LanguageBatch(
                    self._index, self._rules, self._recent, furnishing, teller, about, submissions, now
                )
                before[lang].append(furnishing)


class _LanguageBatch:
    """One language's part of a batch, and the steps of placing it (`pipelines.stream` says in which order)."""

    def __init__(
        self,
        index: Index,
        rules: Rules,
        recent: RecentTexts,
        furnishing: Furnishing,
        teller: StoryTeller,
        part: Part,
        batch: Sequence[Submission],
        now: datetime,
    ) -> None:
        self._index, self._rules, self._now = index, rules, now
        self._recent, self._furnishing = recent, furnishing
        self.part, self._batch, self._lang = part, batch, batch[0].article.lang
        self.ids = [submission.article.id for submission in batch]
        self._articles = [submission.article for submission in batch]
        self._teller = teller
        self._linker = Linker(index.bridging, self._lang, rules.bridges, now)

    @property
    def is_in_company(self) -> bool:
        """Whether other workers enter texts on the same events at this time, and wait for these."""
        return self._teller.is_in_company

    def open(self, line: Line) -> None:
        """Ask what is known of the outlets."""
        asked = self._furnishing.ask(self._articles)
        self._outlets = line.send(asked) if asked else None

    def set_apart(self) -> None:
        """Tell furniture from text."""
        known = self._outlets.result() if self._outlets else {}
        self._articles = self._furnishing.set_apart(self._articles, known)

    def prepare(self) -> None:
        """Take fingerprints, write the records: what needs no other text."""
        texts = [article.text for article in self._articles]
        bodies = [article.body_of(text) for article, text in zip(self._articles, texts, strict=True)]
        self._bodies = [
            Body(body, a.outlet, a.skip, stub_of(a.title, body, a.lang))
            for a, body in zip(self._articles, bodies, strict=True)
        ]
        self._prints = fingerprint(bodies, self._rules.minhash, [a.skip for a in self._articles])
        exact, self._shingles = self._prints.exact.tolist(), self._prints.shingles.tolist()
        self._records = [
            self._index.record(
                article, texts[i], exact[i], self._shingles[i], submission.urls, submission.page
            )
            for i, (article, submission) in enumerate(zip(self._articles, self._batch, strict=True))
        ]

    def insert(self, line: Line) -> None:
        """Put the texts into the index, where others find them who place at the same time and want to read them."""
        for asked in self._index.underway.ask_put(dict(zip(self.ids, self._bodies, strict=True))):
            line.send(asked)
        self._inserted = self._index.enter(line, self._lang, self.ids, self._prints, self._now)

    def look(self, line: Line) -> None:
        """See who shares a bucket, and ask for those fingerprints that are not at hand."""
        self._shared = self._inserted.result()
        self._found = self._shared.found
        self._recent.add(self.ids, self._bodies, self._prints)
        self._fetched = self._index.fetch(line, self._lang, self._shared)

    def compare(self, line: Line) -> None:
        """Settle what estimates can settle, and ask for the texts that must be compared."""
        fetched = self._fetched.result() if self._fetched else {}
        candidates = self._index.candidates(self._lang, self._prints, self._shared, fetched)
        stubs = {place for place, body in enumerate(self._bodies) if body.stub is not None}
        self._looks = first_look(self.ids, self._prints, candidates, self._rules.groups, stubs)
        self._comparison = Comparison(self._recent, self._furnishing, self._rules.minhash, self._rules.groups)
        self._missing = missing = self._comparison.missing(self._looks)
        asked_of = {a for place, look in enumerate(self._looks) for a in held(look, self.ids[:place])}
        asked = self._index.ask_texts(missing, sorted(asked_of))
        self._texts = line.send(asked) if missing or asked_of else None
        # What was linked since they were inserted may have changed where reworded articles stand.
        reworded = [name for name, entry in zip(self.ids, self._found, strict=True) if entry.stood]
        self._stood = line.send(self._index.ask_stood(reworded)) if reworded else None
        if self._rules.tell_stories:
            self._teller.open(line)
            self._linker.open(line)

    def tell(self, line: Line) -> None:
        """Decide on groups, and enter the texts whose story is to be told."""
        stood = self._stood.result() if self._stood else {}
        self._found = tuple(
            replace(entry, stood=stood.get(name, entry.stood)) if entry.stood else entry
            for name, entry in zip(self.ids, self._found, strict=True)
        )
        self._decisions = self._decide_groups()
        newcomers = list(self._newcomers(self._decisions)) if self._rules.tell_stories else []
        # Others wait for what the teller enters until it is linked: so it comes last.
        self._linker.enter(newcomers, line)
        self._teller.enter(newcomers, line)

    def meet(self, line: Line) -> None:
        """Ask what is known of the texts that share terms."""
        self._teller.look(line)
        self._linker.look(line)

    def link(self, line: Line) -> None:
        """Decide on stories, and store each article where it belongs."""
        stories = self._teller.decide(line)
        self._links = [
            link_of(
                record,
                decision,
                stories.get(record.article.id),
                self._teller.spot,
                reworded=bool(entry.stood),
                again=look.again,
                posted=self._teller.entered_as(record.article.id),
            )
            for record, decision, entry, look in zip(
                self._records, self._decisions, self._found, self._looks, strict=True
            )
        ]
        # An article counts as known once it is linked, and what goes with a new one is not done again then: so it
        # goes first, lest a worker that dies in between leaves it undone for good.
        self._linker.relate(line)
        new = [a for a, f in zip(self._articles, self._found, strict=True) if not f.known_group]
        taught = self._furnishing.ask_remember(new, self._now)
        if taught:
            line.send(taught)
        tell, mark = self._rules.tell_stories, self._shared.mark
        asked = self._index.ask_link(self._lang, self._links, self._now, stories=tell, mark=mark)
        self._linked = line.send(asked)
        self._taken_away = line.send(self._index.underway.ask_take_away(self.ids))

    def placements(self) -> list[Placement]:
        """Where the articles went."""
        linked = self._linked.result()
        self._taken_away.result()
        return [placement_of(link, where) for link, where in zip(self._links, linked, strict=True)]

    def _decide_groups(self) -> list[GroupDecision]:
        bodies, longest = self._texts.result() if self._texts else ({}, {})
        bodies |= self._index.underway.get(name for name in self._missing if name not in bodies)
        # What was neither may have been stored between the two questions.
        bodies |= self._index.bodies([name for name in self._missing if name not in bodies])
        settled = self._comparison.settle(self._articles, self._looks, bodies)
        matches = [(*look.matches, *found) for look, found in zip(self._looks, settled, strict=True)]
        return [
            decide(own, found, longest, self.ids[:place])
            for place, (own, found) in enumerate(zip(self._shingles, matches, strict=True))
        ]

    def _newcomers(self, decisions: Sequence[GroupDecision]) -> Iterator[Newcomer]:
        """The texts that may found a group, or are one by themselves and were reworded; the others go where their group is."""
        for record, entry, decision in zip(self._records, self._found, decisions, strict=True):
            article, stood = record.article, entry.stood
            if entry.known_group and (decision.unite or not stood):
                continue
            if not decision.founds:
                continue
            if stood is None:
                yield Newcomer(article, group_id(article.id))
            elif stood.group_size == 1:
                yield Newcomer(article, stood.group, stood.story, stood.story_size)
            else:
                yield Newcomer(article, regroup_id(article.id, record.digest))
