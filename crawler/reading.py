"""A body made into sorted entries: the part of a poll that costs processor time, apart from all else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from crawler.book import FeedState
from crawler.entries import Memory
from crawler.parse import parse_feed
from crawler.sifting import Sifted, sift


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer's body and what is remembered of its feed (`seen`); `url` is where the body came from.

    With `entries` those are in the result as they were read, beside what is new among them.
    """

    feed: FeedState
    body: bytes
    url: str
    content_type: str = ""
    seen: Mapping[str, str] = field(default_factory=dict)
    max_bytes: int = 20_000_000
    entries: bool = False

    def run(self) -> Sifted:
        """Read and sort, here and now. Raises what `parse_feed` raises.

        Entries that stand in the feed as they did are not read, unless one of the others has the id of such a one.
        """
        memory = Memory(self.seen)
        for known in (memory.raws(), frozenset[str]()):
            parsed = parse_feed(self.body, self.url, self.content_type, max_bytes=self.max_bytes, known=known)
            sifted = sift(self.feed, parsed, memory)
            if sifted is not None:
                return replace(sifted, parsed=parsed) if self.entries else sifted
        raise AssertionError("with nothing left out, nothing can be mistaken for it")
