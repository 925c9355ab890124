"""Two articles side by side, for the terminal. Everything that came from outside is shown as plain text."""

from __future__ import annotations

import re

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dedup.days import day_names
from newsfold.passages import Span, abridged
from newsfold.safetext import safe
from newsfold.show import SHORT_ID, clock
from newsfold.why import Reasons
from storage.views import ArticleView

_SIDE_BY_SIDE = 80


def show_why(console: Console, why: Reasons) -> None:
    """The comparison of two articles: the verdict, the figures, and the passages they have in common."""
    console.print(safe(why.sentence), style="bold", end="\n\n")
    console.print(_figures(why))
    if console.is_terminal and console.width >= _SIDE_BY_SIDE:
        console.print(_passage_table(why))
    else:
        _show_passages(console, why)
    if not why.passages:
        console.print("no passage of six words or more in common", style="dim")


def _figures(why: Reasons) -> Table:
    groups = why.rules.groups
    table = Table.grid(padding=(0, 2))
    for name, value, note in (
        ("Jaccard", f"{why.jaccard:.3f}", f"estimated {why.estimate:.3f}, threshold {groups.jaccard:.2f}"),
        ("containment", f"{why.containment:.3f}", "of the shorter text's shingles"),
        ("coverage", f"{why.coverage:.3f}", f"of its {why.words} words, threshold {why.coverage_needed:.2f}"),
        ("bands", str(len(why.shared_bands)), f"of {why.rules.minhash.bands} shared"),
        ("anchors", str(why.shared_anchors), f"of {why.anchors} shared"),
        ("terms", f"{why.cosine:.3f}", "cosine of the two texts"),
        *_days(why),
        *_story_scores(why),
    ):
        table.add_row(Text(name, "bold"), value, Text(note, "dim"))
    if why.terms:
        table.add_row("", "", safe(", ".join(f"{term} {share:.3f}" for term, share in why.terms)))
    if why.path:
        table.add_row(Text("path", "bold"), "", safe(" → ".join(why.path)))
    return table


def _days(why: Reasons) -> list[tuple[str, str, str]]:
    """What the weekdays say, where both texts name some."""
    if not all(why.days):
        return []
    a, b = (", ".join(day_names(days)) for days in why.days)
    return [("days", f"{why.day_share:+.3f}", f"to their likeness; A names {a}, B {b}")]


def _story_scores(why: Reasons) -> list[tuple[str, str, str]]:
    """What each text scored when it came, against the story that it fitted best."""
    needed = why.rules.stories.similarity
    return [
        (
            f"score of {mark}",
            f"{article.score:.3f}",
            f"best story when it came, by {article.beside}; {needed:.2f} joins",
        )
        for mark, article in (("A", why.one), ("B", why.other))
        if article.beside
    ]


def _passage_table(why: Reasons) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, leading=1)
    table.add_column("words", justify="right", style="dim")
    for mark, article in (("A", why.one), ("B", why.other)):
        table.add_column(_source(mark, article), ratio=1, overflow="fold")
    table.add_row("", _headline(why.one), _headline(why.other))
    for passage in why.passages:
        table.add_row(str(passage.words), _passage_text(passage.a), _passage_text(passage.b))
    return table


def _show_passages(console: Console, why: Reasons) -> None:
    """One article under the other; where there is no colour, brackets say what is in common."""
    for mark, article in (("A", why.one), ("B", why.other)):
        console.print()
        console.print(_source(mark, article))
        console.print(_headline(article))
    for passage in why.passages:
        console.print(f"\n{passage.words} words in common", style="dim")
        for mark, span in (("A", passage.a), ("B", passage.b)):
            text = _passage_text(span, plain=not console.is_terminal)
            console.print(Text.assemble((f"{mark}  ", "bold"), text), soft_wrap=not console.is_terminal)
    console.print()


def _source(mark: str, article: ArticleView) -> Text:
    return Text.assemble((f"{mark}  ", "bold"), safe(f"{article.outlet} · {clock(article.time).strip()}"))


def _headline(article: ArticleView) -> Text:
    ids = f"{article.id} · {article.group[:SHORT_ID]} · {article.story[:SHORT_ID]}"
    return Text.assemble((safe(article.title).plain, "cyan"), "\n", (safe(ids).plain, "dim"))


def _passage_text(span: Span, *, plain: bool = False) -> Text:
    before, common, after = (_one_line(part) for part in (span.before, abridged(span.text), span.after))
    opening, closing = ("[", "]") if plain else ("", "")
    return Text.assemble((before, "dim"), opening, (common, "bold green"), closing, (after, "dim"))


def _one_line(text: str) -> str:
    """Text from outside on one line, the space at its ends kept, as what it is joined to needs it."""
    return re.sub(r"\s+", " ", safe(text).plain)
