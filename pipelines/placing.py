"""Placement of batches: fingerprint, insert and read, decide, link. No decision is taken here itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from dedup.fingerprint import fingerprint
from dedup.groups import FirstLook, decide, first_look, settle
from dedup.model import (
    Article,
    Fingerprint,
    GroupDecision,
    Match,
    Neighbour,
    Placement,
    StoryDecision,
    Verdict,
)
from dedup.similarity import ShingledText, overlap, shingle_texts
from dedup.stories import decide_story
from dedup.terms import term_vector
from dedup.thresholds import GroupConfig, MinHashConfig, StoryConfig
from pipelines.furnishing import Furnishing
from storage.index import Body, Found, Index, Link, Linked, Query
from storage.keys import group_id, story_id


@dataclass(frozen=True, slots=True)
class Rules:
    """The parameters of placement, in one value; without `tell_stories` articles are grouped and no more."""

    minhash: MinHashConfig = field(default_factory=MinHashConfig)
    groups: GroupConfig = field(default_factory=GroupConfig)
    stories: StoryConfig = field(default_factory=StoryConfig)
    tell_stories: bool = True


@dataclass(frozen=True, slots=True)
class Submission:
    """An article to place, all addresses that lead to it, and the queued page that it settles."""

    article: Article
    urls: tuple[str, ...] = ()
    page: str = ""


class Placer:
    """Places batches of articles, in their order, into groups and stories."""

    def __init__(self, index: Index, rules: Rules) -> None:
        self._index, self._rules = index, rules

    def place(self, batch: Sequence[Submission], now: datetime) -> list[Placement]:
        """Place every article; the answers are in the order of the batch."""
        by_lang: dict[str, list[int]] = defaultdict(list)
        for position, submission in enumerate(batch):
            by_lang[submission.article.lang].append(position)
        placements: dict[int, Placement] = {}
        for lang, positions in by_lang.items():
            # One article twice in a batch: the later one must find the earlier one stored.
            for part in _without_repeats(positions, batch):
                submissions = [batch[p] for p in part]
                placed = _LanguageBatch(self._index, self._rules, lang, submissions, now).place()
                placements.update(zip(part, placed, strict=True))
        return [placements[position] for position in range(len(batch))]


def _without_repeats(positions: Sequence[int], batch: Sequence[Submission]) -> list[list[int]]:
    parts: list[list[int]] = [[]]
    seen: set[str] = set()
    for position in positions:
        article = batch[position].article.id
        if article in seen:
            parts.append([])
            seen.clear()
        seen.add(article)
        parts[-1].append(position)
    return parts


class _LanguageBatch:
    """The steps of one batch of one language."""

    def __init__(
        self, index: Index, rules: Rules, lang: str, batch: Sequence[Submission], now: datetime
    ) -> None:
        self._index, self._rules, self._lang, self._now = index, rules, lang, now
        self._batch = batch
        self._furnishing = Furnishing(index.outlets, index, lang, rules.minhash, rules.groups)
        self._articles: list[Article] = []
        self._prints: list[Fingerprint] = []

    def place(self) -> list[Placement]:
        """Run the steps."""
        self._articles = self._furnishing.set_apart([submission.article for submission in self._batch])
        bodies, skips = [a.body for a in self._articles], [a.skip for a in self._articles]
        self._prints = fingerprint(bodies, self._rules.minhash, skips)
        docs = [(a.id, p) for a, p in zip(self._articles, self._prints, strict=True)]
        found = self._index.insert_and_read(self._lang, docs, self._now)
        decisions = self._decide_groups(found)
        stories = self._decide_stories(found, decisions) if self._rules.tell_stories else {}
        links = [
            _link(
                replace(submission, article=article), own, decision, stories.get(article.id, StoryDecision())
            )
            for submission, article, own, decision in zip(
                self._batch, self._articles, self._prints, decisions, strict=True
            )
        ]
        linked = self._index.link(self._lang, links, self._now, stories=self._rules.tell_stories)
        new = [a for a, f in zip(self._articles, found, strict=True) if not f.known_group]
        self._furnishing.remember(new, self._now)
        return [_placement(link, where) for link, where in zip(links, linked, strict=True)]

    def _decide_groups(self, found: Sequence[Found]) -> list[GroupDecision]:
        looks = [
            first_look(own, entry.candidates, self._rules.groups)
            for own, entry in zip(self._prints, found, strict=True)
        ]
        texts, outlets = self._shingled(looks)
        return [
            decide(own, (*look.matches, *self._settle(article, look, texts, outlets)), entry.candidates)
            for article, own, entry, look in zip(self._articles, self._prints, found, looks, strict=True)
        ]

    def _shingled(self, looks: Sequence[FirstLook]) -> tuple[dict[str, ShingledText], dict[str, str]]:
        """The shingles and outlets of all texts that must be compared, in one go for the batch."""
        wanted = {candidate.article for look in looks for candidate in look.unsettled}
        if not wanted:
            return {}, {}
        asking = (a for a, look in zip(self._articles, looks, strict=True) if look.unsettled)
        here = {a.id: Body(a.body, a.outlet, a.skip) for a in (*asking, *self._articles_of(wanted))}
        bodies = here | self._index.bodies(sorted(wanted - here.keys()))
        skips = self._furnishing.skips(bodies)
        texts = shingle_texts(
            [body.text for body in bodies.values()],
            self._rules.minhash,
            [skips[article] for article in bodies],
        )
        return dict(zip(bodies, texts, strict=True)), {article: b.outlet for article, b in bodies.items()}

    def _articles_of(self, wanted: Set[str]) -> Iterator[Article]:
        return (article for article in self._articles if article.id in wanted)

    def _settle(
        self,
        article: Article,
        look: FirstLook,
        texts: Mapping[str, ShingledText],
        outlets: Mapping[str, str],
    ) -> list[Match]:
        """Compare with the unsettled candidates exactly; one whose text expired is a stranger."""
        settled = (
            settle(
                candidate,
                overlap(
                    texts[article.id],
                    texts[candidate.article],
                    one_outlet=bool(article.outlet) and outlets[candidate.article] == article.outlet,
                ),
                self._rules.groups,
            )
            for candidate in look.unsettled
            if candidate.article in texts
        )
        return [match for match in settled if match]

    def _decide_stories(
        self, found: Sequence[Found], decisions: Sequence[GroupDecision]
    ) -> dict[str, StoryDecision]:
        """Stories of the articles that found a group; the others go where their group is."""
        founders = [
            article
            for article, entry, decision in zip(self._articles, found, decisions, strict=True)
            if not decision.unite and not entry.known_group
        ]
        queries = [self._query(article) for article in founders]
        if not queries:
            return {}
        answers = self._index.neighbours(
            self._lang,
            queries,
            window_days=self._rules.stories.window_days,
            most=self._rules.stories.candidates,
        )
        chosen: dict[str, str] = {}
        result = {}
        for article, query, neighbours in zip(founders, queries, answers, strict=True):
            known = [_with_story(neighbour, chosen) for neighbour in neighbours]
            decision = decide_story(query.vector, known, self._rules.stories)
            chosen[query.group] = decision.story or story_id(query.group)
            result[article.id] = decision
        return result

    def _query(self, article: Article) -> Query:
        rules = self._rules.stories
        vector = term_vector(article.title, article.text, self._lang, rules.terms)
        return Query(group_id(article.id), article.time, vector, tuple(vector)[: rules.postings])


def _with_story(neighbour: Neighbour, chosen: Mapping[str, str]) -> Neighbour:
    """A group inserted but not linked yet has the story chosen in this batch, or will found its own."""
    if neighbour.story:
        return neighbour
    story = chosen.get(neighbour.group, story_id(neighbour.group))
    return Neighbour(neighbour.group, story, neighbour.story_groups, neighbour.vector)


def _link(submission: Submission, own: Fingerprint, group: GroupDecision, story: StoryDecision) -> Link:
    best = group.best
    return Link(
        article=submission.article,
        fingerprint=own,
        unite=group.unite,
        story=story.story,
        verdict=best.verdict if best else "new",
        similarity=best.similarity if best else 0.0,
        matched=best.article if best else "",
        score=story.score,
        terms=story.terms if story.story else (),
        urls=submission.urls,
        page=submission.page,
    )


def _placement(link: Link, where: Linked) -> Placement:
    known: dict[str, Verdict] = {"unchanged": "unchanged", "revision": "revision"}
    decided: dict[str, Verdict] = {
        "exact": "exact",
        "near-duplicate": "near-duplicate",
        "contained": "contained",
    }
    return Placement(
        article=link.article.id,
        group=where.group,
        story=where.story,
        verdict=known.get(where.verdict) or decided.get(link.verdict, "new"),
        similarity=link.similarity,
        matched=link.matched,
        group_is_new=where.group_is_new,
        story_is_new=where.story_is_new,
        score=link.score,
        terms=link.terms,
    )
