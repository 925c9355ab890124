"""What is remembered of outlets: the furniture that was learnt and the edges of their latest articles."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis

from dedup.furniture import Phrase, Sighting
from storage.functions import Call, Functions
from storage.keys import Keys
from storage.plain import iso, text_of
from storage.sightings import Seen, Sightings

FurnitureSeen = tuple[str, str, str, Mapping[str, Any]]
_PLACES = ("title", "head", "tail", "block")


@dataclass(frozen=True, slots=True)
class OutletMemory:
    """Of one outlet in one language: its furniture, and its latest articles, the newest first."""

    phrases: tuple[Phrase, ...] = ()
    latest: tuple[Sighting, ...] = ()


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
        self._sightings = Sightings()

    def read(self, lang: str, outlets: Sequence[str], *, latest: bool = True) -> dict[str, OutletMemory]:
        """What is known of each outlet; without `latest` only its furniture."""
        return self._functions.run(self.ask(lang, outlets, latest=latest)) if outlets else {}

    def ask(self, lang: str, outlets: Sequence[str], *, latest: bool = True) -> Call[dict[str, OutletMemory]]:
        """The same as a call still to be made."""

        seen = self._sightings.seen(lang, outlets) if latest else {}

        def articles(outlet: str, newer: Sequence[bytes], whole: object) -> tuple[Sighting, ...]:
            before = Seen() if whole else seen[outlet]
            return self._sightings.add(lang, outlet, newer or (), before) if latest else ()

        def read(answers: Sequence[Any]) -> dict[str, OutletMemory]:
            return {
                outlet: OutletMemory(_phrases(lang, phrases or ()), articles(outlet, *told))
                for outlet, (phrases, *told) in zip(outlets, answers, strict=True)
            }

        known = {outlet: (one.head, len(one.latest)) for outlet, one in seen.items()}
        call = {"outlets": list(outlets), "latest": latest, "known": known}
        return Call("outlets", self._keys.index(lang), call, read)

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


def furniture_seen(
    client: redis.Redis, keys: Keys, outlet: str
) -> list[tuple[str, str, str, Mapping[str, Any]]]:
    """The learnt furniture of an outlet: language, place, words, and how often and when it was seen."""
    rows = []
    for field, seen in client.hgetall(keys.outlet(outlet)).items():
        lang, place, words = text_of(field).split(" ", 2)
        rows.append((lang, place, words, json.loads(text_of(seen))))
    return sorted(rows, key=lambda row: (row[0], _PLACES.index(row[1]), -int(row[3]["seen"]), row[2]))
