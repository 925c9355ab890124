"""When to poll a feed again, and which rule says so. Pure: the clock and the dice are passed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crawler.book import FeedState
from crawler.freshness import fresh_for, retry_after
from crawler.model import Hints

HOUR = 3600
DAY = 24 * HOUR
_MOST_SKIPPED = 8 * 24


@dataclass(frozen=True, slots=True)
class SchedulePolicy:
    """The operator's bounds, in seconds.

    A feed without ETag or Last-Modified is fetched whole each time, so not more than hourly. `websub` is the
    least interval while a hub pushes. After `whole` a feed is asked without conditions, in case its server answers
    304 for ever. A permanent redirect counts after `move_polls` polls that saw it over at least `move_span`.
    """

    floor: int = 15 * 60
    ceiling: int = DAY
    start: int = 30 * 60
    without_validators: int = HOUR
    websub: int = 6 * HOUR
    whole: int = 7 * DAY
    move_polls: int = 3
    move_span: int = DAY
    jitter: float = 0.1


@dataclass(frozen=True, slots=True)
class Next:
    """The next poll: when, after which interval in seconds (before jitter), by which rule, out of which bounds."""

    due: datetime
    interval: int
    rule: str
    bounds: Mapping[str, int]


class Schedule:
    """Next poll times after each kind of outcome; `dice` gives numbers from 0 to 1 for the jitter."""

    def __init__(self, policy: SchedulePolicy) -> None:
        self.policy = policy

    def after_success(self, feed: FeedState, headers: Mapping[str, str], now: datetime, dice: float) -> Next:
        """As often as the feed has news, within the bounds that feed, server and operator set.

        `feed` is the state after the poll: its pace, its own hints, its validators.
        """
        wish, rule = self._pace(feed, now)
        bounds = {rule: wish, "floor": self.policy.floor, **self._asked(feed, headers)}
        rule, seconds = max(bounds.items(), key=lambda pair: pair[1])
        if seconds > self.policy.ceiling:
            rule, seconds = "ceiling", self.policy.ceiling
        return self._next(seconds, rule, {**bounds, "ceiling": self.policy.ceiling}, feed.hints, now, dice)

    def after_failure(
        self, feed: FeedState, status: int, headers: Mapping[str, str], now: datetime, dice: float
    ) -> Next:
        """Twice as long with each failure in a row (`feed.streak` counts those before), not before Retry-After."""
        base = max(feed.interval, self.policy.floor)
        backoff = min(self.policy.ceiling, base * 2 ** min(feed.streak, 10))
        bounds = {"backoff": backoff, "ceiling": self.policy.ceiling}
        asked = retry_after(headers, now) if status in (429, 503) else 0
        if asked:
            bounds["retry-after"] = asked
        rule, seconds = ("retry-after", asked) if asked > backoff else ("backoff", backoff)
        return self._next(seconds, rule, bounds, Hints(), now, dice)

    def _pace(self, feed: FeedState, now: datetime) -> tuple[int, str]:
        """Twice in the time between two entries; after long silence, an eighth of the silence."""
        if not feed.gap and feed.news is None:
            return self.policy.start, "start"
        quiet = int((now - feed.news).total_seconds()) // 8 if feed.news else 0
        half = feed.gap // 2
        return (half, "rate") if half >= quiet else (quiet, "quiet")

    def _asked(self, feed: FeedState, headers: Mapping[str, str]) -> dict[str, int]:
        found = dict(fresh_for(headers))
        if feed.hints.ttl:
            found["ttl"] = feed.hints.ttl
        if feed.hints.period:
            found["sy:updatePeriod"] = feed.hints.period
        if not feed.etag and not feed.modified:
            found["no validators"] = self.policy.without_validators
        if feed.pushed:
            found["websub"] = min(self.policy.websub, self.policy.ceiling)
        return found

    def _next(
        self, seconds: int, rule: str, bounds: Mapping[str, int], hints: Hints, now: datetime, dice: float
    ) -> Next:
        due = now + timedelta(seconds=seconds * (1 + self.policy.jitter * dice))
        open_at, skipped = _outside(due, hints)
        return Next(open_at, seconds, skipped or rule, bounds)


def _outside(due: datetime, hints: Hints) -> tuple[datetime, str]:
    """The first time from `due` on that the feed does not ask to skip, and by which of its words it is later."""
    rule = ""
    for _ in range(_MOST_SKIPPED):
        if due.weekday() in hints.skip_days:
            rule = "skipDays"
            due = datetime(due.year, due.month, due.day, tzinfo=UTC) + timedelta(days=1)
        elif due.hour in hints.skip_hours:
            rule = rule or "skipHours"
            due = due.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        else:
            break
    return due, rule
