"""docs/reliability.md: each command that measures replaces its own section, and no other."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import machine

DOCUMENT = Path(__file__).parents[1] / "docs" / "reliability.md"
_HEAD = """# Reliability

What newsfold was put through and what came of it. Every section is written by the command that it names;
nothing here is typed by hand.
"""


def write_section(name: str, title: str, command: str, body: str, path: Path = DOCUMENT) -> None:
    """Put a section, known by `name`, into the document, in the place of the one that it had."""
    text = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    on = machine()
    made = f"{datetime.now(UTC):%Y-%m-%d}, Python {on['python']}, {on['cores']} cores, {on['cpu']}"
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    section = f"{begin}\n## {title}\n\nWritten by `{command}`: {made}.\n\n{body.strip()}\n{end}"
    known = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
    there = known.search(text)
    text = known.sub(lambda _: section, text) if there else f"{text.rstrip()}\n\n{section}\n"
    path.write_text(text, encoding="utf-8")
