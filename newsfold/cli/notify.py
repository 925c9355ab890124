"""The command that tells a webhook of stories."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from newsfold.cli import desk, state
from newsfold.errors import UsageError

if TYPE_CHECKING:
    from newsfold.config import Config
    from newsfold.notify import Notifier, Report
    from storage.notices import Watch


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(
        epilog="Example: newsfold notify --url https://example.org/hook --min-outlets 3 --lang fr",
        rich_help_panel=desk.PANEL,
    )(notify)


def notify(
    url: Annotated[str | None, typer.Option(help="Address to tell; also notify.url.")] = None,
    min_outlets: Annotated[
        int, typer.Option(min=1, help="Tell of a story when so many outlets have it.")
    ] = 5,
    lang: Annotated[str, typer.Option(help="Only stories in this language (two letters).")] = "",
    outlet: Annotated[str, typer.Option(help="Only stories that this outlet has.")] = "",
    once: Annotated[bool, typer.Option("--once", help="Tell what is due and end, for cron.")] = False,
    secret: Annotated[
        str | None, typer.Option(help="Secret to sign with; better NEWSFOLD_NOTIFY_SECRET or notify.secret.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Tell a webhook of each story once, when it has reached so many outlets; signed, with retries.

    With --once the exit code is 1 where some wait for another try.
    """
    from newsfold.jsonview import dumps
    from newsfold.logs import configure
    from storage.notices import Watch

    config = state.config({"notify.url": url, "notify.secret": secret})
    configure(config["log.level"], as_json=config["log.json"])
    watch = Watch(_address(config["notify.url"]), min_outlets, lang.lower(), outlet)
    notifier = _notifier(config, watch)
    report = notifier.once() if once else _until_stopped(notifier)
    typer.echo(
        dumps({name: getattr(report, name) for name in type(report).__slots__}) if as_json else _told(report)
    )
    raise typer.Exit(1 if once and report.waiting else 0)


def _address(url: str) -> str:
    if not url:
        raise UsageError("there is no address to tell: give --url, NEWSFOLD_NOTIFY_URL or notify.url")
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound:
        raise UsageError(f"{url!r} is no address such as https://example.org/hook")
    return url


def _notifier(config: Config, watch: Watch) -> Notifier:
    from newsfold.addon import user_agent
    from newsfold.client import Stories
    from newsfold.notify import Notifier
    from newsfold.webhook import Sender, secret_of
    from storage.cluster import keys_of
    from storage.connect import connect
    from storage.notices import Notices

    if not config["notify.secret"]:
        raise UsageError("there is no secret to sign with: set NEWSFOLD_NOTIFY_SECRET or notify.secret")
    sender = Sender(watch.url, secret_of(config["notify.secret"]), user_agent(config))
    stories = Stories(client=connect(config["redis_url"] or None, config.home, decode=True))
    client = connect(config["redis_url"] or None, config.home)
    notices = Notices(client, keys_of(client), watch, retention=config["retention_days"] * 86_400)
    return Notifier(stories, notices, watch, sender)


def _until_stopped(notifier: Notifier) -> Report:
    """SIGTERM and SIGINT end it between two deliveries, so that none is sent and not noted."""
    heard: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: heard.append(number))
    notifier.stopping = lambda: bool(heard)
    return notifier.forever()


def _told(report: Report) -> str:
    parts = [f"{report.sent} sent"]
    parts += [f"{report.given_up} given up"] if report.given_up else []
    parts += [f"{report.waiting} wait for another try"] if report.waiting else []
    return ", ".join(parts) + (f" ({report.error})" if report.error else "")
