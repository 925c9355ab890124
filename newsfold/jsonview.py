"""Views as JSON, the same for every `--json`, the export and the web API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from newsfold.safetext import safe_json
from storage.plain import iso
from storage.views import ArticleView, FeedView, GroupView, StorySummary, StoryView

if TYPE_CHECKING:
    from crawler.model import FeedSpec
    from newsfold.doctor import Finding
    from storage.backup import Head
    from storage.corrections import Correction
    from storage.figures import Figures
    from storage.prune import Pruned


def plain_value(value: object) -> Any:
    """A value as JSON has it: times as ISO 8601 in UTC, tuples as lists."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Mapping):
        return {str(key): plain_value(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [plain_value(inner) for inner in value]
    return value


def _fields(view: object, *without: str) -> dict[str, Any]:
    names = getattr(view, "__slots__", ())
    return {name: plain_value(getattr(view, name)) for name in names if name not in without}


def summary_json(story: StorySummary) -> dict[str, Any]:
    """A story as a line of the table."""
    return _fields(story)


def article_json(article: ArticleView) -> dict[str, Any]:
    """An article whole."""
    return _fields(article, "headline_in_text", "skip")


def exported(article: ArticleView, *, with_text: bool) -> dict[str, Any]:
    """An article as `newsfold export` writes it; `repeats` is their number, `repeated` their list."""
    line = _fields(
        article,
        "headline_in_text",
        "skip",
        "text",
        "aside",
        "matched",
        "terms",
        "score",
        "beside",
        "verdict",
        "similarity",
    )
    return {**line, **({"text": article.text} if with_text else {})}


def group_json(group: GroupView) -> dict[str, Any]:
    """A group with its articles, the origin first."""
    articles = [
        _fields(
            a,
            "text",
            "aside",
            "repeated",
            "headline_in_text",
            "skip",
            "terms",
            "beside",
            "authors",
            "image",
            "taken_from",
        )
        for a in group.articles
    ]
    return {
        "id": group.id,
        "origin": group.origin,
        "wire": group.wire,
        "outlets": list(group.outlets),
        "articles": articles,
    }


def story_json(story: StoryView) -> dict[str, Any]:
    """A story with its groups, outlets and timeline."""
    articles = [a for group in story.groups for a in group.articles]
    timeline = [
        {"time": iso(a.time), "article": a.id, "outlet": a.outlet, "group": a.group, "title": a.title}
        for a in sorted(articles, key=lambda a: (iso(a.time), a.id))
    ]
    return {
        **summary_json(story.summary),
        "counts": dict(story.outlets),
        "related": [{**summary_json(other), "score": round(score, 4)} for other, score in story.related],
        "texts": [group_json(group) for group in story.groups],
        "timeline": timeline,
    }


def feed_json(feed: FeedView) -> dict[str, Any]:
    """A feed with its last poll and its next."""
    return _fields(feed)


def spec_json(spec: FeedSpec) -> dict[str, Any]:
    """A feed as it is listed."""
    return _fields(spec)


def stats_json(found: Figures) -> dict[str, Any]:
    """How much there is."""
    languages = {
        lang: dict(zip(("stories", "texts", "articles"), counts, strict=True))
        for lang, counts in found.languages.items()
    }
    return {**_fields(found.totals), **_fields(found, "totals"), "languages": languages}


def finding_json(finding: Finding) -> dict[str, Any]:
    """One thing that was looked at."""
    return _fields(finding)


def pruned_json(pruned: Pruned) -> dict[str, Any]:
    """What went."""
    return _fields(pruned)


def head_json(head: Head) -> dict[str, Any]:
    """What a backup says of itself."""
    return _fields(head)


def correction_json(correction: Correction) -> dict[str, Any]:
    """What was put right."""
    return _fields(correction)


def found_json(article: ArticleView) -> dict[str, Any]:
    """An article that was searched for."""
    names = ("id", "url", "outlet", "lang", "title", "published", "seen", "group", "story")
    return {name: plain_value(getattr(article, name)) for name in names}


def timeline_json(story: StoryView) -> dict[str, Any]:
    """A story's texts in the order in which they first came, each with all who printed it."""
    texts = [
        {
            "group": group.id,
            "wire": group.wire,
            "articles": [
                {"time": iso(a.time), "id": a.id, "outlet": a.outlet, "title": a.title, "url": a.url}
                for a in sorted(group.articles, key=lambda a: (iso(a.time), a.id))
            ],
        }
        for group in story.groups
    ]
    return {
        "id": story.summary.id,
        "texts": sorted(texts, key=lambda text: (text["articles"][0]["time"], text["group"])),
    }


def dumps(value: object) -> str:
    """JSON for people and scripts: readable in any script, one line, nothing in it that a terminal obeys."""
    return safe_json(json.dumps(value, ensure_ascii=False))
