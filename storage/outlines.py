"""Stories as a front page shows them: who printed what when, without the texts; few round trips for many stories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import redis

from storage.keys import Keys
from storage.plain import iso, text_of
from storage.rows import article_of
from storage.views import ArticleView, GroupView, StorySummary

_SHOWN: Final = (
    "id", "url", "outlet", "lang", "title", "published", "seen", "group", "story", "verdict", "similarity", "matched",
    "wire", "revisions",
)  # fmt: skip
# So much of a text is its lead; the rest is not kept.
LEAD_CHARACTERS: Final = 600
_MOST_GROUPS: Final = 500


@dataclass(frozen=True, slots=True)
class TextOutline:
    """One text of a story: its group with those of its articles that were read, the origin first, and how many it has
    in all. The articles' own texts are empty."""

    group: GroupView
    size: int


@dataclass(frozen=True, slots=True)
class StoryOutline:
    """One story: its texts (most printed first), outlets with their articles, the beginning of its representative's
    text, and the stories on the same event in other languages, best first."""

    summary: StorySummary
    texts: tuple[TextOutline, ...]
    outlets: Mapping[str, int]
    lead: str
    related: tuple[tuple[StorySummary, float], ...] = ()

    @property
    def articles(self) -> tuple[ArticleView, ...]:
        """Those that were read, in the order of their times."""
        read = (article for text in self.texts for article in text.group.articles)
        return tuple(sorted(read, key=lambda article: (iso(article.time), article.id)))


class Outlines:
    """Reads the parts of outlines, each for many stories at once."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client, self._keys = client, keys

    def outlets(self, stories: Iterable[str]) -> list[dict[str, int]]:
        """Of each story its outlets with their articles, most first."""
        pipe = self._client.pipeline(transaction=False)
        for story in stories:
            pipe.hgetall(self._keys.story_outlets(story))
        rows = [{text_of(name): int(n) for name, n in row.items()} for row in pipe.execute()]
        return [dict(sorted(row.items(), key=lambda pair: (-pair[1], pair[0]))) for row in rows]

    def leads(self, articles: Iterable[str]) -> list[str]:
        """Of each article the beginning of its text, "" where it has expired."""
        pipe = self._client.pipeline(transaction=False)
        for article in articles:
            pipe.hget(self._keys.article(article), "text")
        return [text_of(text)[:LEAD_CHARACTERS] if text else "" for text in pipe.execute()]

    def texts(self, stories: Sequence[str], most: int) -> list[tuple[TextOutline, ...]]:
        """Of each story its texts, from the earliest `most` of its articles."""
        pipe = self._client.pipeline(transaction=False)
        for story in stories:
            pipe.zrange(self._keys.story_articles(story), 0, most - 1)
        printed = self._articles([[text_of(i) for i in ids] for ids in pipe.execute()])
        groups = sorted({article.group for articles in printed for article in articles})
        facts = self._groups(groups)
        return [_texts(articles, facts) for articles in printed]

    def links(self, stories: Sequence[str]) -> list[dict[str, float]]:
        """Of each story the groups in other languages that tell the same event, with the best score of each."""
        pipe = self._client.pipeline(transaction=False)
        for story in stories:
            pipe.zrange(self._keys.story_groups(story), 0, _MOST_GROUPS - 1)
        groups = [[text_of(group) for group in some] for some in pipe.execute()]
        for group in (one for some in groups for one in some):
            pipe.zrange(self._keys.group_related(group), 0, -1, withscores=True)
        answers = iter(pipe.execute())
        return [_best(next(answers) for _ in some) for some in groups]

    def _articles(self, ids: Sequence[Sequence[str]]) -> list[list[ArticleView]]:
        pipe = self._client.pipeline(transaction=False)
        for identity in (one for some in ids for one in some):
            pipe.hmget(self._keys.article(identity), _SHOWN)
        rows = iter(pipe.execute())
        found = []
        for some in ids:
            read = [_row(next(rows)) for _ in some]
            found.append([article_of(row) for row in read if row.get("group")])
        return found

    def _groups(self, groups: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Of each group its origin and how many articles it has."""
        pipe = self._client.pipeline(transaction=False)
        for group in groups:
            pipe.hmget(self._keys.group(group), "origin", "articles")
        rows = pipe.execute()
        return {
            group: (text_of(origin or ""), int(n or 0))
            for group, (origin, n) in zip(groups, rows, strict=True)
        }


def _best(answers: Iterable[Iterable[tuple[object, float]]]) -> dict[str, float]:
    best: dict[str, float] = {}
    for group, score in (pair for answer in answers for pair in answer):
        best[text_of(group)] = max(score, best.get(text_of(group), 0.0))
    return best


def _row(values: Sequence[object]) -> dict[str, str]:
    return {name: text_of(value) for name, value in zip(_SHOWN, values, strict=True) if value is not None}


def _texts(articles: Iterable[ArticleView], facts: Mapping[str, tuple[str, int]]) -> tuple[TextOutline, ...]:
    """Articles gathered by the text they print."""
    by_group: defaultdict[str, list[ArticleView]] = defaultdict(list)
    for article in articles:
        by_group[article.group].append(article)
    texts = []
    for identity, members in by_group.items():
        origin, size = facts[identity]
        members.sort(key=lambda a: (a.id != origin, iso(a.time), a.id))
        group = GroupView(identity, members[0].story, origin, tuple(members))
        texts.append(TextOutline(group, max(size, len(members))))
    return tuple(sorted(texts, key=lambda t: (-t.size, iso(t.group.articles[0].time), t.group.id)))
