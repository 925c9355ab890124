"""What the stages of one run share: a connection, the index, the queue and the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import redis

from pipelines.embedding import Embedder
from pipelines.placing import Placer, Rules
from pipelines.process import settle
from pipelines.stopping import stop_without_server
from storage.clock import mind_clock
from storage.cluster import keys_of
from storage.connect import WAIT_SECONDS, connect
from storage.index import DAY, Index
from storage.patience import give_up
from storage.queue import FeedQueue
from storage.schema import check_schema
from storage.workers import is_dead_here, new_token

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


_DESKS: WeakKeyDictionary[Crawler, Desk] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """Where to remember, for how long, and by which rules.

    `families` maps a domain to its publisher; `embedding` is the folder of an embedding model, empty for none.
    `wait` are the seconds for which a server that went away is waited for.
    """

    home: Path
    redis_url: str | None = None
    retention: int = 30 * DAY
    lease: int = 600
    apart: int = 5
    wait: float = WAIT_SECONDS
    rules: Rules = field(default_factory=Rules)
    families: Mapping[str, str] = field(default_factory=dict)
    embedding: str = ""


class Desk:
    """Opened once a run.

    Raises StorageError when there is no server, or one with another schema, and EmbeddingUnusable for a model that is none.
    """

    def __init__(self, options: DeskOptions) -> None:
        settle()
        self.options = options
        self._embedder = Embedder(Path(options.embedding).expanduser()) if options.embedding else None
        self.client: redis.Redis = connect(options.redis_url, options.home, wait=options.wait)
        self.keys = keys_of(self.client)
        minhash = check_schema(self.client, self.keys, options.rules.minhash)
        self.rules = replace(options.rules, minhash=minhash)
        mind_clock(self.client, self.keys, datetime.now(UTC))
        self.token = new_token()

    @cached_property
    def placer(self) -> Placer:
        """Places articles."""
        rules = self.rules
        index = Index(
            self.client,
            self.keys,
            retention=self.options.retention,
            config=rules.minhash,
            window=round(rules.stories.window_days * DAY),
        )
        return Placer(index, rules, self._embedder)

    @cached_property
    def queue(self) -> FeedQueue:
        """This worker's view of the queues."""
        queue = FeedQueue(
            self.client,
            self.keys,
            token=self.token,
            lease=self.options.lease,
            retention=self.options.retention,
            apart=self.options.apart,
        )
        queue.take_over(is_dead_here, datetime.now(UTC))
        return queue

    def give_up(self) -> None:
        """Wait no more for a server that is away, in any thread."""
        give_up(self.client)

    def family(self, outlet: str) -> str:
        """The publisher that a domain belongs to, or the domain itself."""
        return self.options.families.get(outlet, outlet)

    @classmethod
    def of(cls, crawler: Crawler) -> Desk:
        """The desk of one crawl, shared by its book and its pipelines."""
        if crawler not in _DESKS:
            _DESKS[crawler] = cls(crawler.settings["DESK_OPTIONS"])
            stop_without_server(crawler, _DESKS[crawler].give_up)
        return _DESKS[crawler]
