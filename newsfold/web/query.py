"""What machines may ask for: the parameters of a listing, read strictly, and documented from the same table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from newsfold.errors import UsageError
from newsfold.since import moment_since
from newsfold.web.problems import Problem

Sort = Literal["outlets", "latest", "growth"]
SORTS: Final[tuple[Sort, ...]] = ("outlets", "latest", "growth")
LIMIT, MOST = 50, 200
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Query:
    """Which stories, in which order, how many, and after which (`cursor`). Times are aware; None and "" ask for all."""

    since: datetime | None = None
    until: datetime | None = None
    lang: str = ""
    outlet: str = ""
    words: str = ""
    min_outlets: int = 0
    min_groups: int = 0
    sort: Sort = "outlets"
    limit: int = LIMIT
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the query: how its text is read, its JSON Schema, and what it means."""

    name: str
    read: Callable[[str, datetime], Any]
    schema: Mapping[str, Any]
    meaning: str


def _moment(text: str, now: datetime) -> datetime:
    try:
        found = moment_since(text, now)
        return found.astimezone(UTC) if found else now
    except (UsageError, ValueError, OverflowError):
        raise ValueError(
            "is a date, a time such as 2026-11-24T09:30:00Z, or a span back from now such as 90m, 24h or 7d"
        ) from None


def _number(low: int, high: int) -> Callable[[str, datetime], int]:
    def read(text: str, _now: datetime) -> int:
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not low <= int(text) <= high:
            raise ValueError(f"is a whole number from {low} to {high}")
        return int(text)

    return read


def _language(text: str, _now: datetime) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}", text, re.ASCII):
        raise ValueError("is a language of two or three letters, such as fr")
    return text.lower()


def _sort(text: str, _now: datetime) -> str:
    if text not in SORTS:
        raise ValueError(f"is one of {', '.join(SORTS)}")
    return text


def _text(text: str, _now: datetime) -> str:
    if len(text) > _LONGEST or not text.isprintable():
        raise ValueError(f"is text of at most {_LONGEST} characters")
    return " ".join(text.split())


_TIME = {"type": "string", "examples": ["24h", "2026-11-24T09:30:00Z"]}
_COUNT = {"type": "integer", "minimum": 0, "maximum": 100_000, "default": 0}
PARAMETERS: Final = (
    Parameter("since", _moment, _TIME, "Stories that had an article then or later. A date, a time (ISO 8601, UTC where it has no zone), or a span back from now: 90m, 24h, 7d, 2w."),
    Parameter("until", _moment, _TIME, "Stories that had an article before then."),
    Parameter("lang", _language, {"type": "string", "pattern": "^[A-Za-z]{2,3}$"}, "Stories in this language."),
    Parameter("outlet", _text, {"type": "string"}, "Stories that this outlet printed, by its domain or its family's name, whatever its case."),
    Parameter("words", _text, {"type": "string"}, "Stories with all of these words, or parts of words, in the headline or the beginning of its text."),
    Parameter("min_outlets", _number(0, 100_000), _COUNT, "Stories that at least so many outlets printed."),
    Parameter("min_groups", _number(0, 100_000), _COUNT, "Stories of at least so many independent texts."),
    Parameter("sort", _sort, {"type": "string", "enum": list(SORTS)}, "Most outlets first, latest article first, or most articles of the last hour first."),
    Parameter("limit", _number(1, MOST), {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}, "Stories a page."),
    Parameter("cursor", _text, {"type": "string"}, "The next page, as the one before named it."),
)  # fmt: skip
_BY_NAME: Final = {parameter.name: parameter for parameter in PARAMETERS}


def read_query(said: Sequence[tuple[str, str]], now: datetime, sort: Sort) -> Query:
    """What a query asks for, given as names and values; `sort` is the order where none is named.

    Raises Problem (400, one sentence) for a parameter that is not known, is given twice, or makes no sense.
    """
    values: dict[str, Any] = {"sort": sort}
    names = [name for name, _ in said]
    for name, text in said:
        if name not in _BY_NAME:
            raise Problem(400, f"There is no parameter {name[:50]!r}; there are {', '.join(_BY_NAME)}.")
        if names.count(name) > 1:
            raise Problem(400, f"The parameter {name} is given more than once.")
        if not text.strip():
            continue
        try:
            values[name] = _BY_NAME[name].read(text.strip(), now)
        except ValueError as error:
            raise Problem(400, f"The parameter {name} {error}, not {text[:50]!r}.") from None
    query = Query(**values)
    if query.since and query.until and query.since >= query.until:
        raise Problem(400, "Nothing lies between since and until: since must be before until.")
    return query
