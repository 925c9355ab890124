"""The latest articles of outlets, as they are stored and as this worker knows them, so that only newer ones are fetched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from sys import intern
from typing import TypeVar

from dedup.furniture import Sighting
from storage.plain import compact, text_of

_K = TypeVar("_K")
_V = TypeVar("_V")

# As in outlet.lua: how many of an outlet's articles are remembered, and the digits that name the latest.
LATEST = 24
_DIGEST = 16
# Of so many outlets and articles: a kilobyte or two each article.
_OUTLETS, _ARTICLES = 512, 8_192


@dataclass(frozen=True, slots=True)
class Seen:
    """An outlet's latest articles, the newest first, and the digest of how that one is stored."""

    head: str = ""
    latest: tuple[Sighting, ...] = ()


class Sightings:
    """What this worker has seen of outlets; a server that knows otherwise says so, and then all is read anew."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Seen] = {}
        self._known: dict[bytes, Sighting] = {}

    def seen(self, lang: str, outlets: Iterable[str]) -> dict[str, Seen]:
        """What is known of each outlet of which anything is."""
        found = ((outlet, self._seen.get((lang, outlet))) for outlet in outlets)
        return {outlet: seen for outlet, seen in found if seen}

    def add(self, lang: str, outlet: str, newer: Sequence[bytes], before: Seen) -> tuple[Sighting, ...]:
        """The latest articles of an outlet, given those that are newer than what was known before."""
        head = hashlib.sha1(newer[0]).hexdigest()[:_DIGEST] if newer else before.head  # noqa: S324
        seen = Seen(head, (*map(self._read, newer), *before.latest)[:LATEST])
        self._seen.pop((lang, outlet), None)
        if seen.latest:
            _keep(self._seen, (lang, outlet), seen, _OUTLETS)
        return seen.latest

    def written(self, sighting: Sighting) -> bytes:
        """As it is stored."""
        head, tail = " ".join(sighting.head), " ".join(sighting.tail)
        edges = tuple(map(intern, sighting.head)), tuple(map(intern, sighting.tail))
        sighting = replace(sighting, head=edges[0], tail=edges[1])
        packed = compact([sighting.article, head, tail, " ".join(sighting.blocks)]).encode(
            "utf-8", "surrogatepass"
        )
        _keep(self._known, packed, sighting, _ARTICLES)
        return packed

    def _read(self, packed: bytes) -> Sighting:
        found = self._known.get(packed)
        if found is None:
            article, *rest = json.loads(text_of(packed))
            head, tail, blocks = (tuple(map(intern, part.split(" "))) if part else () for part in rest)
            found = Sighting(article, head, tail, blocks)
            _keep(self._known, packed, found, _ARTICLES)
        return found


def _keep(kept: dict[_K, _V], key: _K, value: _V, most: int) -> None:
    """One more; what was entered first goes."""
    kept[key] = value
    if len(kept) > most:
        del kept[next(iter(kept))]
