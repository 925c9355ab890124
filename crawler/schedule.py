"""When to poll a feed again, and which rule says so. Pure: the clock and the dice are passed in."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR = 3600


@dataclass(frozen=True, slots=True)
class SchedulePolicy:
    """Bounds of the polling interval in seconds.

    A feed without ETag or Last-Modified is fetched whole each time, so not more than hourly.
    """

    floor: int = 15 * 60
    ceiling: int = 24 * HOUR
    start: int = 30 * 60
    without_validators: int = HOUR
    jitter: float = 0.1


@dataclass(frozen=True, slots=True)
class Next:
    """The next poll: when, after which interval in seconds (before jitter), and by which rule."""

    due: datetime
    interval: int
    rule: str


def max_age(headers: Mapping[str, str]) -> int:
    """The freshness lifetime that Cache-Control names, in seconds (RFC 9111, section 5.2.2.1), else 0."""
    found = re.search(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", headers.get("cache-control", "").lower())
    return int(found.group(1)) if found else 0


def retry_after(headers: Mapping[str, str], now: datetime) -> int:
    """The seconds that Retry-After asks to wait, given in seconds or as a date (RFC 9110, 10.2.3), else 0."""
    value = headers.get("retry-after", "").strip()
    if value.isdigit():
        return min(int(value), 30 * 24 * HOUR)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return 0
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0, int((aware - now).total_seconds())), 30 * 24 * HOUR)


class Schedule:
    """Next poll times after each kind of outcome; `dice` gives numbers from 0 to 1 for the jitter."""

    def __init__(self, policy: SchedulePolicy) -> None:
        self._policy = policy

    def after_success(
        self,
        interval: int,
        *,
        new_entries: int,
        has_validators: bool,
        headers: Mapping[str, str],
        ttl_minutes: int | None,
        now: datetime,
        dice: float,
    ) -> Next:
        """Sooner after news, later after none, within the bounds that feed, server and operator set."""
        base = interval or self._policy.start
        adapted = int(base / 1.5) if new_entries else int(base * 1.5)
        candidates = [
            (max(self._policy.floor, min(self._policy.ceiling, adapted)), "news" if new_entries else "quiet")
        ]
        if not has_validators:
            candidates.append((self._policy.without_validators, "no validators"))
        if ttl_minutes:
            candidates.append((min(self._policy.ceiling, ttl_minutes * 60), "ttl"))
        candidates.append((min(self._policy.ceiling, max_age(headers)), "cache-control"))
        seconds, rule = max(candidates, key=lambda pair: pair[0])
        return self._next(seconds, rule, now, dice)

    def after_failure(
        self, interval: int, *, streak: int, headers: Mapping[str, str], now: datetime, dice: float
    ) -> Next:
        """Twice as long with each failure in a row, and not before Retry-After."""
        asked = retry_after(headers, now)
        backoff = min(self._policy.ceiling, max(interval, self._policy.floor) * 2 ** min(streak, 10))
        if asked > backoff:
            return self._next(asked, "retry-after", now, dice)
        return self._next(backoff, "backoff", now, dice)

    def _next(self, seconds: int, rule: str, now: datetime, dice: float) -> Next:
        wait = seconds * (1 + self._policy.jitter * dice)
        return Next(now + timedelta(seconds=wait), seconds, rule)
