"""The command `newsfold`. Imports here are few, so that `--help` and small commands start at once."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from newsfold import __version__
from newsfold.cli import desk, feeds, inspect, notify, report, run, state

# Options that may stand before or after the command; the number is how many words follow.
_ANYWHERE = {"--redis": 1, "--home": 1, "--config": 1, "--log-level": 1, "--log-json": 0}

app = typer.Typer(
    name="newsfold",
    help="Crawl news feeds and fold what they print into stories: reprints first, then events.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
run.register(app)
inspect.register(app)
desk.register(app)
report.register(app)
notify.register(app)
app.add_typer(feeds.app, name="feeds")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"newsfold {__version__}")
        raise typer.Exit


@app.callback()
def options(
    redis: Annotated[str | None, typer.Option(help="Redis URL; without one, newsfold's own server.")] = None,
    home: Annotated[str | None, typer.Option(help="Data folder.")] = None,
    config: Annotated[str | None, typer.Option(help="Configuration file.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log lines as JSON.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,  # noqa: ARG001
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
        app(args=_sorted(sys.argv[1:]))
    except BrokenPipeError:
        # Whoever read the output has enough; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if not isinstance(error, _expected()):
            raise
        from newsfold.safetext import plain_line

        print(f"newsfold: {' '.join(plain_line(str(error)).split())}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
