"""The markup of a feed's entries as it stands in the text, so that an entry read before is known without being read."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final

_ENTRY: Final = re.compile(r"<(item|entry)[\s>]")
_NAMESPACE: Final = re.compile(r"xmlns[^\s>]*")
_BASE: Final = re.compile(r"[\s:]base\s*=")


class Slices:
    """The digests of a feed's entries, in their order.

    The text is not parsed for them: where its tags do not say plainly where each of the `count` entries begins and
    ends (one is quoted in another's CDATA, or has a prefix), no entry has a digest.
    """

    def __init__(self, body: str, count: int) -> None:
        first = _ENTRY.search(body)
        head, *pieces = body.split(f"<{first[1]}") if first else (body,)
        # What is behind the last closing tag may be part of the next entry's surroundings, never of this entry.
        ends = [piece.rfind(f"</{first[1]}") for piece in pieces] if first else []
        plain = len(pieces) == count and all(
            end > 0 and piece[0] in "> \t\r\n" for piece, end in zip(pieces, ends, strict=True)
        )
        self._markup = iter([piece[:end] for piece, end in zip(pieces, ends, strict=True)] if plain else ())
        # A prefix means what the feed's own elements declare.
        self._spaces = _NAMESPACE.findall(head)
        self._around: object = None
        self._salt = ""

    def next(self, around: object) -> str:
        """The digest of the next entry and of what around it decides how it is read; "" where it decides for others."""
        markup = next(self._markup, "")
        if not markup or ("base" in markup and _BASE.search(markup)):
            return ""
        if around != self._around:
            self._around, self._salt = around, repr((around, self._spaces))
        return blake2b((markup + self._salt).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
