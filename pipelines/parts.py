"""The parts of a batch that are placed one after the other: one language's, in which no article is twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dedup.model import Article


def parts_of(articles: Sequence[Article]) -> Iterator[tuple[str, list[int]]]:
    """Language after language, and which articles of the batch are in each part."""
    by_lang: dict[str, list[int]] = defaultdict(list)
    for position, article in enumerate(articles):
        by_lang[article.lang].append(position)
    for lang, positions in by_lang.items():
        for part in _without_repeats(positions, articles):
            yield lang, part


def _without_repeats(positions: Sequence[int], articles: Sequence[Article]) -> list[list[int]]:
    """One article twice in a batch: the later one must find the earlier one stored."""
    parts: list[list[int]] = [[]]
    seen: set[str] = set()
    for position in positions:
        article = articles[position].id
        if article in seen:
            parts.append([])
            seen.clear()
        seen.add(article)
        parts[-1].append(position)
    return parts
