"""Files of articles: what tells one from another, and their lines in chunks, of all files in turn."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from newsfold.ending import InputEnding
from newsfold.errors import InputError
from newsfold.intake.ledger import Ledger
from pipelines.ingest import BATCH, open_lines
from storage.positions import Position

STDIN = "-"
# What one process is given at a time. Few lines keep the order of arrival near that of the file; few bytes keep pages of
# HTML from piling up.
LINES, BYTES = 2 * BATCH, 8 << 20
_ENDS = 1 << 16


@dataclass(frozen=True, slots=True)
class Source:
    """One input; `key` tells what is in it, and is empty where it cannot be read again from the middle."""

    name: str
    key: str

    @classmethod
    def of(cls, name: str) -> Source:
        """What the command line names. Raises InputError where it cannot be read."""
        if name == STDIN:
            return cls(name, "")
        try:
            with Path(name).open("rb") as file:
                found = os.fstat(file.fileno())
                return cls(name, _key(name, file, found) if stat.S_ISREG(found.st_mode) else "")
        except OSError as error:
            raise InputError(f"{name} cannot be read: {error.strerror}") from error

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Its lines from the beginning, decompressed; a gzip file leaves open what it reads from."""
        with ExitStack() as opened:
            whole = (
                sys.stdin.buffer if self.name == STDIN else opened.enter_context(Path(self.name).open("rb"))
            )
            yield opened.enter_context(open_lines(whole))


def _key(name: str, file: IO[bytes], found: os.stat_result) -> str:
    """A digest of the path, the size, the time of the last change, and the first and the last 64 KB."""
    told = hashlib.blake2b(digest_size=12)
    told.update(
        repr((str(Path(name).resolve()), found.st_size, found.st_mtime_ns)).encode("utf-8", "replace")
    )
    told.update(file.read(_ENDS))
    file.seek(max(0, found.st_size - _ENDS))
    told.update(file.read(_ENDS))
    return told.hexdigest()


def sources(names: Iterable[str]) -> list[Source]:
    """The inputs, in their order; what is named twice is read once."""
    found: dict[str, Source] = {}
    for name in names:
        source = Source.of(name)
        found.setdefault(source.key or name, source)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines of one source, the first of which has the number `first` in it."""

    number: int
    first: int
    lines: tuple[bytes, ...]


class Reading:
    """The chunks of all sources; what is wrong with one of them is put into `faults`, and the next goes on."""

    def __init__(self, sources: Sequence[Source], ledger: Ledger, ending: InputEnding) -> None:
        self.faults: list[str] = []
        self.may_block = not all(source.key for source in sources)
        self._sources, self._ledger, self._ending = sources, ledger, ending
        self._number = 0

    def __iter__(self) -> Iterator[Chunk]:
        for source in self._sources:
            if self._ending.signal:
                return
            position = self._ledger.begin(source.name, source.key)
            if not position.whole:
                yield from self._chunks(source, position)

    def _chunks(self, source: Source, position: Position) -> Iterator[Chunk]:
        offset, first, faults = position.offset, position.lines + 1, len(self.faults)
        for lines in _portions(self._ending.lines(self._lines(source, position))):
            self._number += 1
            offset += sum(map(len, lines))
            self._ledger.hand_out(source.name, self._number, len(lines), offset)
            yield Chunk(self._number, first, lines)
            first += len(lines)
        if not self._ending.signal and len(self.faults) == faults:
            self._ledger.end(source.name)

    def _lines(self, source: Source, position: Position) -> Iterator[bytes]:
        """The lines after a position; damage ends them."""
        try:
            with source.open() as stream:
                if position.offset:
                    stream.seek(position.offset)
                yield from stream
        except (OSError, EOFError, zlib.error) as error:
            self.faults.append(f"{source.name} is damaged: {error}")


def _portions(lines: Iterable[bytes]) -> Iterator[tuple[bytes, ...]]:
    portion: list[bytes] = []
    size = 0
    for line in lines:
        portion.append(line)
        size += len(line)
        if len(portion) == LINES or size >= BYTES:
            yield tuple(portion)
            portion, size = [], 0
    if portion:
        yield tuple(portion)
