"""What an answer's headers say of time: how long it is fresh, when to come again."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from datetime import UTC, datetime

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})")
_STALE = re.compile(r"(?:^|[\s,])no-(?:cache|store)\s*(?:$|,)")
_LONGEST = 30 * 86_400


def fresh_for(headers: Mapping[str, str]) -> dict[str, int]:
    """The freshness lifetime by the name of the header that gives it, in seconds; empty where none does.

    RFC 9111, 4.2: `max-age` goes before `Expires`, which is counted from the server's own `Date`; `Age` is
    what of it a cache on the way has used up.
    """
    control = headers.get("cache-control", "").lower()
    if _STALE.search(control):
        return {}
    if match := _MAX_AGE.search(control):
        return _left("cache-control", int(match[1]), headers)
    expires, date = http_date(headers.get("expires", "")), http_date(headers.get("date", ""))
    if expires and date:
        return _left("expires", int((expires - date).total_seconds()), headers)
    return {}


def _left(name: str, seconds: int, headers: Mapping[str, str]) -> dict[str, int]:
    age = headers.get("age", "").strip()
    left = seconds - (int(age) if age.isascii() and age.isdigit() and len(age) < 10 else 0)
    return {name: min(left, _LONGEST)} if left > 0 else {}


def retry_after(headers: Mapping[str, str], now: datetime) -> int:
    """The seconds that Retry-After asks to wait, given in seconds or as a date (RFC 9110, 10.2.3), else 0."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:10]), _LONGEST)
    moment = http_date(value)
    return min(max(0, int((moment - now).total_seconds())), _LONGEST) if moment else 0


def http_date(value: str) -> datetime | None:
    """A date of HTTP in any of its three forms (RFC 9110, 5.6.7), in UTC; None for anything else."""
    try:
        moment = email.utils.parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
