"""The command `newsfold`. Imports here are few, so that `--help` and small commands start at once."""

from __future__ import annotations

import errno
import gc
import os
import sys
from typing import Annotated, Any

import typer

from newsfold import __version__
from newsfold.cli import correct, cron, desk, feeds, inspect, look, notify, report, run, state, upkeep

# What is loaded stays: looking for garbage in it again and again takes a tenth of the time that a command takes to start.
gc.set_threshold(20_000, 20, 20)

# Options that may stand before or after the command; the number is how many words follow.
_ANYWHERE = {"--redis": 1, "--home": 1, "--config": 1, "--log-level": 1, "--log-json": 0}

# What a disk or its permissions say, wherever a command writes.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)

app = typer.Typer(
    name="newsfold",
    help="Crawl news feeds and fold what they print into stories: reprints first, then events.",
    no_args_is_help=True,
    epilog="Example: newsfold crawl --feeds feeds.opml",
    pretty_exceptions_enable=False,
    # Into a pipe help goes without frames.
    rich_markup_mode="markdown" if state.is_terminal() else None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
run.register(app)
inspect.register(app)
look.register(app)
correct.register(app)
upkeep.register(app)
cron.register(app)
desk.register(app)
report.register(app)
notify.register(app)
app.add_typer(feeds.app, name="feeds", rich_help_panel=run.PANEL)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"newsfold {__version__}")
        raise typer.Exit


VERSION = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
]


@app.callback()
def options(
    redis: Annotated[str | None, typer.Option(help="Redis URL; without one, newsfold's own server.")] = None,
    home: Annotated[str | None, typer.Option(help="Data folder.")] = None,
    config: Annotated[str | None, typer.Option(help="Configuration file.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log lines as JSON.")] = False,
    version: VERSION = False,  # noqa: ARG001
) -> None:
    """Options of every command; they may stand before or after its name."""
    if config:
        os.environ["NEWSFOLD_CONFIG"] = config
    flags: dict[str, Any] = {"redis_url": redis, "home": home, "log.level": log_level}
    state.set_flags({**flags, "log.json": True if log_json else None})


def _sorted(words: list[str]) -> list[str]:
    """The command line with the options of every command moved to its front."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(words)
    for word in waiting:
        if word == "--":
            return [*front, *rest, word, *waiting]
        name, equals, _ = word.partition("=")
        if name in _ANYWHERE:
            front.append(word)
            if _ANYWHERE[name] and not equals:
                front.extend(value for value in [next(waiting, None)] if value is not None)
        else:
            rest.append(word)
    return [*front, *rest]


def _expected() -> tuple[type[Exception], ...]:
    """The errors that are told in one sentence; anything else is a bug and shows its traceback."""
    from redis.exceptions import RedisError

    from crawler.errors import CrawlerError
    from newsfold.errors import NewsfoldError
    from pipelines.errors import PipelineError
    from storage.errors import StorageError

    return NewsfoldError, PipelineError, StorageError, CrawlerError, RedisError


def main() -> None:
    """Entry point: runs the command; one sentence on stderr and exit code 2 for what a person can mend."""
    try:
        code = app(args=_sorted(sys.argv[1:]), prog_name="newsfold", standalone_mode=False)
        if sys.stdout:  # there is none where a shell has closed it
            sys.stdout.flush()
    except BrokenPipeError:
        _leave_quietly()
    except SystemExit as end:
        # Where a pipe was closed the library has put a wrapper around stdout and means 1.
        if type(sys.stdout).__name__ == "PacifyFlushWrapper":
            _leave_quietly()
        raise end
    except Exception as error:
        _tell(error)
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


def _leave_quietly() -> None:
    """Whoever read the output has enough; there is nobody to tell."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os._exit(0)


def _tell(error: Exception) -> None:
    """One sentence on stderr; raises what is no fault of the person at the terminal."""
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error.format_message().strip())  # type: ignore[attr-defined]
        return
    if hasattr(error, "format_message"):  # of the library that reads the command line
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "newsfold"
        said = " ".join(error.format_message().split()).rstrip(".").replace(": Value error, ", ": ")
        sentence = f"{command}: {said[:1].lower()}{said[1:]}; {command} --help tells more"
    elif isinstance(error, _expected()):
        sentence = f"newsfold: {' '.join(str(error).split())}"
    elif isinstance(error, OSError) and error.errno in _DISK:
        sentence = f"newsfold: {error.filename or 'the output'} cannot be used: {error.strerror}"
    else:
        raise error
    from newsfold.safetext import plain_line

    print(plain_line(sentence), file=sys.stderr)  # noqa: T201
