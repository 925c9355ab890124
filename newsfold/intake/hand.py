"""Places chunk after chunk, in the command's own process or in one beside it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from crawler.model import Page
from crawler.pool import Extractors
from dedup.model import Placement
from newsfold.intake.files import Chunk
from newsfold.intake.ledger import Ledger
from pipelines.desk import Desk
from pipelines.ingest import Row, digest, extract_rows, ingest, numbered, parse_rows


class Office(Protocol):
    """Who gives out chunks and is told of them; `Ledger` says what the calls mean."""

    def take(self) -> Chunk | None:
        """The next chunk, None when there are no more."""
        ...

    def number(self, chunk: int, digests: Sequence[bytes]) -> Sequence[int] | None:
        """The numbers of lines that name no article; None where nobody will know any more."""
        ...

    def bad(self, chunk: int, line: int, reason: str) -> None: ...
    def placed(self, verdicts: Counter[str]) -> None: ...
    def done(self, chunk: int) -> None: ...


class OwnOffice:
    """The ledger and the chunks of this process."""

    def __init__(self, chunks: Iterator[Chunk], ledger: Ledger) -> None:
        self._chunks = chunks
        self._ledger = ledger
        self.bad, self.placed, self.done = ledger.bad, ledger.placed, ledger.done

    def take(self) -> Chunk | None:
        return next(self._chunks, None)

    def number(self, chunk: int, digests: Sequence[bytes]) -> Sequence[int] | None:
        return self._ledger.number(chunk, digests)[chunk]


class Hand:
    """One who places."""

    def __init__(self, desk: Desk, extractors: Extractors, office: Office) -> None:
        self._desk, self._extractors, self._office = desk, extractors, office
        self._given = self._stored = 0
        self._ends: deque[tuple[int, int]] = deque()

    def work(self) -> None:
        """Place chunk after chunk until there are no more."""
        ingest(self._desk, self._pages(), lambda: datetime.now(UTC), self._placed)
        self._tell_of_ends()

    def _pages(self) -> Iterator[Page]:
        while chunk := self._office.take():
            bad = partial(self._office.bad, chunk.number)
            rows = self._rows(chunk)
            if rows is None:
                return
            for page in extract_rows(rows, self._extractors, bad):
                self._given += 1
                yield page
            self._ends.append((chunk.number, self._given))

    def _rows(self, chunk: Chunk) -> list[Row] | None:
        """The rows of a chunk, all with an id."""
        rows = list(parse_rows(chunk.lines, partial(self._office.bad, chunk.number), chunk.first))
        said = {at: digest(row) for at, row in enumerate(rows) if not row.page.id}
        numbers = self._office.number(chunk.number, list(said.values()))
        if numbers is None:
            return None
        for (at, one), number in zip(said.items(), numbers, strict=True):
            rows[at] = numbered(rows[at], one, number)
        return rows

    def _placed(self, placements: Sequence[Placement]) -> None:
        self._stored += len(placements)
        self._office.placed(Counter(one.verdict for one in placements))
        self._tell_of_ends()

    def _tell_of_ends(self) -> None:
        while self._ends and self._ends[0][1] <= self._stored:
            self._office.done(self._ends.popleft()[0])
