"""How far long work is: a bar on stderr where that is a terminal, nothing anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def bar(doing: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar for work of so many steps (None: nobody knows); what is given is told how many were done."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    count = MofNCompleteColumn() if total is not None else TextColumn("{task.completed:.0f}")
    columns = (TextColumn(doing), BarColumn(), count, TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda steps: progress.advance(task, steps)
