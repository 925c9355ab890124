"""Times as feeds write them: the two usual forms at once, the many others by feedparser's readers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_RFC822: Final = re.compile(
    r"(?:[A-Z][a-z]{2},? )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UTC|Z|([+-])(\d\d):?(\d\d))"
)
_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,12})?(?:Z|([+-])(\d\d):(\d\d))"
)
_MONTHS: Final = {
    name: number
    for number, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)
}  # fmt: skip


def moment(text: str) -> object:
    """A time in UTC, or what feedparser makes of it (a tuple, or None); `facts.utc` takes either."""
    try:
        if match := _RFC822.fullmatch(text):
            day, month, year, *rest = match.groups()
            return _utc(int(year), _MONTHS[month], int(day), rest)
        if match := _RFC3339.fullmatch(text):
            year, month, day, *rest = match.groups()
            return _utc(int(year), int(month), int(day), rest)
    except (ValueError, KeyError, OverflowError):
        pass
    return _by_feedparser(text)


def _utc(year: int, month: int, day: int, rest: list[str | None]) -> datetime:
    hour, minute, second, sign, hours, minutes = rest
    found = datetime(year, month, day, int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
    if not sign:
        return found
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return found - offset if sign == "+" else found + offset


def _by_feedparser(text: str) -> object:
    if not text:
        return None
    from crawler.parse.xmlfeed import any_time

    return any_time(text)
