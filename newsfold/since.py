"""Times as people ask for them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from newsfold.errors import UsageError

_UNITS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def moment_since(text: str | None, now: datetime, option: str = "--since") -> datetime | None:
    """When a span such as 90m, 24h, 7d or 2w before now began, or the date that is named; None for no text.

    Raises UsageError for what is neither.
    """
    if not text:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", text.strip(), re.ASCII)
    try:
        if found:
            return now - timedelta(seconds=float(found.group(1)) * _UNITS[found.group(2)])
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} takes a time span such as 90m, 24h or 7d, or a date, not {text!r}"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
