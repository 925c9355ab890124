"""What a request asks for: stories by its query, one story by its path."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from storage.reader import Reader
from storage.views import StorySummary, StoryView

READER = web.AppKey("reader", Reader)
_MOST = 200
_NO_STORY = "There is no such story"
_SORTS: dict[str, Callable[[StorySummary], Any]] = {
    "outlets": lambda s: (-s.outlets, -s.articles, s.id),
    "latest": lambda s: (-(s.latest.timestamp() if s.latest else 0), s.id),
    "growth": lambda s: (-s.growth, -s.articles, s.id),
}


async def stories(request: web.Request) -> list[StorySummary]:
    """All stories, latest first."""
    return await asyncio.to_thread(request.app[READER].stories)


def chosen(found: list[StorySummary], request: web.Request) -> list[StorySummary]:
    """Those of the stories that the query asks for."""
    query = request.query
    lang, words = query.get("lang", "").lower(), query.get("q", "").casefold().split()
    wanted = query.get("min_outlets", "")
    outlets = int(wanted) if wanted.isdecimal() and len(wanted) < 7 else 0
    matching = [
        story
        for story in found
        if (not lang or story.lang == lang)
        and story.outlets >= outlets
        and all(word in story.headline.casefold() for word in words)
    ]
    return sorted(matching, key=_SORTS.get(query.get("sort", ""), _SORTS["outlets"]))[:_MOST]


async def one_story(request: web.Request) -> StoryView:
    """The story that the path names, by id or a beginning that only one has."""
    reader, wanted = request.app[READER], request.match_info["id"]
    # Ids are letters and digits; anything else could name a key beside a story, or a pattern.
    if not (wanted.isascii() and wanted.isalnum()):
        raise web.HTTPNotFound(reason=_NO_STORY)
    ids = await asyncio.to_thread(reader.resolve, "story", wanted)
    story = await asyncio.to_thread(reader.story, ids[0]) if len(ids) == 1 else None
    if story is None:
        raise web.HTTPNotFound(reason=_NO_STORY)
    return story
