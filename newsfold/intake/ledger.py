"""The books of one ingest: which lines are out to be placed, which are placed, how far each file is, and what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from storage.positions import Position, Positions


@dataclass(slots=True)
class _Out:
    """A chunk that was handed out and is not all placed, or follows one that is not."""

    lines: int
    end: int
    digests: Sequence[bytes] | None = None
    numbers: Sequence[int] | None = None
    done: bool = False


@dataclass(slots=True)
class _File:
    """How far one file is, and what is out of it, in its order."""

    name: str
    key: str
    position: Position
    made: Counter[bytes]
    out: dict[int, _Out] = field(default_factory=dict)
    ended: bool = False


class Ledger:
    """Kept by one process, whoever places.

    A file's position goes forward over chunks that are placed, up to the first that is not: so a run that is killed
    repeats what was out, and leaves nothing out. `tell` is given a sentence for each line that is no article.
    """

    def __init__(
        self, positions: Positions, tell: Callable[[str], None], done: Callable[[int], None], *, again: bool
    ) -> None:
        self.verdicts: Counter[str] = Counter()
        self.skipped = self.before = 0
        self._positions, self._tell, self._done, self._again = positions, tell, done, again
        self._files: dict[str, _File] = {}
        self._of: dict[int, _File] = {}

    def begin(self, name: str, key: str) -> Position:
        """Where to begin with a file; a key that is empty is nothing to remember."""
        if key and self._again:
            self._positions.forget(key)
        position = self._positions.read(key) if key else Position()
        made = Counter(self._positions.digests(key, position)) if key and not position.whole else Counter()
        self._files[name] = _File(name, key, position, made)
        self.before += position.lines
        return position

    def hand_out(self, name: str, chunk: int, lines: int, end: int) -> None:
        """A chunk of a file goes out, in the file's order; it ends at this offset."""
        self._of[chunk] = self._files[name]
        self._files[name].out[chunk] = _Out(lines, end)

    @property
    def out(self) -> int:
        """Chunks that are out, or follow one that is."""
        return len(self._of)

    @property
    def unread(self) -> int:
        """Chunks that are out and of which nobody has said what is in them."""
        return sum(file.out[chunk].digests is None for chunk, file in self._of.items())

    def number(self, chunk: int, digests: Sequence[bytes]) -> dict[int, Sequence[int]]:
        """A chunk's lines that name no article: how many equal ones there are up to each of them in the file.

        That is known when the chunks before it are; so the answer has each chunk whose numbers are known by this.
        """
        file = self._of[chunk]
        file.out[chunk].digests = digests
        answers: dict[int, Sequence[int]] = {}
        for number, out in file.out.items():
            if out.digests is None:
                break
            if out.numbers is None:
                answers[number] = out.numbers = [_counted(file.made, digest) for digest in out.digests]
        return answers

    def bad(self, chunk: int, line: int, reason: str) -> None:
        """A line is no article."""
        self.skipped += 1
        self._tell(f"{self._of[chunk].name}, line {line}: {reason}; skipped")

    def placed(self, verdicts: Counter[str]) -> None:
        """Articles were placed and stored."""
        self.verdicts.update(verdicts)
        self._done(verdicts.total())

    def done(self, chunk: int) -> None:
        """All of a chunk is placed."""
        file = self._of[chunk]
        file.out[chunk].done = True
        self._go_forward(file)

    def end(self, name: str) -> None:
        """All of a file is out."""
        self._files[name].ended = True
        self._go_forward(self._files[name])

    def forget(self) -> None:
        """Read every file of this run from its beginning the next time."""
        for file in self._files.values():
            if file.key:
                self._positions.forget(file.key)

    def _go_forward(self, file: _File) -> None:
        passed: list[_Out] = []
        while file.out and (first := next(iter(file.out.items())))[1].done:
            passed.append(first[1])
            del file.out[first[0]], self._of[first[0]]
        whole = file.ended and not file.out
        if not passed and not whole:
            return
        digests = [digest for out in passed for digest in out.digests or ()]
        file.position = replace(
            file.position,
            offset=passed[-1].end if passed else file.position.offset,
            lines=file.position.lines + sum(out.lines for out in passed),
            unnamed=file.position.unnamed + len(digests),
            whole=whole,
        )
        if file.key:
            self._positions.write(file.key, file.position, digests)


def _counted(made: Counter[bytes], digest: bytes) -> int:
    made[digest] += 1
    return made[digest]
