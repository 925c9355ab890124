"""Commands that bring articles in and out: crawl, demo, export; and ingest, which is in a file of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Annotated, Any

import typer

from newsfold.cli import ingest, state

PANEL = "News"
JSON = Annotated[bool, typer.Option("--json", help="Write JSON.")]
LINES = Annotated[bool, typer.Option("--json", help="JSON Lines, which is written in any case.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(epilog="Example: newsfold crawl --feeds feeds.opml", rich_help_panel=PANEL)(crawl)
    app.command(epilog="Example: newsfold demo", rich_help_panel=PANEL)(demo)
    app.command(epilog="Example: newsfold ingest news.jsonl.gz", rich_help_panel=PANEL)(ingest.ingest)
    app.command(epilog="Example: newsfold export --text", rich_help_panel=PANEL)(export)


def crawl(
    feeds: Annotated[str | None, typer.Option(help="Feed list to crawl: OPML, text or TOML.")] = None,
    now: Annotated[bool, typer.Option("--now", help="Poll every feed, due or not.")] = False,
    no_pages: Annotated[
        bool, typer.Option("--no-pages", help="Take entries as the feeds tell them.")
    ] = False,
    polls_only: Annotated[
        bool, typer.Option("--polls-only", help="Poll the feeds and leave new pages to another run.")
    ] = False,
    allow_net: state.ALLOW_NET = None,
    allow_port: state.ALLOW_PORT = None,
    as_json: JSON = False,
) -> None:
    """Poll the due feeds, fetch their new pages, and fold the articles into stories."""
    more = {
        **state.reach(allow_net, allow_port),
        "crawl.feeds": feeds,
        "crawl.pages": False if no_pages else None,
    }
    raise typer.Exit(_crawl(more, now=now, polls_only=polls_only, as_json=as_json))


def _crawl(more: Mapping[str, Any], *, now: bool, as_json: bool, polls_only: bool = False) -> int:
    from newsfold.crawl import NOTHING, is_idle, run_lock
    from newsfold.jsonview import dumps
    from newsfold.logs import configure
    from newsfold.summary import show_summary

    flags = {**state.flags(), **{key: value for key, value in more.items() if value is not None}}
    config = state.config(flags)
    configure(config["log.level"], as_json=config["log.json"])
    with run_lock(config.home) as ours:
        if not ours:
            print("newsfold: a crawl of this data folder is going on already; nothing to do", file=sys.stderr)  # noqa: T201
            return 0
        # A list that cannot be read, and a Redis that is not there, are told before anything is loaded.
        idle = is_idle(config, polls_only=polls_only) and not now
        summary = (
            NOTHING if idle else _run(config, flags, now=now, polls_only=polls_only, progress=not as_json)
        )
    if as_json:
        typer.echo(dumps(summary.as_dict()))
    else:
        show_summary(state.console(), summary)
    if summary.forced:
        # Threads may wait for a page or for Redis; all that they hold has been given back.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(summary.exit_code)
    return summary.exit_code


def _run(config: Any, flags: Mapping[str, Any], *, now: bool, polls_only: bool, progress: bool) -> Any:
    from newsfold.addon import desk_options
    from newsfold.crawl import run_crawl
    from pipelines.desk import Desk

    Desk(desk_options(config)).client.close()  # an index made with other parameters is told in one sentence
    return run_crawl(config, flags, now=now, polls_only=polls_only, progress=progress)


def demo(
    again: Annotated[bool, typer.Option("--fresh", help="Forget the last demo first.")] = False,
    as_json: JSON = False,
) -> None:
    """Crawl a small invented newsroom, served on this machine, and show its stories."""
    from newsfold.cli.inspect import story_table
    from newsfold.demo.newsroom import running_newsroom

    home = state.config().home / "demo"
    state.set_flags({"home": str(home), "redis_url": ""})
    if again:
        from storage.connect import connect

        connect(None, home, interactive=True).flushdb()
    with running_newsroom() as room:
        home.mkdir(parents=True, exist_ok=True)
        feeds = home / "newsroom.opml"
        feeds.write_text(room.opml(), encoding="utf-8")
        # Every outlet has a name of its own behind one loopback port, reached as through a proxy.
        more = {
            "crawl.feeds": str(feeds),
            "crawl.proxy": room.proxy,
            "crawl.delay": 0.0,
            "index.seed": "demo",
        }
        code = _crawl(more, now=True, as_json=as_json)
        answers = ", ".join(f"{count} × {status}" for status, count in sorted(room.counts.items()))
    if not as_json:
        typer.echo(f"\nThe newsroom answered {answers}.\n")
        story_table()
        typer.echo(f"Look closer with: newsfold --home {home} story ID")
        typer.echo(f"As a page:        newsfold --home {home} serve")
    raise typer.Exit(code)


def export(
    text: Annotated[bool, typer.Option("--text", help="Add the cleaned text.")] = False,
    as_json: LINES = False,  # noqa: ARG001
) -> None:
    """Write every article as a line of JSON."""
    from newsfold.bars import bar
    from newsfold.jsonview import dumps, exported

    reader = state.reader()
    # Lines and a bar on one terminal would be drawn over each other.
    total = 0 if state.is_terminal() else reader.stats(state.now()).articles
    with bar("exporting", total) if total else nullcontext(lambda _: None) as done:
        for article in reader.all_articles():
            sys.stdout.write(dumps(exported(article, with_text=text)) + "\n")
            done(1)
