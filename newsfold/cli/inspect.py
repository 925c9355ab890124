"""Commands that look: stories, story, group, article, why, outlet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsfold.cli import state
from newsfold.errors import UsageError

if TYPE_CHECKING:
    from storage.views import StorySummary

PANEL = "Inspect"
JSON = Annotated[bool, typer.Option("--json", help="Write JSON.")]


class Sort(StrEnum):
    """Orders of the story table."""

    outlets = "outlets"
    latest = "latest"
    growth = "growth"


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(
        epilog="Example: newsfold stories --since 24h --min-outlets 2 --sort outlets", rich_help_panel=PANEL
    )(stories)
    app.command(epilog="Example: newsfold story s1a2b", rich_help_panel=PANEL)(story)
    app.command(epilog="Example: newsfold group g1a2b", rich_help_panel=PANEL)(group)
    app.command(epilog="Example: newsfold article https://example.org/news/1", rich_help_panel=PANEL)(article)
    app.command(epilog="Example: newsfold why a1b2c a3d4e", rich_help_panel=PANEL)(why)
    app.command(epilog="Example: newsfold outlet lemonde.fr", rich_help_panel=PANEL)(outlet)


_KEYS: dict[Sort, Callable[[StorySummary], Any]] = {
    Sort.outlets: lambda s: (-s.outlets, -s.articles, s.id),
    Sort.latest: lambda s: (-(s.latest.timestamp() if s.latest else 0), s.id),
    Sort.growth: lambda s: (-s.growth, -s.articles, s.id),
}


def stories(
    since: Annotated[str | None, typer.Option(help="Only what grew since: 90m, 24h, 7d or a date.")] = None,
    lang: Annotated[str | None, typer.Option(help="Only this language (two letters).")] = None,
    min_outlets: Annotated[int, typer.Option(min=0, help="Only with at least so many outlets.")] = 0,
    sort: Annotated[Sort, typer.Option(metavar="outlets|latest|growth", help="Order.")] = Sort.outlets,
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many.")] = 50,
    hidden: Annotated[bool, typer.Option("--all", help="Hidden ones, too.")] = False,
    as_json: JSON = False,
) -> None:
    """List stories, those that are pinned first."""
    story_table(
        since=since, lang=lang, min_outlets=min_outlets, sort=sort, most=most, hidden=hidden, as_json=as_json
    )


def story_table(
    *, since: str | None = None, lang: str | None = None, min_outlets: int = 0, sort: Sort = Sort.outlets,
    most: int = 50, hidden: bool = False, as_json: bool = False,
) -> None:  # fmt: skip
    """The same for other commands."""
    from newsfold.jsonview import dumps, summary_json
    from newsfold.show import show_stories

    found = [
        s
        for s in state.reader().stories(state.since(since), hidden=hidden)
        if (lang is None or s.lang == lang.lower()) and s.outlets >= min_outlets
    ]
    found.sort(key=_KEYS[sort])
    found.sort(key=lambda s: not s.pinned)
    if as_json:
        typer.echo(dumps([summary_json(s) for s in found[:most]]))
        return
    show_stories(state.console(), found[:most])
    if len(found) > most:
        typer.echo(f"{len(found) - most} more; --most {len(found)} shows them", err=True)


def story(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it.")],
    as_json: JSON = False,
) -> None:
    """Show a story: its texts, each with its reprints, its outlets and its timeline."""
    from newsfold.jsonview import dumps, story_json
    from newsfold.show import show_story

    reader = state.reader()
    found = reader.story(state.find(reader, "story", wanted))
    if found is None:
        raise UsageError(f"there is no story {wanted!r} any more")
    if as_json:
        typer.echo(dumps(story_json(found)))
    else:
        show_story(state.console(), found)


def group(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it.")],
    as_json: JSON = False,
) -> None:
    """Show a group: one text and all who printed it."""
    from newsfold.jsonview import dumps, group_json
    from newsfold.show import show_group

    reader = state.reader()
    found = reader.group(state.find(reader, "group", wanted))
    if found is None or not found.articles:
        raise UsageError(f"there is no group {wanted!r} any more")
    if as_json:
        typer.echo(dumps(group_json(found)))
    else:
        show_group(state.console(), found)


def article(
    wanted: Annotated[
        str, typer.Argument(metavar="ID|URL", help="Its id, the beginning of it, or its address.")
    ],
    as_json: JSON = False,
) -> None:
    """Show an article: where it stands and why, what was taken out of it, its text."""
    from newsfold.jsonview import article_json, dumps
    from newsfold.show import show_article

    found = _article(state.reader(), wanted)
    if as_json:
        typer.echo(dumps(article_json(found)))
    else:
        show_article(state.console(), found)


def _article(reader: Any, wanted: str) -> Any:
    found = reader.article(state.find(reader, "article", wanted))
    if found is None:
        raise UsageError(f"there is no article {wanted!r} any more")
    return found


def why(
    one: Annotated[str, typer.Argument(metavar="A", help="Article, by id or URL.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    as_json: JSON = False,
) -> None:
    """Say why two articles are one text, one story, or neither."""
    from newsfold.addon import desk_options
    from newsfold.jsonview import dumps
    from newsfold.paths import beside_path
    from newsfold.showwhy import show_why
    from newsfold.why import explain

    reader = state.reader()
    left, right = _article(reader, one), _article(reader, other)
    rules = desk_options(state.config()).rules
    rules = replace(rules, minhash=replace(rules.minhash, secret=reader.secret()))
    story = reader.story(left.story) if left.story == right.story else None
    path = beside_path(story, left.group, right.group) if story and left.group != right.group else ()
    window = round(rules.stories.window_days * 86_400)
    frequencies = reader.frequencies(left.lang, window, state.now()) if left.lang == right.lang else None
    reasons = explain(left, right, rules, frequencies, path)
    if as_json:
        typer.echo(dumps(reasons.as_dict()))
    else:
        show_why(state.console(), reasons)


def outlet(
    wanted: Annotated[str, typer.Argument(metavar="NAME", help="Outlet, by its domain or family.")],
    as_json: JSON = False,
) -> None:
    """Show the furniture learnt of an outlet: what recurs around its texts and does not count as text."""
    from newsfold.jsonview import dumps
    from newsfold.safetext import plain_line
    from newsfold.show import show_outlet

    found = state.reader().furniture(wanted)
    if as_json:
        typer.echo(
            dumps(
                [{"lang": lang, "place": place, "words": words, **seen} for lang, place, words, seen in found]
            )
        )
    elif found:
        show_outlet(state.console(), found)
    else:
        typer.echo(plain_line(f"nothing has recurred over different texts of {wanted}"))
