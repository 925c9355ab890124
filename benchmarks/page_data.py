"""The recorded pages and their gold records."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.harness import DATA
from crawler.decode import decode

UNKNOWN_URL = "https://unknown.example/"


class Served(NamedTuple):
    """A page as it was served; `text` is its characters, for the systems that want no bytes."""

    file: str
    url: str
    body: bytes
    text: str


def gold_rows(data: Path = DATA) -> list[dict[str, Any]]:
    """The recorded pages' gold records, [] where the data is missing."""
    gold = data / "pages" / "gold.jsonl"
    # One record a line; texts may hold other line separators than "\n".
    return [json.loads(line) for line in gold.read_bytes().splitlines()] if gold.exists() else []


def page_bytes(row: Mapping[str, Any], data: Path = DATA) -> bytes:
    """A recorded page as it was served."""
    return gzip.decompress((data / "pages" / str(row["file"])).read_bytes())


def served(row: Mapping[str, Any], data: Path = DATA) -> Served:
    """A recorded page with its address and its characters."""
    body = page_bytes(row, data)
    return Served(str(row["file"]), str(row["url"] or UNKNOWN_URL), body, decode(body))
