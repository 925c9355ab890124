"""Tells a webhook of stories as they reach so many outlets: once each, with patience, whatever restarts in between.

The events stream says which stories to look at; those that fit are put on a list in Redis, and the list is worked
off beside it, so that an address that fails keeps no event waiting and a story that waits outlives this process.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from crawler.events import log_event
from newsfold.client import Event, Stories, Story
from newsfold.jsonview import dumps, plain_value
from newsfold.webhook import Message, Outcome, Sender
from storage.keys import short_hash
from storage.notices import Notices, Watch

_LOG = logging.getLogger(__name__)
# Seconds until each next try; after the last a story is given up. Two days and a half in all.
DELAYS: Final = (2, 10, 60, 300, 1_800, 7_200, 21_600, 43_200, 64_800, 86_400)
_CONSUMER: Final = "notify"
_BATCH: Final = 8
# Some of those that are due may be others' just now.
_LOOKED_AT: Final = 64
_SWEEP: Final = 10_000
_LOOK: Final = 2.0  # seconds between two looks at the list, and until a signal is heeded
_GONE: Final = 410
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to: stories sent, tries that failed, stories given up, and those that wait for another try."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    waiting: int = 0
    error: str = ""


@dataclass(slots=True)
class Notifier:
    """Follows the stream for one watch and sends what it finds."""

    stories: Stories
    notices: Notices
    watch: Watch
    sender: Sender
    delays: tuple[float, ...] = DELAYS
    stopping: Callable[[], bool] = lambda: False
    report: Report = field(default_factory=Report)

    def once(self) -> Report:
        """Read what has happened, tell what is due, and end."""
        self._read(0.0)
        while self._deliver():
            pass
        return replace(self.report, waiting=self.notices.waiting())

    def forever(self) -> Report:
        """Go on until told to stop."""
        while not self.stopping():
            self._read(_LOOK)
            self._deliver()
        return replace(self.report, waiting=self.notices.waiting())

    # --- reading

    def _read(self, wait: float) -> None:
        """Look at the stories that events name, delivering in between where many come."""
        delivered = time.monotonic()
        for event in self.stories.follow(f"notify-{self.watch.name}", _CONSUMER, oldest=True, wait=wait):
            if event.type == "gap":
                self._sweep()
            elif not event.type.startswith("article."):
                self._look(event)
            if time.monotonic() - delivered > _LOOK:
                self._deliver()
                delivered = time.monotonic()
                if self.stopping():
                    return

    def _look(self, event: Event) -> None:
        for identity in {event.story, event.into, event.left} - {""}:
            if (story := self._wanted(identity)) is not None:
                self._add(story)

    def _wanted(self, identity: str) -> Story | None:
        """The story of an id, or the one that it became part of, where it is to be told of."""
        story, watch = self.stories.get(identity), self.watch
        if (
            story is None
            or story.hidden
            or story.outlets < watch.min_outlets
            or watch.lang not in ("", story.lang)
        ):
            return None
        return story if not watch.outlet or watch.outlet in self.stories.outlets(story.id) else None

    def _sweep(self) -> None:
        """Where events were lost, all stories are looked at."""
        watch = self.watch
        for story in self.stories.latest(
            _SWEEP, lang=watch.lang, outlet=watch.outlet, min_outlets=watch.min_outlets
        ):
            self._add(story)

    def _add(self, story: Story) -> None:
        if self.notices.add(story.id, datetime.now(UTC)):
            log_event(_LOG, logging.INFO, "notify.found", story=story.id, outlets=story.outlets)

    # --- telling

    def _deliver(self) -> bool:
        """Tell a few of the stories that are due; False where that changed nothing: none is, or others tell them."""
        due = self.notices.due(datetime.now(UTC), _LOOKED_AT)
        claimed = list(islice(filter(None, map(self._claimed, due)), _BATCH))
        if claimed:
            now = int(time.time())
            messages = [self._message(story, now) for story in claimed]
            outcomes = asyncio.run(self.sender.send(messages, now))
            for story, outcome in zip(claimed, outcomes, strict=True):
                self._settle(story, outcome)
        return bool(claimed) or self.notices.due(datetime.now(UTC), _LOOKED_AT) != due

    def _claimed(self, identity: str) -> Story | None:
        """A story to tell now, as it is now; one that became part of another is put on the list under that one's id."""
        if not self.notices.claim(identity):
            return None
        story = self._wanted(identity)
        if story is not None and story.id == identity:
            return story
        self.notices.forget(identity)
        if story is not None:
            self._add(story)
        return None

    def _message(self, story: Story, now: int) -> Message:
        told = {name: plain_value(getattr(story, name)) for name in Story.__slots__}
        body = {
            "type": "story.reached",
            "timestamp": plain_value(datetime.fromtimestamp(now, UTC)),
            "data": {"min_outlets": self.watch.min_outlets, "story": told},
        }
        return Message(
            f"msg_{short_hash(f'{self.watch.target} {story.id}')}", dumps(body).encode("utf-8", "replace")
        )

    def _settle(self, story: Story, outcome: Outcome) -> None:
        now = datetime.now(UTC)
        if not outcome.error:
            self.notices.told(story.id, now)
            self.report = replace(self.report, sent=self.report.sent + 1)
            log_event(_LOG, logging.INFO, "notify.sent", story=story.id, outlets=story.outlets)
            return
        self.report = replace(self.report, failed=self.report.failed + 1, error=outcome.error)
        tries = self.notices.tries(story.id)
        if tries >= len(self.delays) or outcome.status == _GONE:
            self.notices.told(story.id, now)  # or every article that comes to it would begin anew
            self.report = replace(self.report, given_up=self.report.given_up + 1)
            log_event(_LOG, logging.ERROR, "notify.given_up", story=story.id, reason=outcome.error)
            return
        delay = max(self.delays[tries] * random.uniform(1.0, 1.2), min(outcome.wait, _DAY))
        self.notices.failed(story.id, now + timedelta(seconds=delay))
        log_event(
            _LOG,
            logging.WARNING,
            "notify.failed",
            story=story.id,
            reason=outcome.error,
            again_in=round(delay),
        )
