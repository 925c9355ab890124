"""What an RSS feed says of how often to come: ttl, sy:updatePeriod, skipHours and skipDays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from crawler.model import Hints

_DAY: Final = 86_400
_LONGEST: Final = 366 * _DAY
_PERIODS: Final = {
    "hourly": 3_600, "daily": _DAY, "weekly": 7 * _DAY, "monthly": 30 * _DAY, "yearly": 365 * _DAY
}  # fmt: skip
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOUR: Final = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>", re.I)
_DAY_NAME: Final = re.compile(r"<day>\s*([A-Za-z]{6,9})\s*</day>", re.I)
_SKIP: Final = re.compile(r"<skip(hours|days)>(.{0,4000}?)</skip\1>", re.I | re.S)


def hints_from(feed: Mapping[str, Any], text: str) -> Hints:
    """The hints in feedparser's fields of a feed and, where it keeps none, in its text.

    A feed that asks to be skipped at every hour or day asks for nothing that can be done, and is not heard.
    """
    hours, days = _skipped(text)
    return Hints(
        ttl=_number(feed.get("ttl"), 60),
        period=_period(feed.get("sy_updateperiod"), feed.get("sy_updatefrequency")),
        skip_hours=hours if len(hours) < 24 else (),
        skip_days=days if len(days) < 7 else (),
    )


def _skipped(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    hours: set[int] = set()
    days: set[int] = set()
    for what, inside in _SKIP.findall(text) if re.search("<skip", text, re.I) else ():
        if what.lower() == "hours":
            # The specification counts from 0; some feeds from 1 to 24.
            hours |= {int(hour) % 24 for hour in _HOUR.findall(inside) if int(hour) <= 24}
        else:
            days |= {_DAYS.index(day.lower()) for day in _DAY_NAME.findall(inside) if day.lower() in _DAYS}
    return tuple(sorted(hours)), tuple(sorted(days))


def _number(value: object, unit: int) -> int:
    text = value.strip() if isinstance(value, str) else ""
    found = int(text) * unit if text.isascii() and text.isdigit() and len(text) < 8 else 0
    return found if found <= _LONGEST else 0


def _period(period: object, frequency: object) -> int:
    seconds = _PERIODS.get(period.strip().lower(), 0) if isinstance(period, str) else 0
    return seconds // max(1, _number(frequency, 1))
