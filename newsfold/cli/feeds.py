"""The feeds on the schedule: list, show, add, remove, import, export, check, enable."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsfold.cli import state
from newsfold.errors import UsageError
from newsfold.safetext import plain_line

if TYPE_CHECKING:
    from crawler.model import FeedSpec
    from storage.queue import FeedQueue
    from storage.views import FeedView

JSON = Annotated[bool, typer.Option("--json", help="Write JSON.")]
FEED = Annotated[str, typer.Argument(metavar="URL|ID", help="Feed, by its address or its id.")]

app = typer.Typer(
    help="List the feeds; its commands add, remove, check and explain them.",
    invoke_without_command=True,
    epilog="Example: newsfold feeds --broken",
)


@app.callback()
def listing(
    context: typer.Context,
    broken: Annotated[bool, typer.Option("--broken", help="Only feeds whose last poll failed.")] = False,
    as_json: JSON = False,
) -> None:
    """List the feeds: last poll, next poll and by which rule, what is wrong."""
    if context.invoked_subcommand is not None:
        return
    from newsfold.jsonview import dumps, feed_json
    from newsfold.showfeeds import show_feeds

    found = [feed for feed in state.reader().feeds() if feed.streak or feed.result == "moved" or not broken]
    if broken:
        found.sort(key=lambda feed: (-feed.streak, feed.url))
    if as_json:
        typer.echo(dumps([feed_json(feed) for feed in found]))
    elif found:
        show_feeds(state.console(), found)
    else:
        typer.echo("every feed is well" if broken else "there are no feeds; newsfold feeds add URL")


@app.command(epilog="Example: newsfold feeds show https://example.org/rss")
def show(wanted: FEED, as_json: JSON = False) -> None:
    """Explain a feed: its last polls, its next one, and which rule set it."""
    from newsfold.jsonview import dumps, feed_json
    from newsfold.showfeeds import show_feed

    found = _view(wanted)
    if as_json:
        typer.echo(dumps(feed_json(found)))
    else:
        show_feed(state.console(), found)


@app.command(epilog="Example: newsfold feeds add https://example.org/ --folder Local")
def add(
    urls: Annotated[list[str], typer.Argument(metavar="URL", help="Feeds, or pages that name theirs.")],
    title: Annotated[str, typer.Option(help="Title to show instead of the feed's own.")] = "",
    folder: Annotated[str, typer.Option(help="Folder, as A/B.")] = "",
    lang: Annotated[str, typer.Option(help="Language, where the feed is wrong about it.")] = "",
    outlet: Annotated[str, typer.Option(help="Outlet, where the address is not the publisher's.")] = "",
    no_check: Annotated[bool, typer.Option("--no-check", help="Do not look at it first.")] = False,
    allow_net: state.ALLOW_NET = None,
    allow_port: state.ALLOW_PORT = None,
    as_json: JSON = False,
) -> None:
    """Put feeds on the schedule; of a page, the feed that it names."""
    from newsfold.jsonview import dumps

    given = [_spec(url, "", "", "", "").url for url in urls]
    chosen = given if no_check else _discovered(given, state.reach(allow_net, allow_port))
    specs = [_spec(url, title, folder, lang, outlet) for url in dict.fromkeys(chosen)]
    queue, now = state.feed_queue(), state.now()
    known = set(queue.feed_ids())
    ids = queue.add_feeds(specs, now)
    rows = [(spec.url, identity, identity in known) for spec, identity in zip(specs, ids, strict=True)]
    if as_json:
        typer.echo(dumps([{"id": identity, "url": url, "new": not old} for url, identity, old in rows]))
    else:
        for url, identity, old in rows:
            typer.echo(plain_line(f"{'listed already' if old else 'added'}  {identity}  {url}"))


def _spec(url: str, title: str, folder: str, lang: str, outlet: str) -> FeedSpec:
    from crawler.feedlist import feed_spec

    return feed_spec("newsfold feeds add", url, title, folder.split("/"), lang, outlet)


def _discovered(urls: list[str], reach: dict[str, Any]) -> list[str]:
    """The feeds at addresses or named by the pages there; UsageError where there is none."""
    from crawler.moves import permanent_target
    from newsfold.probe import probe

    found = []
    flags = {**state.flags(), **reach}
    for one in probe(flags, urls, follow=True):
        if one.feed is None:
            raise UsageError(f"{one.failure.sentence if one.failure else one.asked}; nothing was added")
        if one.url != one.asked:
            typer.echo(plain_line(f"{one.asked} names the feed {one.url}"), err=True)
        found.append(permanent_target(one.answer.hops) or one.url)
    return found


@app.command(epilog="Example: newsfold feeds remove https://example.org/rss")
def remove(wanted: FEED, as_json: JSON = False) -> None:
    """Take a feed off the schedule; the articles that came of it stay."""
    queue = state.feed_queue()
    identity = _identity(queue, wanted)
    queue.remove(identity)
    _say("removed", identity, as_json)


@app.command(epilog="Example: newsfold feeds enable https://example.org/rss")
def enable(wanted: FEED, as_json: JSON = False) -> None:
    """Poll a feed again that was given up (410) or has moved: at its listed address, at once."""
    queue = state.feed_queue()
    identity = _identity(queue, wanted)
    queue.enable(identity, state.now())
    _say("enabled", identity, as_json)


def _say(done: str, identity: str, as_json: bool) -> None:
    from newsfold.jsonview import dumps

    typer.echo(dumps({"id": identity, "done": done}) if as_json else f"{done}  {identity}")


@app.command("import", epilog="Example: newsfold feeds import feeds.opml")
def import_(
    file: Annotated[Path, typer.Argument(help="Feed list: OPML, text or TOML; folders are kept.")],
    as_json: JSON = False,
) -> None:
    """Put the feeds of a list on the schedule."""
    from crawler.feedlist import read_feed_list
    from newsfold.jsonview import dumps

    queue = state.feed_queue()
    known = set(queue.feed_ids())
    ids = queue.add_feeds(read_feed_list(file), state.now())
    counts = {"added": len(set(ids) - known), "listed already": len(set(ids) & known)}
    text = ", ".join(f"{count} {name}" for name, count in counts.items())
    typer.echo(dumps(counts) if as_json else text)


@app.command(epilog="Example: newsfold feeds export > feeds.opml")
def export(as_json: JSON = False) -> None:
    """Write the feeds as OPML, folders kept."""
    from crawler.feedlist import write_opml
    from newsfold.jsonview import dumps, spec_json

    feeds = sorted(state.feed_queue().specs(), key=lambda spec: (spec.folder, spec.url))
    sys.stdout.write(
        dumps([spec_json(feed) for feed in feeds]) + "\n" if as_json else write_opml(feeds, "newsfold")
    )


@app.command(epilog="Example: newsfold feeds check https://example.org/rss")
def check(
    urls: Annotated[list[str], typer.Argument(metavar="URL", help="Addresses to look at.")],
    allow_net: state.ALLOW_NET = None,
    allow_port: state.ALLOW_PORT = None,
    as_json: JSON = False,
) -> None:
    """Look at an address as a poll would, without storing anything; exit code 1 where it is no feed."""
    from newsfold.jsonview import dumps
    from newsfold.logs import configure
    from newsfold.probe import probe, report
    from newsfold.showfeeds import show_report

    flags = {**state.flags(), **state.reach(allow_net, allow_port)}
    config = state.config(flags)
    configure(config["log.level"], as_json=config["log.json"])
    reports = [report(one, config) for one in probe(flags, urls)]
    if as_json:
        typer.echo(dumps([one.as_dict() for one in reports]))
    else:
        for one in reports:
            show_report(state.console(), one)
    raise typer.Exit(1 if any(one.failure for one in reports) else 0)


def _identity(queue: FeedQueue, wanted: str) -> str:
    found = queue.find(wanted) if "://" in wanted else ""
    ids = [found] if found else [one for one in queue.feed_ids() if one.startswith(wanted)]
    return state.one(ids, "feed", wanted)


def _view(wanted: str) -> FeedView:
    identity = _identity(state.feed_queue(), wanted)
    found = state.reader().feed(identity)
    if found is None:
        raise UsageError(f"there is no feed {wanted!r} any more")
    return found
