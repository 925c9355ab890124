"""`Stories`: newsfold's Redis for programs that wait for their answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from types import TracebackType
from typing import Any

import redis
from redis.retry import Retry

from newsfold.client import asking
from newsfold.client.asking import Ask, Asking, T, Wanted
from newsfold.client.connection import (
    checked,
    connection_options,
    longest_wait,
    names_of_keys,
    plain_client,
    url_or_default,
)
from newsfold.client.following import Following
from newsfold.client.model import Article, Event, Story


class Stories:
    """The stories in one Redis, by its URL or over a client of redis-py (with decode_responses=True).

    Without either it is the Redis of NEWSFOLD_REDIS_URL, or this machine's. Methods raise what redis-py raises, and
    ContractDiffers where Redis was written under a contract that this client does not know.
    """

    def __init__(self, url: str | None = None, *, client: redis.Redis | None = None) -> None:
        self._own = client is None
        self._client = client or plain_client(url_or_default(url), connection_options(Retry))
        self._options: dict[str, Any] = self._client.connection_pool.connection_kwargs
        checked(self._options)
        self._keys = names_of_keys(self._options)
        self._known = False

    def __enter__(self) -> Stories:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, unless it was given."""
        if self._own:
            self._client.close()

    # --- stories and articles

    def latest(
        self, most: int = 50, *, lang: str = "", outlet: str = "", min_outlets: int = 0, min_groups: int = 0,
        since: datetime | None = None,
    ) -> tuple[Story, ...]:  # fmt: skip
        """Stories, those that grew last first: of a language, with an outlet, with so many outlets, grown since."""
        wanted = Wanted(lang, outlet, min_outlets, min_groups, since)
        return self._ask(asking.latest(self._keys, most, wanted))

    def get(self, story: str) -> Story | None:
        """The story of an id, or the one that it became part of; None where it is gone."""
        return self._ask(asking.story(self._keys, story))

    def by_url(self, url: str) -> Story | None:
        """The story that has the article at an address; None where there is none."""
        return self._ask(asking.story_at(self._keys, asking.spellings(url)))

    def articles(self, story: str) -> tuple[Article, ...]:
        """The articles of a story, or of the one that it became part of, in the order of their times."""
        return self._ask(asking.articles(self._keys, story))

    def outlets(self, story: str) -> dict[str, int]:
        """The outlets that printed a story, or the one that it became part of, with their articles, most first."""
        return self._ask(asking.outlets(self._keys, story))

    def article(self, article: str) -> Article | None:
        """The article of an id; None where it is gone."""
        return self._ask(asking.article(self._keys, article))

    def article_by_url(self, url: str) -> Article | None:
        """The article at an address; None where there is none."""
        return self._ask(asking.article_at(self._keys, asking.spellings(url)))

    # --- events

    def follow(
        self, group: str, consumer: str, *, oldest: bool = False, wait: float | None = None, claim_after: float = 300,
    ) -> Iterator[Event]:  # fmt: skip
        """Events as they come, each given to one of the group's consumers at least once, across restarts.

        An event counts as handled when the loop asks for the next; one whose loop ended in between, or whose consumer
        died, is given again (`again`): to the same consumer when it comes back, to another after `claim_after` seconds.
        A new group begins with what comes now, or with the `oldest` event kept. Ends after `wait` seconds without
        any, never without `wait`. An event of type "gap" says that entries were dropped before this group read them.
        """
        place = Following(self._keys.events, group, consumer, oldest=oldest, claim_after=claim_after)
        self._ask(place.open())
        last = time.monotonic()
        while True:
            events = self._ask(place.more())
            for event in events:
                yield event
                self._ask(place.done(event))
            if events:
                last = time.monotonic()
                continue
            left = None if wait is None else last + wait - time.monotonic()
            if left is not None and left <= 0:
                return
            most = longest_wait(self._options)
            self._ask(place.wait(most if left is None else min(left, most)))

    # --- asking

    def _ask(self, plan: Asking[T]) -> T:
        if not self._known:
            self._run(asking.contract(self._keys))
            self._known = True
        return self._run(plan)

    def _run(self, plan: Asking[T]) -> T:
        try:
            ask = next(plan)
            while True:
                ask = plan.send(self._send(ask))
        except StopIteration as done:
            answer: T = done.value
            return answer

    def _send(self, ask: Ask) -> list[Any]:
        if not ask.commands:
            return []
        with self._client.pipeline(transaction=ask.atomic) as pipe:
            for command in ask.commands:
                pipe.execute_command(*command)  # type: ignore[no-untyped-call]
            return pipe.execute(raise_on_error=False)
