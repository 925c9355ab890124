"""Values in Redis as texts: strings, times and JSON; what every part of this room needs, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache


def text_of(value: object) -> str:
    """A reply of Redis as a string, whether the client decodes replies or not."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else str(value)


@lru_cache(maxsize=1024)
def iso(moment: datetime | None) -> str:
    """A time as `2026-11-24T09:30:00Z`, empty for none; such strings sort as the times do."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z" if moment else ""


def from_iso(text: str) -> datetime | None:
    """The time that `iso` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) if text else None


def compact(value: object) -> str:
    """JSON without spaces, readable in any script."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
