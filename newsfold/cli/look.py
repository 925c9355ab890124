"""Commands that follow the news: search, timeline, watch."""

from __future__ import annotations

from typing import Annotated

import typer

from newsfold.cli import state
from newsfold.errors import UsageError

PANEL = "Inspect"
JSON = Annotated[bool, typer.Option("--json", help="Write JSON.")]
SINCE = Annotated[str | None, typer.Option(help="Only since: 90m, 24h, 7d or a date.")]
LANG = Annotated[str | None, typer.Option(help="Only this language (two letters).")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(epilog="Example: newsfold search ferry 'Northern Pearl' --since 7d", rich_help_panel=PANEL)(
        search
    )
    app.command(epilog="Example: newsfold timeline s1a2b", rich_help_panel=PANEL)(timeline)
    app.command(epilog="Example: newsfold watch --since 24h --min-outlets 3", rich_help_panel=PANEL)(watch)


def search(
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS...", help="All must be there; words in quotes side by side.")
    ],
    lang: LANG = None,
    since: SINCE = None,
    outlet: Annotated[str, typer.Option(help="Only of this outlet.")] = "",
    most: Annotated[int, typer.Option("--most", min=1, max=1000, help="At most so many.")] = 20,
    as_json: JSON = False,
) -> None:
    """Find articles by the words of their headlines and leads, in any language, the newest first.

    Words are found in any of their forms (ferry, ferries). Only what is in the leads is found, some 60 words.
    """
    from dedup.search import read_query
    from newsfold.jsonview import dumps, found_json
    from newsfold.showdesk import show_found
    from storage.cluster import keys_of
    from storage.search import Search

    query, spoken = read_query(words), (lang or "").lower()
    client = state.client()
    finder = Search(client, keys_of(client))
    if not any(query.keys(one) for one in ([spoken] if spoken else finder.languages() or ["und"])):
        raise UsageError("there is no word among these by which a text could be told from others")
    found = finder.find(query, lang=spoken, outlet=outlet, since=state.since(since), most=most)
    if as_json:
        typer.echo(dumps([found_json(article) for article in found]))
    elif found:
        show_found(state.console(), found)
    else:
        typer.echo("nothing was found", err=True)


def timeline(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="Story, or an article of it by id or URL.")],
    as_json: JSON = False,
) -> None:
    """Show who printed what when: each text when it first came, its reprints under it."""
    from newsfold.jsonview import dumps, timeline_json
    from newsfold.showdesk import show_timeline

    reader = state.reader()
    identity = _story_of(wanted)
    found = reader.story(identity)
    if found is None:
        raise UsageError(f"there is no story {wanted!r} any more")
    if as_json:
        typer.echo(dumps(timeline_json(found)))
    else:
        show_timeline(state.console(), found)


def _story_of(wanted: str) -> str:
    """The story that an id, or an article's id or URL, leads to."""
    reader = state.reader()
    if "://" not in wanted and (ids := reader.resolve("story", wanted)):
        return state.one(ids, "story", wanted)
    found = reader.article(state.find(reader, "article", wanted))
    return found.story if found else ""


def watch(
    since: Annotated[str | None, typer.Option(help="Begin with what came since: 90m, 24h or a date.")] = None,
    lang: LANG = None,
    min_outlets: Annotated[int, typer.Option(min=0, help="Only with at least so many outlets.")] = 0,
    as_json: JSON = False,
) -> None:
    """Show stories as they grow, until Ctrl-C; --json writes a line an event."""
    from newsfold.watch import Filter, Until, watch_json, watch_lines, watch_live
    from storage.cluster import keys_of
    from storage.events import Events

    chosen, console = Filter((lang or "").lower(), min_outlets), state.console()
    client = state.client()
    events = Events(client, keys_of(client), state.since(since))
    run = watch_json if as_json else watch_live if console.is_terminal else watch_lines
    with Until() as until:
        run(console, until.batches(events), state.reader(), chosen)
