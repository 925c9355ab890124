"""Tables and cards for the terminal. Everything that came from outside is shown as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from newsfold.safetext import safe
from newsfold.tables import Column, show_line, show_rows
from storage.figures import Figures
from storage.plain import iso
from storage.views import ArticleView, GroupView, StorySummary, StoryView

if TYPE_CHECKING:
    from storage.outlets import FurnitureSeen

SHORT_ID = 7
_WHERE = {
    "head": "at the beginning",
    "tail": "at the end",
    "block": "a block by itself",
    "title": "in headlines",
}


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """A time as its distance from now, or "in …" for one to come."""
    if moment is None:
        return "–"
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    size, word = next(
        (s, w) for s, w in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")) if abs(seconds) >= s or s == 1
    )
    amount = f"{abs(seconds) // size:.0f} {word}"
    return f"in {amount}" if seconds < 0 else amount


def counted(number: int, word: str) -> str:
    """ "1 article", "2 articles"."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def when(console: Console, moment: datetime | None) -> str:
    """A time for a person as its distance from now, for a program in full."""
    return ago(moment) if console.is_terminal else iso(moment)


def show_stories(console: Console, stories: Sequence[StorySummary]) -> None:
    """The story table."""
    columns = (
        Column("id", short=SHORT_ID), Column("articles", right=True), Column("outlets", right=True),
        Column("texts", right=True), Column("lang"), Column("latest"), Column("headline", wide=True),
    )  # fmt: skip
    rows = (
        (
            s.id,
            str(s.articles),
            str(s.outlets),
            str(s.groups),
            s.lang,
            when(console, s.latest),
            _marks(s) + s.headline,
        )
        for s in stories
    )
    show_rows(console, columns, rows)


def _marks(story: StorySummary) -> str:
    return ("pinned: " if story.pinned else "") + ("hidden: " if story.hidden else "")


def show_story(console: Console, story: StoryView) -> None:
    """A story: its headline, each text with its reprints, who printed most, and when."""
    s = story.summary
    console.print(safe(s.headline), style="bold")
    console.print(
        f"{s.id} · {s.lang} · {counted(s.articles, 'article')}, {counted(s.outlets, 'outlet')}, "
        f"{counted(s.groups, 'independent text')}{' · pinned' if s.pinned else ''}{' · hidden' if s.hidden else ''}"
    )
    for group in story.groups:
        show_group(console, group)
    if story.related:
        console.print("\nIn other languages", style="bold")
    for other, score in story.related:
        show_line(
            console,
            f"  {other.lang}  {other.id}  {counted(other.articles, 'article'):>12}  {other.headline}  ({score:.2f})",
        )
    console.print("\nOutlets", style="bold")
    console.print(safe("  " + ", ".join(f"{name} {count}" for name, count in story.outlets.items())))
    console.print("\nTimeline", style="bold")
    articles = [a for group in story.groups for a in group.articles]
    for article in sorted(articles, key=lambda a: (a.time or datetime.min.replace(tzinfo=UTC), a.id)):
        show_line(console, f"  {clock(article.time)}  {article.outlet:<28} {article.title}")


def show_group(console: Console, group: GroupView) -> None:
    """A text: its origin, and its reprints under it."""
    origin, *reprints = group.articles
    console.print()
    copy = f"  ({group.wire} copy)" if group.wire else ""
    console.print(safe(f"{group.id}  {origin.outlet}: {origin.title}{copy}"), style="bold cyan")
    console.print(safe(f"  origin   {origin.id}  {clock(origin.time)}  {origin.url}"))
    for article in reprints:
        how = f"{article.verdict} {article.similarity:.2f}" if article.matched else "first seen"
        console.print(safe(f"  reprint  {article.id}  {clock(article.time)}  {article.outlet}  ({how})"))


