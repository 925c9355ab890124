"""The stream of what happened to stories and articles, read as it comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis

from storage.keys import Keys
from storage.plain import text_of

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Event:
    """One entry: its id in the stream, and its fields."""

    id: str
    fields: Mapping[str, str]

    @property
    def kind(self) -> str:
        """`story.created`, `article.added` …"""
        return self.fields.get("type", "")

    @property
    def story(self) -> str:
        """The story that it is about; of a story that became part of another, that one."""
        return self.fields.get("into") or self.fields.get("story", "")


class Events:
    """Follows the stream from a time on, or from now."""

    def __init__(self, client: redis.Redis, keys: Keys, since: datetime | None = None) -> None:
        self._client, self._keys = client, keys
        self._last = f"{int(since.timestamp() * 1000)}-0" if since else self._end()

    def _end(self) -> str:
        latest = self._client.xrevrange(self._keys.events, count=1)
        return text_of(latest[0][0]) if latest else "0-0"

    def next(self, wait: float) -> list[Event]:
        """What came since the last call; waits so many seconds for the first."""
        found: Any = self._client.xread(
            {self._keys.events: self._last}, count=_BATCH, block=round(wait * 1000)
        )
        entries = found[0][1] if found else []
        events = [
            Event(text_of(identity), {text_of(k): text_of(v) for k, v in fields.items()})
            for identity, fields in entries
        ]
        if events:
            self._last = events[-1].id
        return events
