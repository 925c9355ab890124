"""What every command needs: the configuration, a reader, and how to write results."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from newsfold.config import Config, load_config
from newsfold.errors import UsageError
from newsfold.since import moment_since

if TYPE_CHECKING:
    import redis

    from storage.queue import FeedQueue
    from storage.reader import Kind, Reader

# Where there is no terminal nothing is cut or wrapped.
_WIDE = 10_000

_FLAGS: dict[str, Any] = {}

ALLOW_NET = Annotated[
    list[str] | None, typer.Option(help="Network beside the public ones that may be reached (CIDR).")
]
ALLOW_PORT = Annotated[
    list[int] | None,
    typer.Option(min=1, max=65_535, help="Port beside 80, 443 and those of your feeds that may be reached."),
]


def set_flags(flags: Mapping[str, Any]) -> None:
    """Remember what the command line says over the configuration."""
    _FLAGS.update({key: value for key, value in flags.items() if value is not None})


def flags() -> dict[str, Any]:
    """What the command line said."""
    return dict(_FLAGS)


def reach(allow_net: list[str] | None, allow_port: list[int] | None) -> dict[str, Any]:
    """What a command that fetches was told it may reach, as configuration."""
    given = {"crawl.allow_net": allow_net, "crawl.ports": allow_port}
    return {key: value for key, value in given.items() if value}


def config(more: Mapping[str, Any] | None = None) -> Config:
    """The configuration in force."""
    return load_config(os.environ, {**_FLAGS, **(more or {})})


def is_terminal() -> bool:
    """Whether a person looks at standard output."""
    return bool(sys.stdout and sys.stdout.isatty())


class _Output(Console):
    """A console that leaves it to `main` what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console() -> Console:
    """Standard output; colour, frames and a width only where there is a terminal."""
    made = _Output(highlight=False)
    return made if made.is_terminal else _Output(highlight=False, width=_WIDE, no_color=True, soft_wrap=True)


def client() -> redis.Redis:
    """The configured Redis, for a command that says at once when it is not there."""
    from storage.connect import connect

    settings = config()
    return connect(settings["redis_url"] or None, settings.home, interactive=True)


def reader() -> Reader:
    """A reader of the configured Redis."""
    from storage.reader import Reader

    return Reader(client())


def feed_queue() -> FeedQueue:
    """The schedule of feeds in the configured Redis, for a command that leases nothing."""
    from storage.cluster import keys_of
    from storage.queue import FeedQueue
    from storage.workers import new_token

    found = client()
    return FeedQueue(found, keys_of(found), token=new_token())


def since(text: str | None, option: str = "--since") -> datetime | None:
    """The time that an option names: so long ago, or a date."""
    return moment_since(text, now(), option)


def now() -> datetime:
    """The time of the command."""
    return datetime.now(UTC)


def one(found: Sequence[str], kind: str, wanted: str) -> str:
    """The single id that was found, or UsageError."""
    if not found:
        raise UsageError(f"there is no {kind} {wanted!r}")
    if len(found) > 1:
        raise UsageError(f"{kind} {wanted!r} could be any of {', '.join(found[:5])}")
    return found[0]


def find(source: Reader, kind: Kind, wanted: str) -> str:
    """The id of a story, group or article, by id, beginning of it, or (an article's) URL."""
    if kind == "article" and wanted.startswith(("http://", "https://")):
        from crawler.urls import canonical_url

        found = source.by_url(canonical_url(wanted))
        return one([found] if found else [], kind, wanted)
    return one(source.resolve(kind, wanted), kind, wanted)
