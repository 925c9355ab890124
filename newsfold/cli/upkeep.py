"""Commands that keep newsfold well: doctor, stats, prune, backup, restore."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from newsfold.cli import state
from newsfold.errors import InputError, UsageError

if TYPE_CHECKING:
    from newsfold.config import Config
    from newsfold.doctor import Finding, Folder

PANEL = "Run"
JSON = Annotated[bool, typer.Option("--json", help="Write JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(epilog="Example: newsfold doctor", rich_help_panel=PANEL)(doctor)
    app.command(epilog="Example: newsfold stats --json", rich_help_panel=PANEL)(stats)
    app.command(epilog="Example: newsfold prune --before 14d --dry-run", rich_help_panel=PANEL)(prune)
    app.command(epilog="Example: newsfold backup newsfold.backup", rich_help_panel=PANEL)(backup)
    app.command(epilog="Example: newsfold restore newsfold.backup", rich_help_panel=PANEL)(restore)


def doctor(as_json: JSON = False) -> None:
    """Look whether all is well: each thing a line, with what to do; exit code 1 where something is wrong."""
    from newsfold.jsonview import dumps, finding_json
    from newsfold.showdesk import show_findings

    found = list(_findings(state.config()))
    if as_json:
        typer.echo(dumps([finding_json(one) for one in found]))
    else:
        show_findings(state.console(), found)
    raise typer.Exit(1 if any(one.level == "wrong" for one in found) else 0)


def _findings(config: Config) -> Iterator[Finding]:
    from newsfold.doctor import Finding, folder_findings
    from storage.address import masked

    embedded = not config["redis_url"]
    yield from folder_findings(_folder(config.home), keeps_data=embedded)
    where = f"the private server of {config.home}" if embedded else masked(config["redis_url"])
    yield from _redis_findings(config, where)
    if not config["crawl.contact"]:
        fix = "set crawl.contact to an address or page of yours"
        yield Finding("contact", "note", "publishers cannot tell who crawls them", fix)


def _redis_findings(config: Config, where: str) -> Iterator[Finding]:
    from redis.exceptions import RedisError

    from newsfold.addon import minhash
    from newsfold.doctor import Finding, cluster_findings, schedule_findings, server_findings
    from newsfold.reaching import connection_finding
    from storage.cluster import keys_of, nodes_of, uncopied
    from storage.errors import StorageError
    from storage.health import health, lateness
    from storage.reader import Reader
    from storage.schema import parameters

    try:
        with state.client() as client:
            now = state.now()
            keys, nodes = keys_of(client), nodes_of(client)
            yield connection_finding(config["redis_url"])
            for name, server in nodes.items() or {where: client}.items():
                yield from server_findings(
                    health(client, keys, server), parameters(minhash(config), keys), name
                )
            yield from cluster_findings(len(nodes), uncopied(client))
            yield from schedule_findings(lateness(client, keys, now), Reader(client).feeds(), now)
    except (StorageError, RedisError) as error:
        fix = (
            "newsfold redis status, and its log"
            if not config["redis_url"]
            else "start it, or set redis_url right"
        )
        yield Finding("redis", "wrong", " ".join(str(error).split()), fix)


def _folder(home: Path) -> Folder:
    from shutil import disk_usage

    from newsfold.doctor import Folder

    home = home.absolute()
    there = home if home.exists() else next(parent for parent in home.parents if parent.exists())
    facts, disk = there.stat(), disk_usage(there)
    return Folder(
        path=home,
        mode=facts.st_mode if there == home else None,
        owner=facts.st_uid,
        user=os.geteuid(),
        writable=os.access(there, os.W_OK | os.X_OK),
        free=disk.free,
        size=disk.total,
    )


def stats(as_json: JSON = False) -> None:
    """Say how much there is: articles, stories and languages, feeds, what waits, memory."""
    from newsfold.jsonview import dumps, stats_json
    from newsfold.show import show_stats
    from storage.cluster import keys_of
    from storage.figures import figures

    client = state.client()
    found = figures(client, keys_of(client), state.now())
    if as_json:
        typer.echo(dumps(stats_json(found)))
    else:
        show_stats(state.console(), found)


def prune(
    before: Annotated[
        str | None,
        typer.Option("--before", help="What was met before: 90m, 14d or a date; without it, the retention."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: JSON = False,
) -> None:
    """Forget what is past the retention, or older than a time: articles, and the stories nothing is left of."""
    from newsfold.bars import bar
    from newsfold.jsonview import dumps, pruned_json
    from storage.cluster import keys_of
    from storage.prune import Pruner

    limit = state.since(before, "--before")
    if limit is None:
        limit = state.now() - timedelta(days=state.config()["retention_days"])
    client = state.client()
    keys = keys_of(client)
    with bar("pruning", client.zcard(keys.stories)) as done:
        found = Pruner(client, keys).prune(limit, dry_run=dry_run, done=done)
    if as_json:
        typer.echo(dumps({"dry_run": dry_run, **pruned_json(found)}))
        return
    would = "would go: " if dry_run else "gone: "
    typer.echo(
        f"{would}{found.articles} articles and {found.stale} that had expired, {found.groups} texts, "
        f"{found.stories} stories, {found.events} events"
    )


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="File to write; one that is there is replaced.")
    ],
    as_json: JSON = False,
) -> None:
    """Write all that is kept in Redis to one file, which only this user can read.

    Crawls may go on meanwhile. The file has secrets of WebSub subscriptions in it.
    """
    from newsfold.bars import bar
    from newsfold.jsonview import dumps, head_json
    from storage.backup import backup as run
    from storage.cluster import keys_of, servers_of

    client = state.client()
    with (
        _replacing(file) as out,
        bar("backing up", sum(server.dbsize() for server in servers_of(client))) as done,
    ):
        head = run(client, keys_of(client), out, state.now(), done)
    size = file.stat().st_size
    if as_json:
        typer.echo(dumps({"file": str(file), "bytes": size, **head_json(head)}))
    else:
        typer.echo(f"{head.keys} keys, {size / 1e6:.1f} MB in {file}")


@contextmanager
def _replacing(file: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of the other when it is whole."""
    part = file.with_name(file.name + ".part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What newsfold backup wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Also where something is kept; that goes.")] = False,
    as_json: JSON = False,
) -> None:
    """Put back what a backup holds, into a Redis where newsfold keeps nothing.

    The file is read to its end before anything is changed. How long things are kept is counted on from now.
    """
    from newsfold.bars import bar
    from newsfold.crawl import run_lock
    from newsfold.jsonview import dumps, head_json
    from storage.backup import inspect, is_empty
    from storage.backup import restore as run
    from storage.cluster import keys_of
    from storage.errors import BackupRefused

    client = state.client()
    if not force and not is_empty(client, keys_of(client)):
        raise UsageError("there is something in this Redis already; --force replaces it")
    try:
        with file.open("rb") as stream, run_lock(state.config().home) as ours:
            if not ours:
                raise UsageError("a crawl of this data folder is going on; restore when it has ended")
            head = inspect(stream)
            with bar("restoring", head.records) as done:
                run(client, keys_of(client), stream, done)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    except BackupRefused as error:
        raise InputError(f"{file} cannot be put back: {error}") from error
    typer.echo(dumps(head_json(head)) if as_json else f"{head.keys} keys, as they were at {head.at}")
