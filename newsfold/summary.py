"""What a crawl came to, for the terminal."""

from __future__ import annotations

from rich.console import Console

from newsfold.crawl import Summary
from newsfold.safetext import safe


def show_summary(console: Console, run: Summary) -> None:
    """What a crawl came to."""
    console.print(
        f"feeds     {run.feeds_polled} polled, {run.feeds_unchanged} unchanged, {run.feeds_failed} failed\n"
        f"entries   {run.entries_new} new, {run.pages_fetched} pages fetched, {run.pages_failed} failed\n"
        f"articles  {run.articles_new} new, {run.articles_revised} revised\n"
        f"groups    {run.groups_new} new, {run.groups_grown} grown\n"
        f"stories   {run.stories_new} new, {run.stories_grown} grown\n"
        f"seconds   {run.seconds:.1f}"
    )
    for _, reason in run.failures:
        console.print(safe(f"failed    {reason}"), style="red", soft_wrap=True)
    if run.stopped:
        console.print(f"stopped   by {run.stopped}; what was not stored is left for the next run")
    for error in run.errors:
        console.print(safe(f"error     {error}"), style="bold red", soft_wrap=True)
