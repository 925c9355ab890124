"""What a request asks for, by its query: which stories, in which order, which page of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from newsfold.errors import UsageError
from newsfold.since import moment_since
from storage.reader import Reader

READER: Final = web.AppKey("reader", Reader)
FRONT, OUTLETS, LATEST, GROWTH = "front", "outlets", "latest", "growth"
SORTS: Final = (FRONT, OUTLETS, LATEST, GROWTH)
# Parameters of the query by the fields they fill.
_NAMES: Final = {
    "words": "words", "lang": "lang", "outlet": "outlet", "since": "since", "outlets": "min_outlets", "sort": "sort", "page": "page",
}  # fmt: skip
# The times that the page offers, as asked for and as read.
SPANS: Final = (
    ("1h", "last hour"), ("6h", "last 6 hours"), ("24h", "last 24 hours"), ("3d", "last 3 days"),
    ("7d", "last week"),
)  # fmt: skip
_LONGEST: Final = 200
_MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A choice of stories. Empty fields choose all; `outlets` is the fewest that a story must have."""

    words: str = ""
    lang: str = ""
    outlet: str = ""
    since: str = ""
    outlets: int = 0
    sort: str = FRONT
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return replace(self, sort=FRONT, page=1) != Asked()

    def after(self, now: datetime) -> datetime | None:
        """From when on stories are wanted; None for all."""
        try:
            return moment_since(self.since, now)
        except UsageError:
            return None

    def query(self, **changes: str | int) -> str:
        """The query string for this choice with some fields changed; "" where it asks for nothing special."""
        changed = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        said = {
            _NAMES[f.name]: getattr(changed, f.name)
            for f in fields(self)
            if getattr(changed, f.name) != f.default
        }
        return f"?{urlencode(said)}" if said else ""


def asked(query: Mapping[str, str], sort: str = FRONT) -> Asked:
    """What a query asks for; values that make no sense ask for nothing. `sort` is the order where none is named."""
    words, lang, outlet, since = (
        " ".join(query.get(_NAMES[name], "")[:_LONGEST].split())
        for name in ("words", "lang", "outlet", "since")
    )
    choice = Asked(
        words, lang.lower(), outlet, since, _number(query, "outlets", 0), sort, _number(query, "page", 1)
    )
    if query.get("sort") in SORTS:
        choice = replace(choice, sort=query["sort"])
    return choice if choice.after(datetime.now(UTC)) else replace(choice, since="")


def _number(query: Mapping[str, str], name: str, least: int) -> int:
    text = query.get(_NAMES[name], "")
    return (
        max(least, min(int(text), _MOST)) if text.isascii() and text.isdecimal() and len(text) < 10 else least
    )
