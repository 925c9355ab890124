"""Which stories a webhook has been told of, and which it is still to be told of; shared by all who notify it.

A story counts as told under any id it ever had: what was told is looked up through merged ids. A claim keeps two
notifiers from sending at once; what is told is noted in the step that gives the claim back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import redis

from storage.keys import Keys, short_hash
from storage.plain import text_of

# Longer than one delivery may take, with room for a machine that sleeps.
CLAIM_SECONDS = 120
_HOPS = 64


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched for whom: an address is told once of a story and threshold, whatever else is filtered."""

    url: str
    min_outlets: int
    lang: str = ""
    outlet: str = ""

    @property
    def target(self) -> str:
        """Names what is told once: address and threshold."""
        return short_hash(f"notify {self.min_outlets} {self.url}", 6)

    @property
    def name(self) -> str:
        """Names this watch with its filters."""
        return short_hash(f"{self.target} {self.lang} {self.outlet}", 6)


class Notices:
    """The notices of one watch; everything expires with the `retention` in seconds."""

    def __init__(self, client: redis.Redis, keys: Keys, watch: Watch, *, retention: int) -> None:
        self._client, self._keys, self._retention = client, keys, retention
        self._told = keys.notify(watch.target, "told")
        self._due = keys.notify(watch.name, "due")
        self._tries = keys.notify(watch.name, "tries")
        self._target = watch.target

    def add(self, story: str, now: datetime) -> bool:
        """Put a story that should be told on the list, unless it is there or was told, under this id or a merged one."""
        moment = now.timestamp()
        pipe = self._client.pipeline(transaction=True)
        pipe.zremrangebyscore(self._told, "-inf", moment - self._retention)
        pipe.zrange(self._told, 0, -1)
        pipe.zrange(self._due, 0, -1)
        _, told, due = pipe.execute()
        before = {text_of(item) for item in told}
        if self._leads(before, story):
            self._note(story, moment)
            return False
        if self._leads({text_of(item) for item in due}, story):
            return False
        pipe.zadd(self._due, {story: moment}, nx=True)
        pipe.expire(self._due, self._retention)
        pipe.execute()
        return True

    def _note(self, story: str, moment: float) -> None:
        """A story that was told lives on: so does the note of it."""
        pipe = self._client.pipeline(transaction=True)
        pipe.zadd(self._told, {story: moment})
        pipe.expire(self._told, self._retention)
        pipe.execute()

    def _leads(self, stories: set[str], wanted: str) -> bool:
        """Whether any of the stories is the one wanted, or became part of it."""
        for _ in range(_HOPS):
            if wanted in stories or not stories:
                return wanted in stories
            pipe = self._client.pipeline(transaction=False)
            for story in sorted(stories):
                pipe.hget(self._keys.story(story), "merged_into")
            stories = {text_of(into) for into in pipe.execute() if into is not None}
        return False

    def due(self, now: datetime, most: int) -> list[str]:
        """Stories that are to be told now, the longest due first."""
        found = self._client.zrangebyscore(self._due, "-inf", now.timestamp(), start=0, num=most)
        return [text_of(item) for item in found]

    def next_due(self) -> float | None:
        """When the next story is to be told, in epoch seconds; None where none waits."""
        found = self._client.zrange(self._due, 0, 0, withscores=True)
        return float(found[0][1]) if found else None

    def waiting(self) -> int:
        """How many stories wait to be told."""
        return int(self._client.zcard(self._due))

    def claim(self, story: str) -> bool:
        """Whether this notifier may tell it: nobody else does just now, and nobody did."""
        if not self._client.set(self._claim(story), "1", nx=True, ex=CLAIM_SECONDS):
            return False
        if self._leads({text_of(item) for item in self._client.zrange(self._told, 0, -1)}, story):
            self.forget(story)
            return False
        return True

    def _claim(self, story: str) -> str:
        return self._keys.notify(self._target, f"sending:{story}")

    def told(self, story: str, now: datetime) -> None:
        """Note that a claimed story was told; the claim is given back."""
        pipe = self._client.pipeline(transaction=True)
        pipe.zadd(self._told, {story: now.timestamp()})
        pipe.expire(self._told, self._retention)
        self._drop(pipe, story)
        pipe.execute()

    def forget(self, story: str) -> None:
        """Take a claimed story off the list; the claim is given back."""
        pipe = self._client.pipeline(transaction=True)
        self._drop(pipe, story)
        pipe.execute()

    def _drop(self, pipe: redis.client.Pipeline, story: str) -> None:
        pipe.zrem(self._due, story)
        pipe.hdel(self._tries, story)
        pipe.delete(self._claim(story))

    def tries(self, story: str) -> int:
        """How often telling it has failed."""
        return int(self._client.hget(self._tries, story) or 0)

    def failed(self, story: str, again: datetime) -> None:
        """Note that telling a claimed story failed, and when to try again; the claim is given back."""
        pipe = self._client.pipeline(transaction=True)
        pipe.hincrby(self._tries, story, 1)
        pipe.expire(self._tries, self._retention)
        pipe.zadd(self._due, {story: again.timestamp()}, xx=True)
        pipe.delete(self._claim(story))
        pipe.execute()
