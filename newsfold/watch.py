"""Stories as they grow: a table that is drawn anew at a terminal, lines anywhere else."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from newsfold.jsonview import dumps, summary_json
from newsfold.safetext import safe
from newsfold.show import SHORT_ID, ago
from storage.events import Event, Events
from storage.plain import from_iso
from storage.reader import Reader
from storage.views import StorySummary

_WAIT_SECONDS = 0.5
_WORDS = {
    "story.created": "new", "story.updated": "grew", "story.merged": "took in another", "story.split": "parted off",
    "story.pinned": "pinned", "story.unpinned": "unpinned", "story.hidden": "hidden", "story.shown": "shown again",
}  # fmt: skip


class Until:
    """Until Ctrl-C or SIGTERM, which are heard between two looks, so that no line is cut."""

    def __init__(self) -> None:
        self._over = False

    def __enter__(self) -> Until:
        self._before = {
            number: signal.signal(number, self._end) for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _end(self, *_: object) -> None:
        self._over = True

    def batches(self, events: Events) -> Iterator[list[Event]]:
        """What comes, a batch at a time, and nothing now and then."""
        while not self._over:
            yield events.next(_WAIT_SECONDS)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which stories are shown."""

    lang: str = ""
    min_outlets: int = 0

    def takes(self, story: StorySummary) -> bool:
        """Whether a story is shown as it is now."""
        return story.outlets >= self.min_outlets and self.lang in ("", story.lang) and not story.hidden


def _stories(reader: Reader, events: Sequence[Event], chosen: Filter) -> Mapping[str, StorySummary]:
    """The stories of events as they are now."""
    ids = dict.fromkeys(event.story for event in events if event.story)
    return {story.id: story for story in reader.summaries(list(ids)) if chosen.takes(story)}


def watch_json(console: Console, batches: Iterable[list[Event]], reader: Reader, chosen: Filter) -> None:
    """A line an event: its id and fields, and the story as it is now."""
    for batch in batches:
        stories = _stories(reader, batch, chosen)
        for event in batch:
            if story := stories.get(event.story):
                line = {"id": event.id, **event.fields, "now": summary_json(story)}
                console.file.write(dumps(line) + "\n")
        console.file.flush()


def watch_lines(console: Console, batches: Iterable[list[Event]], reader: Reader, chosen: Filter) -> None:
    """A line a change of a story, parted by tabs."""
    for batch in batches:
        stories = _stories(reader, batch, chosen)
        for event in batch:
            story = stories.get(event.story)
            if story and event.kind in _WORDS:
                counts = (str(n) for n in (story.articles, story.outlets, story.groups))
                cells = (
                    event.fields.get("at", ""),
                    event.kind,
                    story.id,
                    *counts,
                    story.lang,
                    story.headline,
                )
                console.file.write("\t".join(safe(cell).plain for cell in cells) + "\n")
        console.file.flush()


@dataclass(slots=True)
class _Growth:
    """What happened to a story since watching began: how many articles came, what was last, and when."""

    grown: int = 0
    what: str = ""
    when: datetime | None = None
    turn: int = 0


class _Board:
    """The stories that grew, the latest first."""

    def __init__(self, reader: Reader, chosen: Filter) -> None:
        self._reader, self._chosen = reader, chosen
        self._growth: dict[str, _Growth] = {}
        self._begun = datetime.now(UTC)
        self._turns = 0

    def take(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.kind == "story.merged":
                self._growth.pop(event.fields.get("story", ""), None)
            if event.story and event.kind != "group.moved":
                seen = self._growth.setdefault(event.story, _Growth())
                seen.grown += event.kind == "article.added"
                seen.what, seen.when = _WORDS.get(event.kind, seen.what), from_iso(event.fields.get("at", ""))
                self._turns += 1
                seen.turn = self._turns

    def drawn(self, height: int) -> RenderableType:
        """As much of it as fits."""
        ids = sorted(self._growth, key=lambda story: self._growth[story].turn, reverse=True)[:200]
        shown = [story for story in self._reader.summaries(ids) if self._chosen.takes(story)]
        head = Text(
            f"watching since {self._begun:%H:%M:%S} UTC · {len(shown)} stories grew · Ctrl-C ends", "dim"
        )
        if not shown:
            return head
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True, header_style="bold")
        for name in ("id", "new", "articles", "outlets", "texts", "ago", "what"):
            right = name in ("new", "articles", "outlets", "texts")
            table.add_column(name, justify="right" if right else "left", no_wrap=True)
        table.add_column("headline", no_wrap=True, overflow="ellipsis", ratio=1)
        for story in shown[: max(1, height - 5)]:
            seen = self._growth[story.id]
            table.add_row(
                story.id[:SHORT_ID], f"+{seen.grown}", str(story.articles), str(story.outlets), str(story.groups),
                ago(seen.when), seen.what, safe(story.headline),
            )  # fmt: skip
        return Group(head, table)


def watch_live(console: Console, batches: Iterable[list[Event]], reader: Reader, chosen: Filter) -> None:
    """A table that is drawn anew twice a second."""
    board = _Board(reader, chosen)
    with Live(
        board.drawn(console.height), console=console, auto_refresh=False, vertical_overflow="crop"
    ) as live:
        for batch in batches:
            board.take(batch)
            live.update(board.drawn(console.height), refresh=True)
