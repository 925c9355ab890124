"""What an operator puts right: stories united, parted, pinned and hidden; numbered, kept with a reason, and undone.

Each is one call, atomic; a call made twice does nothing the second time. Corrections live for the retention.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import redis
from redis.exceptions import ResponseError

from storage.errors import CorrectionRefused
from storage.functions import Functions
from storage.keys import Keys, story_id
from storage.plain import from_iso, iso, text_of
from storage.told import Telling

Mark = Literal["pin", "hide"]
_REFUSED = {
    "gone": "there is no such story any more",
    "languages": "stories in two languages are linked, not united",
    "stray": "one of the articles is not in this story",
    "whole": "these are all of the story's texts; leave one in it",
    "unknown": "there is no such correction (any more)",
}


@dataclass(frozen=True, slots=True)
class Correction:
    """What was put right: `kind` is merge, split, pin, unpin, hide or unhide; `other` the story that went or came to be.

    `groups` is how many groups it fixed where they are; `undone` is when it was taken back.
    """

    number: int
    kind: str
    at: datetime | None
    reason: str
    story: str
    other: str
    groups: int
    undone: datetime | None


class Corrections:
    """Corrects stories in one Redis; `retention` and `window` are those of placement, in seconds."""

    def __init__(
        self, client: redis.Redis, keys: Keys, *, retention: int, window: int, events: int = 10_000
    ) -> None:
        self._client, self._keys = client, keys
        self._functions = Functions(client, keys.prefix, _refusal)
        self._common = {"ttl": retention, "cap": events, "told_ttl": Telling(keys, window=window).ttl}

    def merge(self, story: str, other: str, now: datetime, reason: str = "") -> int:
        """Unite the other story with the first; both ids lead there. Returns the correction's number, 0 if they were one."""
        return self._correct("merge_stories", story, now, reason, other=other)

    def split(self, story: str, groups: Sequence[str], now: datetime, reason: str = "") -> int:
        """Put groups of a story, with all their reprints, into a story of their own."""
        # Not the name that a text would found: one split is not another that was undone.
        new = story_id(f"{min(groups)} {story} {iso(now)}")
        return self._correct("split_story", story, now, reason, groups=list(groups), new=new)

    def mark(self, story: str, kind: Mark, now: datetime, reason: str = "", *, on: bool = True) -> int:
        """Pin or hide a story, or take that back; 0 where it is so already."""
        return self._correct("mark_story", story, now, reason, kind=kind, on=on)

    def undo(self, number: int, now: datetime) -> bool:
        """Take a correction back; what later ones placed stays. False where it was undone already."""
        found = self.get(number)
        if found is None:
            raise CorrectionRefused(_REFUSED["unknown"])
        return bool(self._correct("undo_correction", found.story, now, "", n=str(number)))

    def get(self, number: int) -> Correction | None:
        """One correction."""
        row = {
            text_of(k): text_of(v)
            for k, v in self._client.hgetall(self._keys.correction(str(number))).items()
        }
        return _correction(row) if row else None

    def list(self) -> list[Correction]:
        """All that are kept, the latest first."""
        numbers = self._client.zrevrange(self._keys.corrections, 0, -1)
        found = (self.get(int(text_of(number))) for number in numbers)
        return sorted((one for one in found if one), key=lambda one: -one.number)

    def _correct(self, name: str, story: str, now: datetime, reason: str, **more: Any) -> int:
        lang = self._lang(story)
        call: Mapping[str, Any] = {
            **self._common, "story": story, "at": iso(now), "now": int(now.timestamp()), "reason": reason, **more,
        }  # fmt: skip
        number, _ = self._functions.call(name, self._keys.index(lang), call)
        return int(number or 0)

    def _lang(self, story: str) -> str:
        """The language of a story, or of the one that it became part of."""
        for _ in range(64):
            lang, into = self._client.hmget(self._keys.story(story), "lang", "merged_into")
            if into is None:
                break
            story = text_of(into)
        return text_of(lang or b"und")


def _refusal(error: ResponseError) -> Exception:
    message = str(error)
    if "NFCORRECTION" not in message:
        return error
    return CorrectionRefused(_REFUSED[message.rpartition(" ")[2]])


def _correction(row: Mapping[str, str]) -> Correction:
    return Correction(
        number=int(row["n"]),
        kind=row["kind"],
        at=from_iso(row.get("at", "")),
        reason=row.get("reason", ""),
        story=row.get("story", ""),
        other=row.get("other", ""),
        groups=len(json.loads(row.get("placed", "[]"))),
        undone=from_iso(row.get("undone", "")),
    )
