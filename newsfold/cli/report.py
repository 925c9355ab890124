"""The command `report`: the front page as one file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from newsfold.cli import state
from newsfold.errors import UsageError

_EXAMPLE = "Example: newsfold report -o front.html --since 2d --min-outlets 2"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog=_EXAMPLE, rich_help_panel="Inspect")(report)


def report(
    output: Annotated[
        str, typer.Option("--output", "-o", help="File to write; - for standard output.")
    ] = "-",
    since: Annotated[str, typer.Option(help="Only what was printed since: 90m, 24h, 7d or a date.")] = "",
    lang: Annotated[str, typer.Option(help="Only this language (two letters).")] = "",
    outlet: Annotated[str, typer.Option(help="Only what this outlet printed.")] = "",
    words: Annotated[str, typer.Option(help="Only with these words in headline or lead.")] = "",
    min_outlets: Annotated[int, typer.Option(min=0, help="Only with at least so many outlets.")] = 0,
    most: Annotated[int, typer.Option("--most", min=1, max=500, help="At most so many stories.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Say as JSON what was written.")] = False,
) -> None:
    """Write the front page, its stories whole and the feeds as one HTML file that needs no network."""
    from newsfold.jsonview import dumps
    from newsfold.since import moment_since
    from newsfold.web.asked import Asked
    from newsfold.web.report import report as made

    if as_json and output == "-":
        raise UsageError("--json says what was written to a file: name one with -o")
    moment_since(since, state.now())
    choice = Asked(words=words, lang=lang.lower(), outlet=outlet, since=since, outlets=min_outlets)
    text, found = made(state.reader(), choice, state.now(), most)
    if output == "-":
        typer.echo(text)
        return
    _write(Path(output), text)
    if as_json:
        typer.echo(dumps({"file": output, "stories": len(found.stories), "bytes": len(text.encode())}))
    else:
        typer.echo(f"{output}: {len(found.stories)} of {found.count} stories")


def _write(path: Path, text: str) -> None:
    """Replace the file as a whole, so that a web server never hands out half of it."""
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8", errors="replace"
        ) as half:
            half.write(text)
        Path(half.name).chmod(mode)
        _put(Path(half.name), path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def _put(half: Path, path: Path) -> None:
    try:
        half.replace(path)
    except OSError:
        half.unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
