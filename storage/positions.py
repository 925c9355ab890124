"""How far files were ingested, so that a run that ended early is taken up by the next.

It stands beside the articles themselves: a Redis that is emptied, or restored from a backup, remembers no file that it has
not. A position is written after everything before it was placed, and for less than the articles' own time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

import redis

from storage.keys import Keys
from storage.plain import text_of

_DIGEST = 8


@dataclass(frozen=True, slots=True)
class Position:
    """Everything before `offset` (of the decompressed file) is placed: so many lines, `unnamed` of them without id or address.

    `whole` means to the end.
    """

    offset: int = 0
    lines: int = 0
    unnamed: int = 0
    whole: bool = False


class Positions:
    """The positions of files, by a name of what is in them."""

    def __init__(self, client: redis.Redis, keys: Keys, retention: int) -> None:
        self._client, self._keys, self._retention = client, keys, retention

    def read(self, source: str) -> Position:
        """How far it was read; nowhere where nobody remembers."""
        stored = cast("bytes | None", self._client.get(self._keys.ingested(source)))
        return Position(**json.loads(text_of(stored))) if stored is not None else Position()

    def digests(self, source: str, position: Position) -> list[bytes]:
        """The digests of the unnamed lines before a position, in the order of the file."""
        if not position.unnamed:
            return []
        end = _DIGEST * position.unnamed - 1
        stored = bytes(cast(bytes, self._client.getrange(self._keys.ingested_lines(source), 0, end)))
        return [stored[at : at + _DIGEST] for at in range(0, len(stored), _DIGEST)]

    def write(self, source: str, position: Position, digests: Sequence[bytes]) -> None:
        """Remember a position; `digests` are of the last unnamed lines before it.

        They have fixed places, so that a call made twice, or two runs over one file, write the same.
        """
        if digests:
            lines = self._keys.ingested_lines(source)
            self._client.setrange(lines, _DIGEST * (position.unnamed - len(digests)), b"".join(digests))
            self._client.expire(lines, self._retention)
        self._client.set(self._keys.ingested(source), json.dumps(asdict(position)), ex=self._retention)

    def forget(self, source: str) -> None:
        """Read it from its beginning the next time."""
        self._client.delete(self._keys.ingested(source))
