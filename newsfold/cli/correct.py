"""Commands that put stories right: merge, split, pin, hide, undo, corrections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newsfold.cli import state
from newsfold.errors import UsageError

if TYPE_CHECKING:
    from storage.corrections import Corrections, Mark
    from storage.reader import Reader

PANEL = "Correct"
JSON = Annotated[bool, typer.Option("--json", help="Write JSON.")]
REASON = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the correction.")]
STORY = Annotated[str, typer.Argument(metavar="STORY", help="Story, by its id or the beginning of it.")]
_MOST_REASON = 500


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(
        epilog="Example: newsfold merge s1a2b s3c4d --reason 'one strike, two towns'", rich_help_panel=PANEL
    )(merge)
    app.command(epilog="Example: newsfold split s1a2b a3d4e --reason 'another ferry'", rich_help_panel=PANEL)(
        split
    )
    app.command(epilog="Example: newsfold pin s1a2b", rich_help_panel=PANEL)(pin)
    app.command(epilog="Example: newsfold hide s1a2b --reason horoscopes", rich_help_panel=PANEL)(hide)
    app.command(epilog="Example: newsfold undo 3", rich_help_panel=PANEL)(undo)
    app.command(epilog="Example: newsfold corrections --json", rich_help_panel=PANEL)(corrections)


def merge(
    story: STORY,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The story that becomes part of it.")],
    reason: REASON = "",
    as_json: JSON = False,
) -> None:
    """Make two stories one, under the id of the first.

    They stay one, whatever comes later, until this is undone; the other id leads to the story.
    """
    reader, desk = _tools()
    kept, gone = state.find(reader, "story", story), state.find(reader, "story", other)
    number = desk.merge(kept, gone, state.now(), _reason(reason))
    _report(reader, desk, number, as_json, f"{kept} and {gone} were one story already")


def split(
    story: STORY,
    articles: Annotated[
        list[str],
        typer.Argument(metavar="ARTICLE...", help="Articles that tell something else, by id or URL."),
    ],
    reason: REASON = "",
    as_json: JSON = False,
) -> None:
    """Put articles of a story, with all that is one text with them, into a story of their own.

    What was parted stays apart, whatever comes later, until this is undone.
    """
    reader, desk = _tools()
    parted = state.find(reader, "story", story)
    groups: list[str] = []
    for wanted in articles:
        found = reader.article(state.find(reader, "article", wanted))
        if found is None or found.story != parted:
            raise UsageError(f"article {wanted!r} is not in story {parted}")
        groups.append(found.group)
    number = desk.split(parted, list(dict.fromkeys(groups)), state.now(), _reason(reason))
    _report(reader, desk, number, as_json, "")


OFF = Annotated[bool, typer.Option("--off", help="Take it back.")]


def pin(story: STORY, off: OFF = False, reason: REASON = "", as_json: JSON = False) -> None:
    """Show a story before all others; the story that it may become part of is pinned in its place."""
    _mark(story, "pin", reason, on=not off, as_json=as_json)


def hide(story: STORY, off: OFF = False, reason: REASON = "", as_json: JSON = False) -> None:
    """Leave a story out of lists, with all that joins it; stories --all shows it."""
    _mark(story, "hide", reason, on=not off, as_json=as_json)


def _mark(story: str, kind: Mark, reason: str, *, on: bool, as_json: bool) -> None:
    reader, desk = _tools()
    wanted = state.find(reader, "story", story)
    number = desk.mark(wanted, kind, state.now(), _reason(reason), on=on)
    done = {"pin": "pinned", "hide": "hidden"}[kind]
    _report(reader, desk, number, as_json, f"{wanted} was {'' if on else 'not '}{done} already")


def undo(
    number: Annotated[
        int | None, typer.Argument(metavar="[N]", min=1, help="Correction; without one, the latest in force.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Take a correction back; what later corrections placed stays where it is."""
    reader, desk = _tools()
    if number is None:
        number = next((c.number for c in desk.list() if not c.undone), None)
    if number is None:
        raise UsageError("there is no correction to undo")
    _report(
        reader,
        desk,
        number,
        as_json,
        f"correction {number} was undone already",
        undone=desk.undo(number, state.now()),
    )


def corrections(as_json: JSON = False) -> None:
    """List what was put right, the latest first."""
    from newsfold.jsonview import correction_json, dumps
    from newsfold.showdesk import show_corrections

    found = _tools()[1].list()
    if as_json:
        typer.echo(dumps([correction_json(one) for one in found]))
    elif found:
        show_corrections(state.console(), found)
    else:
        typer.echo("nothing has been put right", err=True)


def _tools() -> tuple[Reader, Corrections]:
    from newsfold.addon import desk_options
    from storage.cluster import keys_of
    from storage.corrections import Corrections
    from storage.reader import Reader

    options = desk_options(state.config())
    client = state.client()
    window = round(options.rules.stories.window_days * 86_400)
    return Reader(client), Corrections(client, keys_of(client), retention=options.retention, window=window)


def _reason(text: str) -> str:
    if len(text) > _MOST_REASON:
        raise UsageError(f"--reason takes at most {_MOST_REASON} characters")
    return text


def _report(
    reader: Reader, desk: Corrections, number: int, as_json: bool, nothing: str, *, undone: bool | None = None
) -> None:
    """Say what was done, or that there was nothing to do."""
    from newsfold.jsonview import correction_json, dumps
    from newsfold.showdesk import show_correction

    changed = bool(number) if undone is None else undone
    made = desk.get(number) if number else None
    if as_json:
        typer.echo(dumps({"changed": changed, "correction": correction_json(made) if made else None}))
    elif made and changed:
        ids = [story for story in (made.story, made.other) if story]
        found = {summary.id: summary for summary in reader.summaries(ids)}
        show_correction(state.console(), made, [found[i] for i in ids if i in found])
    else:
        typer.echo(nothing)
