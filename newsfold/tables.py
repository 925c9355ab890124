"""Rows and lines: for a person at a terminal in columns and cut to its width, for a pipe whole and parted by tabs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

from newsfold.safetext import safe


@dataclass(frozen=True, slots=True)
class Column:
    """A column; a `wide` one wraps where the others keep their line, `short` cuts ids to so many characters."""

    name: str
    right: bool = False
    wide: bool = False
    short: int | None = None


def show_rows(console: Console, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Rows of text from anywhere. Into a pipe they go without header and frame, one line a row."""
    if not console.is_terminal:
        for row in rows:
            show_line(console, "\t".join(safe(cell).plain for cell in row), tabs=True)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            column.name, justify="right" if column.right else "left", no_wrap=not column.wide,
            overflow="fold" if column.wide else "ellipsis", ratio=1 if column.wide else None,
        )  # fmt: skip
    for row in rows:
        table.add_row(*(safe(cell[: column.short]) for column, cell in zip(columns, row, strict=True)))
    console.print(table)


def show_line(console: Console, text: str, style: str = "", *, tabs: bool = False) -> None:
    """One line, cut at a terminal's edge and whole anywhere else."""
    if console.is_terminal:
        console.print(safe(text), style=style or None, no_wrap=True, overflow="ellipsis")
    else:
        console.file.write((text if tabs else safe(text).plain) + "\n")
