"""The one story that a request's path names."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from newsfold.web.asked import READER
from storage.views import StorySummary

_NO_STORY: Final = "There is no such story"


async def one_story(request: web.Request) -> StorySummary:
    """The story that the path names, by id or a beginning that only one has; HTTPNotFound for none."""
    reader, wanted = request.app[READER], request.match_info["id"]
    # Ids are letters and digits; anything else could name a key beside a story, or a pattern.
    if not (wanted.isascii() and wanted.isalnum()):
        raise web.HTTPNotFound(reason=_NO_STORY)
    ids = await asyncio.to_thread(reader.resolve, "story", wanted)
    found = await asyncio.to_thread(reader.summaries, ids) if len(ids) == 1 else []
    if not found:
        raise web.HTTPNotFound(reason=_NO_STORY)
    return found[0]
