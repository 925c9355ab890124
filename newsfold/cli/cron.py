"""Commands that put the crawl on a schedule: cron show, install, remove."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsfold.cli import state
from newsfold.errors import UsageError

if TYPE_CHECKING:
    from newsfold.crontab import Job

JSON = Annotated[bool, typer.Option("--json", help="Write JSON.")]
EVERY = Annotated[int, typer.Option("--every", min=1, max=1440, metavar="MINUTES", help="How often.")]
FEEDS = Annotated[str | None, typer.Option(help="Feed list to crawl; without one, all on the schedule.")]
FILE = Annotated[
    Path | None, typer.Option("--file", help="A crontab in a file instead of the user's own.", dir_okay=False)
]

app = typer.Typer(
    help="Put the crawl on a schedule, by cron or systemd.",
    no_args_is_help=True,
    epilog="Example: newsfold cron install --feeds feeds.opml",
)


def register(parent: typer.Typer) -> None:
    """Add the commands to the program."""
    parent.add_typer(app, name="cron", rich_help_panel="Run")


@app.command(epilog="Example: newsfold cron show --feeds feeds.opml --every 15")
def show(
    every: EVERY = 10,
    feeds: FEEDS = None,
    systemd: Annotated[bool, typer.Option("--systemd", help="Units for systemd instead.")] = False,
    as_json: JSON = False,
) -> None:
    """Print the crontab line, or the units of a systemd timer.

    The crawl holds a lock, so that no two run, and writes to cron.log in the data folder; cron mails the end of the
    log where a crawl could not do its work, and nothing otherwise.
    """
    from newsfold.crontab import cron_line, systemd_units
    from newsfold.jsonview import dumps

    job = _job(every, feeds)
    if systemd:
        units = systemd_units(job)
        text = "\n".join(f"# {name}\n{unit}" for name, unit in units.items())
        typer.echo(dumps(units) if as_json else text.rstrip())
        return
    typer.echo(dumps({"line": cron_line(job)}) if as_json else cron_line(job))


@app.command(epilog="Example: newsfold cron install --feeds feeds.opml")
def install(every: EVERY = 10, feeds: FEEDS = None, file: FILE = None, as_json: JSON = False) -> None:
    """Write the line into the crontab; one of this data folder that is there already is replaced."""
    from newsfold.crontab import cron_line, with_block

    job = _job(every, feeds)
    job.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(with_block(_read(file), job), file)
    _say("installed", cron_line(job), as_json)


@app.command(epilog="Example: newsfold cron remove")
def remove(file: FILE = None, as_json: JSON = False) -> None:
    """Take the line of this data folder out of the crontab."""
    from newsfold.crontab import without_block

    before = _read(file)
    after = without_block(before, _home())
    if after != before:
        _write(after, file)
    _say("removed" if after != before else "there was none", "", as_json)


def _say(done: str, line: str, as_json: bool) -> None:
    from newsfold.jsonview import dumps

    typer.echo(dumps({"done": done, "line": line}) if as_json else f"{done}  {line}".rstrip())


def _home() -> Path:
    return state.config().home.absolute()


def _job(every: int, feeds: str | None) -> Job:
    from newsfold.crontab import Job, can_schedule

    if not can_schedule(every):
        raise UsageError(f"cron cannot count every {every} minutes; take 5, 10, 15, 20, 30 or whole hours")
    program = Path(sys.argv[0]).absolute()
    start = [str(program)] if program.name == "newsfold" else [sys.executable, "-m", "newsfold"]
    config = _config_file()
    words = [*start, "--home", str(_home()), *(("--config", config) if config else ())]
    words.append("crawl")
    listed = feeds or state.config()["crawl.feeds"]
    if listed:
        if not Path(listed).is_file():
            raise UsageError(f"there is no feed list {listed}")
        words += ["--feeds", str(Path(listed).absolute())]
    return Job(tuple(words), every, _home(), _variables())


def _variables() -> tuple[tuple[str, str], ...]:
    """What the environment says here and would not there; a password is better off there than in a command line."""
    told = {name: value for name, value in os.environ.items() if name.startswith("NEWSFOLD_")}
    for name in ("NEWSFOLD_HOME", "NEWSFOLD_CONFIG", "NEWSFOLD_DATA"):
        told.pop(name, None)
    if url := state.flags().get("redis_url"):
        told["NEWSFOLD_REDIS_URL"] = str(url)
    return tuple(sorted(told.items()))


def _config_file() -> str:
    """The configuration that is in force here, where cron must find it, too."""
    from newsfold.config import FILE as NAME

    named = os.environ.get("NEWSFOLD_CONFIG") or (NAME if Path(NAME).is_file() else "")
    return str(Path(named).absolute()) if named else ""


def _read(file: Path | None) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8") if file.exists() else ""
    done = _crontab("-l")
    if done.returncode and "no crontab" not in done.stderr:
        raise UsageError(f"the crontab cannot be read: {done.stderr.strip() or 'crontab -l failed'}")
    return done.stdout if not done.returncode else ""


def _write(text: str, file: Path | None) -> None:
    if file is not None:
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror}") from error
        return
    done = _crontab("-", text)
    if done.returncode:
        raise UsageError(f"the crontab was not taken: {done.stderr.strip()}")


def _crontab(argument: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        words = ["crontab", argument]
        return subprocess.run(words, input=text, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603
    except FileNotFoundError:
        raise UsageError(
            "there is no crontab here; newsfold cron show --systemd prints units instead"
        ) from None
