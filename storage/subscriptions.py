"""Subscriptions at hubs in Redis; synchronous. Their secrets stay in keys that are marked private."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import redis

from crawler.book import FeedState, PollOutcome
from crawler.websub import Subscription
from storage.feedfields import changed_fields, feed_state, page_call
from storage.functions import Functions
from storage.keys import Keys
from storage.pages import hashes
from storage.plain import from_iso, iso, text_of

# While one server asks a hub, another does not.
_CLAIM = timedelta(minutes=5)


class Subscriptions:
    """What `newsfold serve` keeps of hubs: which feeds have one, what was agreed, what was pushed."""

    def __init__(self, client: redis.Redis, keys: Keys, *, retention: int = 30 * 86_400) -> None:
        self._client, self._keys, self._retention = client, keys, retention
        self._functions = Functions(client, keys.prefix)

    def notice(self, now: datetime) -> int:
        """Put on the list what feeds have said of hubs since: new hubs, others than before, none any more.

        Returns how many feeds have a hub.
        """
        ids = [text_of(key) for key in self._client.hkeys(self._keys.feeds)]
        with_hub = 0
        for first in range(0, len(ids), 1_000):
            for identity, hub, topic in self._hubs(ids[first : first + 1_000]):
                with_hub += bool(hub)
                self._notice(identity, hub, topic, now)
        return with_hub

    def _hubs(self, ids: list[str]) -> Iterator[tuple[str, str, str]]:
        pipe = self._client.pipeline(transaction=False)
        for identity in ids:
            pipe.hmget(self._keys.feed(identity), "hub", "topic", "url", "result")
        for identity, (hub, topic, url, result) in zip(ids, pipe.execute() if ids else (), strict=True):
            alive = text_of(result or b"") not in ("gone", "moved")
            yield identity, text_of(hub or b"") if alive else "", text_of(topic or url or b"")

    def _notice(self, feed: str, hub: str, topic: str, now: datetime) -> None:
        one = self.get(feed) if hub or self._client.exists(self._keys.websub(feed)) else None
        if one is None and hub:
            fresh = Subscription(feed, hub, topic, secrets.token_hex(16), secrets.token_hex(32), next=now)
            self.put(fresh)
        elif one is not None and one.state != "leaving" and (one.hub, one.topic) != (hub, topic):
            # The new one has its turn when the old hub has let go.
            self.put(replace(one, state="leaving", next=now, failures=0))

    def claim_due(self, most: int, now: datetime) -> list[Subscription]:
        """Subscriptions whose hub is to be asked now; they are another server's no more for some minutes."""
        due = self._client.zrangebyscore(
            self._keys.websub_due, "-inf", int(now.timestamp()), start=0, num=most
        )
        mine = []
        for item in due:
            identity, later = text_of(item), int((now + _CLAIM).timestamp())
            # Of two servers that see it due, one moves it on: CH counts a change, GT allows only one of them.
            if self._client.zadd(self._keys.websub_due, {identity: later}, xx=True, gt=True, ch=True):
                one = self.get(identity)
                if one is None:
                    self._client.zrem(self._keys.websub_due, identity)
                else:
                    mine.append(one)
        return mine

    def get(self, feed: str) -> Subscription | None:
        """One feed's subscription."""
        (row,) = hashes(self._client, [self._keys.websub(feed)])
        return _subscription(row) if row else None

    def put(self, one: Subscription) -> None:
        """Keep a subscription as it stands now."""
        fields: dict[Any, Any] = _fields(one)
        pipe = self._client.pipeline(transaction=True)
        pipe.hset(self._keys.websub(one.feed), mapping=fields)
        if one.next is None:
            pipe.zrem(self._keys.websub_due, one.feed)
        else:
            pipe.zadd(self._keys.websub_due, {one.feed: int(one.next.timestamp())})
        if self._client.exists(self._keys.feed(one.feed)):
            pipe.hset(
                self._keys.feed(one.feed), "subscribed", one.state + (f": {one.error}" if one.error else "")
            )
            if one.state != "active":
                pipe.hdel(self._keys.feed(one.feed), "pushed")  # polling is all there is again
        pipe.execute()

    def forget(self, feed: str) -> None:
        """A subscription that is wanted no more."""
        pipe = self._client.pipeline(transaction=True)
        pipe.delete(self._keys.websub(feed))
        pipe.zrem(self._keys.websub_due, feed)
        pipe.hdel(self._keys.feed(feed), "subscribed", "pushed")
        pipe.execute()

    def feed(self, identity: str) -> FeedState | None:
        """The state of a feed; None where it is not on the schedule."""
        (row,) = hashes(self._client, [self._keys.feed(identity)])
        return feed_state(row) if row else None

    def store_pushed(self, outcome: PollOutcome, now: datetime) -> bool:
        """Store what a hub pushed: pages for whoever crawls next, entries seen; the schedule stays. False for no feed."""
        fields = {name: value for name, value in changed_fields(outcome).items() if name == "title" and value}
        poll = {
            "feed": outcome.after.id,
            "pages": [page_call(job) for job in outcome.pages],
            "seen": [text for pair in outcome.seen.items() for text in pair],
            "drop": [],
            "fields": {**fields, "pushed": iso(now), **({"news": iso(now)} if outcome.pages else {})},
        }
        call = {"now": int(now.timestamp()), "ttl": self._retention, "keep_pages": False, "poll": poll}
        return bool(self._functions.call("store_pushed", self._keys.feeds_due, call))


def _fields(one: Subscription) -> dict[str, str]:
    return {
        "feed": one.feed, "hub": one.hub, "topic": one.topic, "token": one.token, "secret": one.secret,
        "state": one.state, "next": iso(one.next), "until": iso(one.until), "failures": str(one.failures),
        "error": one.error,
    }  # fmt: skip


def _subscription(row: Mapping[str, str]) -> Subscription:
    state: Any = row["state"]  # as _fields wrote it
    return Subscription(
        row["feed"], row["hub"], row["topic"], row["token"], row["secret"], state, from_iso(row["next"]),
        from_iso(row["until"]), int(row["failures"]), row["error"],
    )  # fmt: skip
