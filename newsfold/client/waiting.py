"""`AsyncStories`: newsfold's Redis for asyncio."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import datetime
from types import TracebackType
from typing import Any

from redis import asyncio as redis
from redis.asyncio.retry import Retry

from newsfold.client import asking
from newsfold.client.asking import Ask, Asking, T, Wanted
from newsfold.client.connection import (
    checked,
    connection_options,
    longest_wait,
    names_of_keys,
    url_or_default,
    waiting_client,
)
from newsfold.client.following import Following
from newsfold.client.model import Article, Event, Story


class AsyncStories:
    """`Stories` for asyncio: the same methods, awaited; `follow` is for `async for`, `close` is `aclose`."""

    def __init__(self, url: str | None = None, *, client: redis.Redis | None = None) -> None:
        self._own = client is None
        self._client = client or waiting_client(url_or_default(url), connection_options(Retry))
        self._options: dict[str, Any] = self._client.connection_pool.connection_kwargs
        checked(self._options)
        self._keys = names_of_keys(self._options)
        self._known = False

    async def __aenter__(self) -> AsyncStories:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection, unless it was given."""
        if self._own:
            await self._client.aclose()

    # --- stories and articles

    async def latest(
        self, most: int = 50, *, lang: str = "", outlet: str = "", min_outlets: int = 0, min_groups: int = 0,
        since: datetime | None = None,
    ) -> tuple[Story, ...]:  # fmt: skip
        """Stories, those that grew last first: of a language, with an outlet, with so many outlets, grown since."""
        wanted = Wanted(lang, outlet, min_outlets, min_groups, since)
        return await self._ask(asking.latest(self._keys, most, wanted))

    async def get(self, story: str) -> Story | None:
        """The story of an id, or the one that it became part of; None where it is gone."""
        return await self._ask(asking.story(self._keys, story))

    async def by_url(self, url: str) -> Story | None:
        """The story that has the article at an address; None where there is none."""
        return await self._ask(asking.story_at(self._keys, asking.spellings(url)))

    async def articles(self, story: str) -> tuple[Article, ...]:
        """The articles of a story, or of the one that it became part of, in the order of their times."""
        return await self._ask(asking.articles(self._keys, story))

    async def outlets(self, story: str) -> dict[str, int]:
        """The outlets that printed a story, or the one that it became part of, with their articles, most first."""
        return await self._ask(asking.outlets(self._keys, story))

    async def article(self, article: str) -> Article | None:
        """The article of an id; None where it is gone."""
        return await self._ask(asking.article(self._keys, article))

    async def article_by_url(self, url: str) -> Article | None:
        """The article at an address; None where there is none."""
        return await self._ask(asking.article_at(self._keys, asking.spellings(url)))

    # --- events

    async def follow(
        self, group: str, consumer: str, *, oldest: bool = False, wait: float | None = None, claim_after: float = 300,
    ) -> AsyncIterator[Event]:  # fmt: skip
        """Events as they come, each given to one of the group's consumers at least once; as `Stories.follow`."""
        place = Following(self._keys.events, group, consumer, oldest=oldest, claim_after=claim_after)
        await self._ask(place.open())
        last = time.monotonic()
        while True:
            events = await self._ask(place.more())
            for event in events:
                yield event
                await self._ask(place.done(event))
            if events:
                last = time.monotonic()
                continue
            left = None if wait is None else last + wait - time.monotonic()
            if left is not None and left <= 0:
                return
            most = longest_wait(self._options)
            await self._ask(place.wait(most if left is None else min(left, most)))

    # --- asking

    async def _ask(self, plan: Asking[T]) -> T:
        if not self._known:
            await self._run(asking.contract(self._keys))
            self._known = True
        return await self._run(plan)

    async def _run(self, plan: Asking[T]) -> T:
        try:
            ask = next(plan)
            while True:
                ask = plan.send(await self._send(ask))
        except StopIteration as done:
            answer: T = done.value
            return answer

    async def _send(self, ask: Ask) -> list[Any]:
        if not ask.commands:
            return []
        async with self._client.pipeline(transaction=ask.atomic) as pipe:
            for command in ask.commands:
                pipe.execute_command(*command)
            return await pipe.execute(raise_on_error=False)
