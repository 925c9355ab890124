"""An entry on its way from the feed to its page: one string, which no process or queue in between needs to read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

from crawler.model import Entry

_NAMES: Final = tuple(name for name in Entry.__slots__ if name != "raw")
_TIMES: Final = ("published", "updated")
_values = attrgetter(*_NAMES)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def pack(entry: Entry) -> str:
    """An entry as a JSON object of what it has, times in seconds of the epoch."""
    found = {name: value for name, value in zip(_NAMES, _values(entry), strict=True) if value}
    for name in _TIMES:
        if name in found:
            found[name] = found[name].timestamp()
    return _encode(found)


def unpack(text: str) -> Entry:
    """The entry that `pack` packed."""
    fields: dict[str, Any] = {"key": "", "link": "", **json.loads(text or "{}")}
    for name in _TIMES:
        if name in fields:
            fields[name] = datetime.fromtimestamp(fields[name], UTC)
    return Entry(**{**fields, "authors": tuple(fields.get("authors", ()))})
