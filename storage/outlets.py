"""What is remembered of outlets: the furniture that was learnt and the edges of their latest articles."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from sys import intern
from typing import Any

import redis

from dedup.furniture import Phrase, Sighting
from storage.functions import Call, Functions
from storage.keys import Keys
from storage.plain import compact, iso, text_of

FurnitureSeen = tuple[str, str, str, Mapping[str, Any]]
# As in outlet.lua: how many of an outlet's articles are remembered.
LATEST = 24
_PLACES = ("title", "head", "tail", "block")


@dataclass(frozen=True, slots=True)
class OutletMemory:
    """Of one outlet in one language: its furniture, and its latest articles, the newest first."""

    phrases: tuple[Phrase, ...] = ()
    latest: tuple[Sighting, ...] = ()


# Of so many articles: some kilobytes each.
_REMEMBERED = 8_192


@dataclass(frozen=True, slots=True)
class Lesson:
    """An article of an outlet to remember, and the furniture phrases found in it."""

    outlet: str
    sighting: Sighting
    phrases: tuple[Phrase, ...] = ()


class Outlets:
    """The memory of outlets in one Redis; `retention` in seconds is how long what is not seen again stays."""

    def __init__(self, client: redis.Redis, keys: Keys, *, retention: int) -> None:
        self._keys, self._retention = keys, retention
        self._functions = Functions(client, keys.prefix)
        self._sightings = _Sightings()

    def read(self, lang: str, outlets: Sequence[str], *, latest: bool = True) -> dict[str, OutletMemory]:
        """What is known of each outlet; without `latest` only its furniture."""
        return self._functions.run(self.ask(lang, outlets, latest=latest)) if outlets else {}

    def ask(self, lang: str, outlets: Sequence[str], *, latest: bool = True) -> Call[dict[str, OutletMemory]]:
        """The same as a call still to be made."""

        def read(answers: Sequence[Any]) -> dict[str, OutletMemory]:
            return {
                outlet: OutletMemory(
                    _phrases(lang, phrases or ()), tuple(map(self._sightings.read, seen or ()))
                )
                for outlet, (phrases, seen) in zip(outlets, answers, strict=True)
            }

        return Call("outlets", self._keys.index(lang), {"outlets": list(outlets), "latest": latest}, read)

    def ask_learn(self, lang: str, lessons: Sequence[Lesson], now: datetime) -> Call[int]:
        """Remember articles and the furniture found in them."""
        docs = [
            {
                "outlet": lesson.outlet,
                "sighting": self._sightings.written(lesson.sighting),
                "phrases": [f"{lang} {phrase.place} {phrase.text}" for phrase in lesson.phrases],
            }
            for lesson in lessons
        ]
        call = {"ttl": self._retention, "at": iso(now), "docs": docs}
        return Call("learn", self._keys.index(lang), call, int)


def _phrases(lang: str, fields: Sequence[Any]) -> tuple[Phrase, ...]:
    found = (text_of(field).split(" ", 2) for field in fields)
    return tuple(Phrase(place, text) for spoken, place, text in found if spoken == lang)  # type: ignore[arg-type]


class _Sightings:
    """Sightings by how they are stored: an outlet's latest are asked for with each of its articles, and most were seen before."""

    def __init__(self) -> None:
        self._known: dict[bytes, Sighting] = {}

    def written(self, sighting: Sighting) -> bytes:
        """As it is stored."""
        head, tail = " ".join(sighting.head), " ".join(sighting.tail)
        packed = compact([sighting.article, head, tail, " ".join(sighting.blocks)]).encode(
            "utf-8", "surrogatepass"
        )
        self._keep(packed, sighting)
        return packed

    def read(self, packed: bytes) -> Sighting:
        """As it was written."""
        found = self._known.get(packed)
        if found is None:
            article, *rest = json.loads(text_of(packed))
            head, tail, blocks = (tuple(map(intern, part.split(" "))) if part else () for part in rest)
            found = Sighting(article, head, tail, blocks)
            self._keep(packed, found)
        return found

    def _keep(self, packed: bytes, sighting: Sighting) -> None:
        self._known[packed] = sighting
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]


def furniture_seen(
    client: redis.Redis, keys: Keys, outlet: str
) -> list[tuple[str, str, str, Mapping[str, Any]]]:
    """The learnt furniture of an outlet: language, place, words, and how often and when it was seen."""
    rows = []
    for field, seen in client.hgetall(keys.outlet(outlet)).items():
        lang, place, words = text_of(field).split(" ", 2)
        rows.append((lang, place, words, json.loads(text_of(seen))))
    return sorted(rows, key=lambda row: (row[0], _PLACES.index(row[1]), -int(row[3]["seen"]), row[2]))
