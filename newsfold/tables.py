"""Rows and lines: for a person at a terminal in columns and cut to its width, for a pipe whole and parted by tabs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from newsfold.safetext import safe

_GAP = 2
# So much of the widest column is worth more than a column that is not needed.
_LEAST = 34


@dataclass(frozen=True, slots=True)
class Column:
    """A column. At a terminal the `wide` one takes what is left, and is cut there unless it `wraps`; a `spare` one is left
    out where the screen is narrow; `most` is how many characters a cell takes, and a `short` id ends there without a mark.
    Into a pipe all goes whole."""

    name: str
    right: bool = False
    wide: bool = False
    wraps: bool = False
    spare: bool = False
    most: int | None = None
    short: int | None = None


Cells = tuple[str, ...]


def show_rows(console: Console, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Rows of text from anywhere. Into a pipe they go without header, one line a row."""
    cells = [tuple(safe(cell).plain for cell in row) for row in rows]
    if not console.is_terminal:
        for row in cells:
            console.file.write("\t".join(row) + "\n")
        return
    shown = _fitting(columns, cells, console.width)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for place, width in shown:
        column = columns[place]
        table.add_column(
            column.name, justify="right" if column.right else "left", width=width,
            no_wrap=not column.wraps, overflow="fold" if column.wraps else "ellipsis",
        )  # fmt: skip
    for row in cells:
        table.add_row(*(safe(row[place][: columns[place].short]) for place, _ in shown))
    console.print(table)


def _fitting(columns: Sequence[Column], rows: Sequence[Cells], width: int) -> list[tuple[int, int]]:
    """The columns that fit a screen, by their places, with the width of each."""
    wanted = {place: _width(column, place, rows) for place, column in enumerate(columns)}
    wide = next((place for place, column in enumerate(columns) if column.wide), None)
    spare = [place for place, column in enumerate(columns) if column.spare]

    def left() -> int:
        return width - sum(size + _GAP for place, size in wanted.items() if place != wide)

    needed = min(_LEAST, wanted[wide]) if wide is not None else 0
    while spare and left() < needed:
        del wanted[spare.pop()]
    if wide is not None:
        wanted[wide] = max(10, min(wanted[wide], left()))
    return sorted(wanted.items())


def _width(column: Column, place: int, rows: Sequence[Cells]) -> int:
    longest = max((cell_len(row[place]) for row in rows), default=0)
    return max(cell_len(column.name), min(longest, column.most or longest, column.short or longest))


def show_line(console: Console, text: str, style: str = "") -> None:
    """One line, cut at a terminal's edge and whole anywhere else."""
    if console.is_terminal:
        console.print(safe(text), style=style or None, no_wrap=True, overflow="ellipsis")
    else:
        console.file.write(safe(text).plain + "\n")
