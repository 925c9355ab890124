"""Loaders for published sets that we may not hand on, for who has them.

News2013 (Miranda et al. 2018, "Multilingual Clustering of Streaming News"): `dataset.test.json`, a JSON array or JSON
Lines of objects with `id`, `title`, `text`, `lang` (eng, deu, spa), `date` ("2014-05-07 08:15:00") and `cluster`.

NEWS-COPY (Silcock et al. 2023, "Noise-Robust De-Duplication at Scale"): an object from image name to article
(`headline`, `byline`, `article`) with a second file of duplicate pairs of names; or a list or lines of articles that
carry their `cluster`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]
_LANGUAGES = {"eng": "en", "deu": "de", "ger": "de", "spa": "es"}


class BadSet(ValueError):  # noqa: N818
    """A file that is not in the format; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Published:
    """Rows as `newsfold ingest` takes them, in the order to measure, and the label of each.

    Ids are numbers, as the sets' own may be longer than ours; `left_out` counts articles without a word.
    """

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    left_out: int


def news2013(path: Path) -> Published:
    """The stream in the order of its dates, which are taken for UTC. Raises BadSet."""
    found = [_news2013_row(row, where) for where, row in _objects(path)]
    found.sort(key=lambda pair: str(pair[0]["published"]))
    return _published(found)


def _news2013_row(row: Row, where: str) -> tuple[Row, str]:
    _need(row, ("title", "text", "lang", "date", "cluster"), where)
    try:
        moment = datetime.fromisoformat(row["date"])
    except (TypeError, ValueError) as error:
        raise BadSet(f"{where}: {row['date']!r} is no date") from error
    lang = _LANGUAGES.get(row["lang"], row["lang"])
    published = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    made = {"title": row["title"] or "", "text": row["text"] or "", "lang": lang, "published": published}
    return made, str(row["cluster"])


def news_copy(path: Path, pairs: Path | None = None) -> Published:
    """The articles in file order; their labels from `pairs`, or each article's own `cluster`. Raises BadSet.

    Nothing is said of when they appeared: the set's own names tell the day, and 1930 is past every retention.
    """
    objects = list(_objects(path))
    clusters = _components(path, [name for name, _ in objects], pairs) if pairs else {}
    found = []
    for where, row in objects:
        _need(row, ("article",) if pairs else ("article", "cluster"), where)
        text = "\n".join(part for part in (row.get("byline"), row["article"]) if part)
        label = str(clusters[where]) if pairs else str(row["cluster"])
        found.append(({"title": row.get("headline") or "", "text": _unbroken(text), "lang": "en"}, label))
    return _published(found)


def _unbroken(text: str) -> str:
    """Text without the line breaks of its column, words divided there made whole."""
    return text.replace("-\n", "").replace("\n", " ")


def _components(path: Path, names: Sequence[str], pairs: Path) -> dict[str, str]:
    """The connected component of each name, called by one of its names."""
    parent = {name: name for name in names}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name] = parent[parent[name]]
        return name

    for number, pair in enumerate(_json(pairs)):
        if not isinstance(pair, list) or len(pair) != 2 or not all(str(name) in parent for name in pair):
            raise BadSet(f"{pairs}, pair {number}: {pair!r} is not two articles of {path}")
        parent[root(str(pair[0]))] = root(str(pair[1]))
    return {name: root(name) for name in names}


def _published(found: Iterable[tuple[Row, str]]) -> Published:
    listed = list(found)
    told = [(row, label) for row, label in listed if f"{row['title']}{row['text']}".strip()]
    rows = tuple({"id": f"{number:06d}", **row} for number, (row, _) in enumerate(told))
    return Published(rows, tuple(label for _, label in told), len(listed) - len(told))


def _need(row: object, names: Iterable[str], where: str) -> None:
    if not isinstance(row, dict):
        raise BadSet(f"{where}: it is not an object")
    if missing := [name for name in names if name not in row]:
        raise BadSet(f"{where}: it has no {', '.join(missing)}")


def _objects(path: Path) -> Iterator[tuple[str, Row]]:
    """Each article with its name (in an object) or where it is (in a list or lines)."""
    value = _json(path)
    if isinstance(value, dict):
        yield from value.items()
        return
    for number, row in enumerate(value, 1):
        yield f"{path}, article {number}", row


def _json(path: Path) -> Any:
    """A JSON value, or the list of a JSON Lines file; either may be gzipped."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig", "replace")
    try:
        value = json.loads(text)
    except ValueError:
        value = [_line(path, number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not isinstance(value, list | dict):
        raise BadSet(f"{path}: neither a list nor an object")
    # One line of JSON Lines is an object itself, and so is a file by names: its values tell.
    return (
        [value] if isinstance(value, dict) and not all(isinstance(v, dict) for v in value.values()) else value
    )


def _line(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise BadSet(f"{path}, line {number}: it is not JSON ({error})") from error
