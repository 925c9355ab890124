"""Text from outside, made safe to print, to log and to write as JSON.

What can move a terminal's cursor, split a line or turn its direction round never leaves as it came: the control
characters of both sets (ESC, CSI), the bidirectional controls ("Trojan Source", CVE-2021-42574), the separators of
lines and paragraphs, and halves of surrogate pairs, which no stream takes.
"""

from __future__ import annotations

import re

from rich.text import Text

_MARKS = "\u061c\u200e\u200f\ufeff"
_TURNS = "\u202a-\u202e\u2066-\u2069"
_BEYOND = f"\x7f-\x9f{_MARKS}\u2028\u2029{_TURNS}\ud800-\udfff"
_CONTROL = re.compile(f"[\x00-\x1f{_BEYOND}]")
# JSON itself escapes the rest.
_NOT_IN_JSON = re.compile(f"[{_BEYOND}]")


def plain_line(text: str) -> str:
    """The text on one line: spaces for controls, nothing for the invisible marks of direction."""
    return _CONTROL.sub(lambda found: "" if found[0] in _MARKS else " ", text)


def safe(text: str) -> Text:
    """Text from outside: no markup, no control characters, no changes of direction."""
    return Text(plain_line(text))


def one_line(text: str) -> str:
    """Text from outside on one line, without control characters and changes of direction."""
    return " ".join(plain_line(text).split())


def flat(text: str) -> str:
    """The same for a part of a text: the space at its ends stays, as what it is joined to needs it."""
    return re.sub(r"\s+", " ", plain_line(text))


def escaped(text: str) -> str:
    r"""The text on one line with its controls told: `\x1b`, `\u202e`."""
    return _CONTROL.sub(_told, text)


def safe_json(written: str) -> str:
    """Written JSON of the same meaning, whose strings hold no controls that JSON allows to stand as they are."""
    return _NOT_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _told(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
