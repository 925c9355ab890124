"""Text from outside, made safe to print."""

from __future__ import annotations

import re
from typing import Final

from rich.text import Text

# C0 and C1 controls, and what changes the direction of the text that follows.
_CONTROLS: Final = dict.fromkeys(
    (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), " "
)


def safe(text: str) -> Text:
    """Text from outside: no markup, no control characters, no changes of direction."""
    return Text(text.translate(_CONTROLS))


def one_line(text: str) -> str:
    """Text from outside on one line, without control characters and changes of direction."""
    return " ".join(text.translate(_CONTROLS).split())


def flat(text: str) -> str:
    """The same for a part of a text: the space at its ends stays, as what it is joined to needs it."""
    return re.sub(r"\s+", " ", text.translate(_CONTROLS))
