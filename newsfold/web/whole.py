"""A story's page: its texts with their beginnings, and two of them against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from newsfold.web.against import MOST_TEXTS, Pair, matrix, pair
from newsfold.web.front import outlines
from storage.outlines import StoryOutline
from storage.reader import Reader
from storage.views import ArticleView, StorySummary

MOST_ARTICLES: Final = 1_000
# Texts beyond are a list of headlines.
MOST_SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class StoryPage:
    """What the page shows. `leads` are beginnings by article, `numbers` each group's place on the page with its origin,
    `compared` the articles of the matrix, `shared` the words that two of them have in common, by their positions."""

    story: StoryOutline
    leads: Mapping[str, str]
    numbers: Mapping[str, tuple[int, str]]
    compared: Sequence[ArticleView]
    shared: Mapping[tuple[int, int], int]
    pair: Pair | None
    most: int = MOST_SHOWN

    def is_text(self, article: str) -> bool:
        """Whether an article is the first to print its text."""
        return any(origin == article for _, origin in self.numbers.values())

    def is_shown(self, one: str, other: str) -> bool:
        """Whether the page shows these two against each other."""
        shown = self.pair and {self.pair.one.article.id, self.pair.other.article.id}
        return shown == {one, other}


def story_page(reader: Reader, summary: StorySummary, wanted: Sequence[str]) -> StoryPage:
    """The page of a story; `wanted` are the two articles to compare, where they are in it."""
    (story,) = outlines(reader, [summary], MOST_ARTICLES)
    origins = [text.group.articles[0].id for text in story.texts[:MOST_SHOWN]]
    read = {article.id: article for article in reader.articles(origins)}
    texts = [read[origin] for origin in origins if origin in read][:MOST_TEXTS]
    shared = matrix(texts) if len(texts) > 2 else {}
    return StoryPage(
        story=story,
        leads={article.id: article.text for article in read.values()},
        numbers=numbers(story),
        compared=texts,
        shared=shared,
        pair=_pair(reader, _wanted(story, wanted) or _first_two(story, texts, shared)),
    )


def numbers(story: StoryOutline) -> dict[str, tuple[int, str]]:
    """Each group's place among the texts of its story, from 1, with its origin."""
    return {text.group.id: (number, text.group.articles[0].id) for number, text in enumerate(story.texts, 1)}


def _pair(reader: Reader, ids: Sequence[str]) -> Pair | None:
    found = reader.articles(ids)
    return pair(found[0], found[1]) if len(found) == 2 else None


def _wanted(story: StoryOutline, wanted: Sequence[str]) -> list[str]:
    there = {article.id for article in story.articles}
    ids = [identity for identity in dict.fromkeys(wanted) if identity in there]
    return ids if len(ids) == 2 else []


def _first_two(
    story: StoryOutline, texts: Sequence[ArticleView], shared: Mapping[tuple[int, int], int]
) -> list[str]:
    """The two texts with most in common, else the first text and a reprint that is not word for word the same."""
    if shared and max(shared.values()):
        i, j = max(sorted(shared), key=lambda places: shared[places])
        return [texts[i].id, texts[j].id]
    if len(texts) == 2:
        return [text.id for text in texts]
    printed = story.texts[0].group.articles if story.texts else ()
    edited = [article for article in printed[1:] if article.verdict != "exact"] or printed[1:]
    if edited:
        return [printed[0].id, edited[0].id]
    return [text.id for text in texts[:2]]
