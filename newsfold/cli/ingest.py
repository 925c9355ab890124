"""The command that brings articles in from files."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from newsfold.cli import state
from newsfold.errors import InputError

if TYPE_CHECKING:
    from newsfold.intake.run import Ingested

FILES = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="JSON Lines, plain or gzip; - for standard input.")
]


def ingest(
    files: FILES,
    processes: Annotated[int, typer.Option(min=1, max=256, help="Processes that place articles.")] = 1,
    again: Annotated[
        bool, typer.Option("--again", help="Read files from their beginning that were read already.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Read articles from JSON Lines through the same stages as a crawl.

    A run that ended early is taken up where it was when the same files are given again, and a file that was read to
    its end is passed over; one that has changed since is read anew. Standard input is always read from its beginning.
    """
    from newsfold.addon import desk_options
    from newsfold.bars import bar
    from newsfold.intake.files import sources
    from newsfold.intake.run import Setup, ingest
    from newsfold.logs import configure

    config = state.config()
    configure(config["log.level"], as_json=config["log.json"])
    given = sources(files)
    setup = Setup(desk_options(config), config["crawl.extractors"], config["log.level"], config["log.json"])
    with bar("ingesting") as done:
        found = ingest(setup, given, processes, _say, done, again=again)
    _tell(found, as_json=as_json)


def _tell(found: Ingested, *, as_json: bool) -> None:
    """What was done, and why it is not all; exits with the code of a signal."""
    from newsfold.jsonview import dumps

    counts = found.counts()
    typer.echo(dumps(counts) if as_json else _sentence(counts))
    if found.signal:
        name = signal.Signals(found.signal).name
        stored = "not all that was read is stored" if found.left else "what was read is stored"
        _say(f"stopped by {name}; {stored}, run it again for the rest")
        raise typer.Exit(128 + found.signal)
    if found.fault:
        raise InputError(found.fault)


def _sentence(counts: dict[str, int]) -> str:
    """The figures in a line; of an earlier run only where there was one."""
    told = [f"{count} {name}" for name, count in counts.items() if name != "before"]
    return ", ".join(told) + (f"; {counts['before']} lines were read before" if counts["before"] else "")


def _say(sentence: str) -> None:
    from newsfold.safetext import plain_line

    print(f"newsfold: {plain_line(sentence)}", file=sys.stderr)  # noqa: T201
