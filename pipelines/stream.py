"""The order in which the steps of several batches go to one server, so that it and the worker work at once.

While the server works on one batch, the worker compares the batch before and makes the next one ready. What
the server does comes in this order, where k is one language's part of a batch:

    texts k, insert k+1, terms k, around k, link k, texts k+1, insert k+2, terms k+1, …

So a text is inserted before it looks, a batch looks after the batch before it was inserted, and is linked after
it was linked: as if one batch followed another. Only known articles are looked up early, which is why a part that
has an article of the part before is inserted after that was linked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from dedup.model import Placement
from storage.line import Line

# Parts that are inserted or made ready while one before them is not linked.
IN_FLIGHT = 2


@dataclass(frozen=True, slots=True)
class Part:
    """Which articles of which batch: the batch's number, their places in it, and whether it is the batch's last part."""

    batch: int
    places: tuple[int, ...]
    is_last: bool


class Unit(Protocol):
    """The steps of placing a part; each waits for what the one before sent."""

    @property
    def part(self) -> Part: ...
    @property
    def ids(self) -> Sequence[str]: ...
    @property
    def is_in_company(self) -> bool: ...

    def open(self, line: Line) -> None: ...
    def set_apart(self) -> None: ...
    def prepare(self) -> None: ...
    def insert(self, line: Line) -> None: ...
    def look(self, line: Line) -> None: ...
    def compare(self, line: Line) -> None: ...
    def tell(self, line: Line) -> None: ...
    def meet(self, line: Line) -> None: ...
    def link(self, line: Line) -> None: ...
    def placements(self) -> list[Placement]: ...


def run(line: Line, units: Iterator[Unit]) -> Iterator[tuple[Part, list[Placement]]]:
    """Place part after part; yields where the articles of each went, in order."""
    before: Unit | None = None
    now, following = _ready(line, units), None
    if now:
        now.insert(line)
        following = _ready(line, units)
    while now:
        now.look(line)
        after = _opened(line, units) if following else None
        now.compare(line)
        early = following is not None and not set(following.ids) & set(now.ids)
        if following and early:
            following.insert(line)
        if before:
            yield before.part, before.placements()
        _tell(now, line, after)
        now.link(line)
        if following and not early:
            following.insert(line)
        before, now, following = now, following, after
    if before:
        yield before.part, before.placements()


def _tell(now: Unit, line: Line, after: Unit | None) -> None:
    """Enter a part's texts and look around, and make the one after the next ready: meanwhile, unless others wait for these texts."""
    hurry = now.is_in_company
    if after and hurry:
        after.set_apart()
        after.prepare()
    now.tell(line)
    if after and not hurry:
        after.set_apart()
    now.meet(line)
    if after and not hurry:
        after.prepare()


def _opened(line: Line, units: Iterator[Unit]) -> Unit | None:
    unit = next(units, None)
    if unit:
        unit.open(line)
    return unit


def _ready(line: Line, units: Iterator[Unit]) -> Unit | None:
    unit = _opened(line, units)
    if unit:
        unit.set_apart()
        unit.prepare()
    return unit


def gather(parts: Iterable[tuple[Part, list[Placement]]]) -> Iterator[list[Placement]]:
    """The placements of each batch, in the order of its articles."""
    placed: dict[int, Placement] = {}
    for part, placements in parts:
        placed.update(zip(part.places, placements, strict=True))
        if part.is_last:
            yield [placed[place] for place in sorted(placed)]
            placed = {}
