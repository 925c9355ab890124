"""An entry on its way from the feed to its page: one string, which no process or queue in between needs to read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any, Final

from crawler.model import Entry

_TEXTS: Final = (
    "key",
    "link",
    "title",
    "summary",
    "content_html",
    "lang",
    "source_url",
    "source_title",
    "image",
)
_TIMES: Final = ("published", "updated")
_texts = attrgetter(*_TEXTS)


def pack(entry: Entry) -> str:
    """An entry as a JSON object of what it has, times in seconds of the epoch."""
    # Joined by hand, for json makes an encoder anew for every object, and a feed brings thirty.
    found = [
        f'"{name}":{encode_basestring(text)}'
        for name, text in zip(_TEXTS, _texts(entry), strict=True)
        if text
    ]
    for name, time in zip(_TIMES, (entry.published, entry.updated), strict=True):
        if time:
            found.append(f'"{name}":{time.timestamp()}')
    if entry.authors:
        found.append(f'"authors":[{",".join(map(encode_basestring, entry.authors))}]')
    return f"{{{','.join(found)}}}"


def unpack(text: str) -> Entry:
    """The entry that `pack` packed."""
    fields: dict[str, Any] = {"key": "", "link": "", **json.loads(text or "{}")}
    for name in _TIMES:
        if name in fields:
            fields[name] = datetime.fromtimestamp(fields[name], UTC)
    return Entry(**{**fields, "authors": tuple(fields.get("authors", ()))})