def clock(moment: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "no time         "


def show_article(console: Console, article: ArticleView) -> None:
    """An article: where it stands, where each field is from, what was taken out of it, and its text."""
    console.print(Text.assemble((safe(article.title).plain, "bold"), _origin(article, "title")))
    for name, value in _facts(article):
        if value:
            console.print(safe(f"{name:<10} {value}") + _origin(article, name), soft_wrap=True)
    for repeat in article.repeated:
        where = f"segment {repeat['segment']} ({repeat['place']}, {repeat['similarity']:.2f})"
        console.print(safe(f"  said again in {where}: {repeat['text']}"))
    for _, kind, place, text in article.aside:
        if kind not in ("headline", "repeat"):
            console.print(safe(f"  left out ({kind}, {place}): {text}"), style="dim")
    console.print()
    console.print(safe_paragraphs(article.text))


def _facts(article: ArticleView) -> list[tuple[str, str]]:
    return [
        ("id", article.id), ("url", article.url), ("from", article.source_url), ("outlet", article.outlet),
        ("lang", article.lang), ("published", clock(article.published) if article.published else "not known"),
        ("authors", ", ".join(article.authors)), ("image", article.image), ("wire", article.wire),
        ("group", article.group), ("story", article.story), ("placed", _placed(article)),
        ("text from", article.source), ("page", "" if article.page == "article" else article.page),
        ("revisions", str(article.revisions or "")), ("repeats", str(article.repeats)),
    ]  # fmt: skip


def _origin(article: ArticleView, name: str) -> Text:
    found = article.taken_from.get(name, "")
    return Text(f"  ({safe(found).plain})" if found else "", "dim")


def safe_paragraphs(text: str) -> Text:
    """A text of several paragraphs."""
    return Text("\n\n").join(safe(part) for part in text.split("\n\n"))


def _placed(article: ArticleView) -> str:
    if article.matched:
        return f"{article.verdict} of {article.matched} (similarity {article.similarity:.3f})"
    if article.terms:
        terms = ", ".join(term for term, _ in article.terms)
        return f"a text of its own, nearest to {article.beside} by {terms} (score {article.score:.2f})"
    return f"a text of its own (best score {article.score:.2f})"


def show_outlet(console: Console, found: Sequence[FurnitureSeen]) -> None:
    """What recurs around an outlet's texts."""
    columns = (
        Column("lang"),
        Column("where"),
        Column("articles", right=True),
        Column("last seen"),
        Column("words", wide=True, wraps=True),
    )
    rows = (
        (lang, _WHERE[place], str(seen["seen"]), str(seen["last"])[:10], words)
        for lang, place, words, seen in found
    )
    show_rows(console, columns, rows)


def show_stats(console: Console, found: Figures) -> None:
    """How much there is."""
    totals = found.totals
    limit = f" of {found.memory_limit / 1e6:.0f} MB" if found.memory_limit else ""
    for name, value in (
        ("articles", f"{totals.articles} ({found.last_hour} in the last hour, {found.last_day} in the last day)"),
        ("met", f"{clock(found.oldest)} to {clock(found.newest)} UTC" if found.oldest else "none"),
        ("texts", str(found.texts)),
        ("stories", f"{totals.stories} ({found.shared} of several outlets, {found.hidden} hidden)"),
        ("corrections", str(found.corrections)),
        ("feeds", f"{totals.feeds} ({totals.feeds_failing} failing, {totals.feeds_due} due)"),
        ("last poll", f"{ago(found.last_poll)} ago" if found.last_poll else "never"),
        ("pages waiting", str(totals.pages_waiting)), ("events kept", str(totals.events)),
        ("Redis memory", f"{totals.memory_bytes / 1e6:.1f} MB{limit}, at most {found.memory_peak / 1e6:.1f} MB so far"),
    ):  # fmt: skip
        show_line(console, f"{name:<14} {value}")
    columns = (Column("lang"), *(Column(name, right=True) for name in ("stories", "texts", "articles")))
    show_rows(console, columns, ((lang, *map(str, counts)) for lang, counts in found.languages.items()))
