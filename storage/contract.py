"""The version of docs/redis-schema.md: what readers may rely on, apart from the private layout that schema.py minds.

The second number grows with what is added, the first when something public goes or changes its meaning.
"""

from __future__ import annotations

CONTRACT = "1.0"


def reads(stored: str | None) -> bool:
    """Whether a program of this contract can read what was written under `stored` (None where nothing was said)."""
    return stored is None or stored.partition(".")[0] == CONTRACT.partition(".")[0]


def newer(stored: str) -> bool:
    """Whether this program's contract says more than `stored`, which it can read."""
    return _minor(CONTRACT) > _minor(stored)


def _minor(contract: str) -> int:
    minor = contract.partition(".")[2]
    return int(minor) if minor.isdecimal() else -1
