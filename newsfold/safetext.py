"""Text from outside, made safe to print."""

from __future__ import annotations

from rich.text import Text

_CONTROLS = dict.fromkeys((*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), " ")


def safe(text: str) -> Text:
    """Text from outside: no markup, no control characters, no changes of direction."""
    return Text(text.translate(_CONTROLS))
