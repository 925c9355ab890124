"""The table of rules in docs/feeds.md: every test that it names exists, every option too."""

from __future__ import annotations

import re
from pathlib import Path

from newsfold.options import BY_KEY

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "feeds.md").read_text(encoding="utf-8")
ROWS = [
    line
    for line in DOCUMENT.splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| rule"))
]


def test_every_rule_has_a_test_that_exists() -> None:
    assert len(ROWS) > 60
    for row in ROWS:
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", row)
        assert named, f"no test for: {row}"
        for file, name in named:
            text = (ROOT / "tests" / file).read_text(encoding="utf-8")
            assert re.search(rf"^(?:async )?def {name}\(", text, re.M), f"{file} has no {name}"


def test_every_option_exists() -> None:
    named = set(re.findall(r"`((?:schedule|crawl|web)\.\w+)`", DOCUMENT))
    assert len(named) > 8
    assert named <= BY_KEY.keys()
