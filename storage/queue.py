"""The schedule of feeds in Redis, with leases; synchronous.

Every mutating call is one function and checks the lease, which has a number of its own, so a worker that was
presumed dead and comes back changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from secrets import randbits
from typing import Any

import redis

from crawler.book import Claim, FeedState, PollOutcome
from crawler.model import FeedSpec
from storage.errors import ServerEmptied
from storage.feedfields import feed_state, host_of, moved, new_fields, poll_call, spec_fields, spec_of
from storage.functions import Functions
from storage.keys import Keys, feed_id, short_hash
from storage.pages import PageQueue, hashes
from storage.patience import patience_of
from storage.plain import compact, iso, text_of

# Of one host a worker holds so many feeds at a time: enough to keep its one connection busy.
PER_HOST = 4
_CHUNK = 500


class FeedQueue:
    """Feeds due, as one worker (`token`) sees them, and its pages. Leases and what sets feeds apart are in seconds."""

    def __init__(
        self, client: redis.Redis, keys: Keys, *, token: str, lease: int = 600, retention: int = 30 * 86_400,
        apart: int = 5, per_host: int = PER_HOST,
    ) -> None:  # fmt: skip
        self._client, self._keys = client, keys
        self._functions = Functions(client, keys.prefix)
        self._token, self._lease, self._retention = token, lease, retention
        self._apart, self._per_host = apart, per_host
        self._held: dict[str, str] = {}
        self._requests, self._leased = count(randbits(40)), False
        self.pages = PageQueue(client, keys, token=token, lease=lease)

    # --- the list

    def add_feeds(self, specs: Sequence[FeedSpec], now: datetime) -> tuple[str, ...]:
        """Put feeds on the schedule, new ones due at once; what the operator says of them is renewed.

        Returns their ids. A feed is also known by the address that a redirect has led it to for good.
        """
        aliases = self._aliases()
        wanted = {self._id(spec.url, aliases): spec for spec in specs}
        listed = {text_of(k): text_of(v) for k, v in self._client.hgetall(self._keys.feeds_listed).items()}
        said = {
            identity: short_hash(compact([spec.url, spec_fields(spec)])) for identity, spec in wanted.items()
        }
        changed = [identity for identity in wanted if listed.get(identity) != said[identity]]
        for first in range(0, len(changed), _CHUNK):
            pipe = self._client.pipeline(transaction=True)
            for identity in changed[first : first + _CHUNK]:
                self._put(pipe, identity, wanted[identity], now, new=identity not in listed)
                pipe.hset(self._keys.feeds_listed, identity, said[identity])
            pipe.execute()
        return tuple(wanted)

    def _put(
        self, pipe: redis.client.Pipeline, identity: str, spec: FeedSpec, now: datetime, *, new: bool
    ) -> None:
        key, fields = self._keys.feed(identity), spec_fields(spec)
        for name, value in new_fields(identity, spec, now).items():
            pipe.hsetnx(key, name, value)
        given: dict[Any, Any] = {name: value for name, value in fields.items() if value}
        if given:
            pipe.hset(key, mapping=given)
        if empty := [name for name, value in fields.items() if not value]:
            pipe.hdel(key, *empty)
        pipe.hsetnx(self._keys.feeds, identity, spec.url)
        if new:
            pipe.zadd(self._keys.feeds_due, {identity: int(now.timestamp())}, nx=True)

    def _aliases(self) -> dict[str, str]:
        found = self._client.hgetall(self._keys.feeds_aliases)
        return {text_of(alias): text_of(identity) for alias, identity in found.items()}

    def _id(self, url: str, aliases: dict[str, str]) -> str:
        identity = feed_id(url)
        return aliases.get(identity, identity)

    def find(self, url: str) -> str:
        """The id of the feed at an address, "" where none is listed."""
        identity = self._id(url, self._aliases())
        return identity if self._client.hexists(self._keys.feeds, identity) else ""

    def feed_ids(self) -> tuple[str, ...]:
        """Every feed on the schedule."""
        return tuple(sorted(text_of(key) for key in self._client.hkeys(self._keys.feeds)))

    def specs(self) -> list[FeedSpec]:
        """Every feed as the operator would list it now: at the address where it is polled."""
        rows = hashes(self._client, [self._keys.feed(identity) for identity in self.feed_ids()])
        return [spec_of(row) for row in rows if row]

    def remove(self, feed: str) -> bool:
        """Take a feed off the schedule and forget it; its articles stay. False where there is none."""
        self._held.pop(feed, None)
        return bool(self._functions.call("remove_feed", self._keys.feeds_due, {"feed": feed}))

    def enable(self, feed: str, now: datetime) -> bool:
        """Poll a feed again, at its listed address, at once and as if it had never failed; False where there is none."""
        key = self._keys.feed(feed)
        if not self._client.exists(key):
            return False
        given = text_of(self._client.hget(key, "given_url") or b"")
        pipe = self._client.pipeline(transaction=True)
        pipe.hdel(
            key, "streak", "error", "failure", "offers", "given_url", "etag", "modified", "body_hash", "final"
        )
        pipe.hset(key, mapping={"rule": "enabled", "next": iso(now)})
        if given:
            pipe.hset(key, mapping={"url": given, "host": host_of(given)})
            pipe.hset(self._keys.feeds, feed, given)
        if text_of(self._client.hget(key, "result") or b"") in ("gone", "moved"):
            pipe.hset(key, "result", "failed")
        pipe.zadd(self._keys.feeds_due, {feed: int(now.timestamp())})
        pipe.execute()
        return True

    # --- leases

    def due_feeds(self, only: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Those of the feeds that are due, the longest due first."""
        wanted = set(only)
        due = self._client.zrangebyscore(self._keys.feeds_due, "-inf", int(now.timestamp()))
        return tuple(identity for item in due if (identity := text_of(item)) in wanted)

    def any_due(self, now: datetime, only: Sequence[str] | None = None, *, pages: bool = True) -> bool:
        """Whether any feed (of `only` where given) or, where `pages` count, any page is due."""
        moment = int(now.timestamp())
        if pages and self._client.zcount(self._keys.pages_due, "-inf", moment):
            return True
        if only is not None:
            return bool(self.due_feeds(only, now))
        return bool(self._client.zcount(self._keys.feeds_due, "-inf", moment))

    def claim_feeds(
        self, most: int, now: datetime, *, only: Sequence[str] | None = None, force: bool = False
    ) -> Claim:
        """Lease due feeds: any, or those of `only`, which `force` makes due."""
        call = {
            **self._common(now),
            "iso": iso(now + timedelta(seconds=60)),
            "most": most,
            "per_host": self._per_host,
            "request": next(self._requests),
        }
        if only is None:
            rows, busy = self._functions.call("claim_feeds", self._keys.feeds_due, call)
        else:
            named = {**call, "ids": list(only), "force": force}
            rows, left = self._functions.call("claim_named", self._keys.feeds_due, named)
            busy = len(left)
        if not rows and self._leased:
            self._check_kept()
        self._leased = self._leased or bool(rows)
        feeds = tuple(feed_state(_pairs(row)) for row in rows)
        self._held.update((feed.id, feed.lease) for feed in feeds)
        return Claim(feeds, int(busy))

    def renew(self, now: datetime) -> None:
        """Hold on to what is leased; what another worker has meanwhile is forgotten."""
        if self._held:
            call = {**self._common(now), "held": self._pairs_held()}
            for item in self._functions.call("renew_feeds", self._keys.feeds_due, call):
                self._held.pop(text_of(item), None)
        self.pages.renew(now)

    def release(self, now: datetime) -> None:
        """Give back every lease that is still held, so that the next run need not wait for it to run out."""
        if self._held:
            call = {**self._common(now), "held": self._pairs_held()}
            self._functions.call("release_feeds", self._keys.feeds_due, call)
        self._held.clear()
        self.pages.release(now)
        prefix = f"{self._keys.prefix}:claimed:{self._token}"
        self._client.delete(f"{prefix}:feeds", f"{prefix}:pages")

    def take_over(self, is_dead: Callable[[str], bool], now: datetime) -> int:
        """Free what workers hold of which `is_dead` (given their token) knows that they are no more.

        Leases run out by themselves; this spares a machine the wait for its own worker that was killed.
        """
        ids = [text_of(item) for item in self._client.zrange(self._keys.feeds_leased, 0, -1)]
        pipe = self._client.pipeline(transaction=False)
        for identity in ids:
            pipe.hget(self._keys.feed(identity), "lease")
        by_token: dict[str, list[str]] = defaultdict(list)
        for identity, lease in zip(ids, pipe.execute() if ids else (), strict=True):
            if lease is not None:
                by_token[text_of(lease).partition("#")[0]] += [identity, text_of(lease)]
        freed = 0
        for token, held in by_token.items():
            if is_dead(token):
                call = {**self._common(now), "held": held}
                freed += int(self._functions.call("release_feeds", self._keys.feeds_due, call))
        return freed + self.pages.take_over(is_dead, now)

    # --- polls

    def seen(self, feeds: Sequence[str]) -> list[dict[str, str]]:
        """Of each feed, what its entries said when last seen."""
        rows = self._functions.call("seen", self._keys.feeds_due, {"feeds": list(feeds)})
        return [_pairs(row) for row in rows]

    def articles_at(self, digests: Sequence[str], new: Collection[str] = ()) -> dict[str, str]:
        """The ids of the articles at those canonical URLs (by digest) that have one.

        For those that are `new` to a feed an article counts as none of which only a feed of another site tells.
        """
        asked = {"digests": list(digests), "new": list(new)}
        return _pairs(self._functions.call("articles_at", self._keys.feeds_due, asked)) if digests else {}

    def finish_polls(
        self, polls: Sequence[tuple[FeedState, PollOutcome]], now: datetime, *, keep_pages: bool = True
    ) -> list[bool]:
        """Store polls, each in one step: pages queued, entries, state, next time. False where the lease was lost.

        With `keep_pages` the pages are queued under this worker's lease, else for whoever comes.
        """
        polls = [(feed, self._unless_twice(feed, outcome)) for feed, outcome in polls]
        calls = [{**poll_call(outcome), **moved(outcome, feed)} for feed, outcome in polls]
        call = {**self._common(now), "ttl": self._retention, "polls": calls, "keep_pages": keep_pages}
        answer = self._functions.call("finish_polls", self._keys.feeds_due, call)
        if -1 in answer:
            self._check_kept()
        stored = [done == 1 for done in answer]
        for (feed, outcome), done in zip(polls, stored, strict=True):
            self._held.pop(feed.id, None)
            if done and keep_pages:
                self.pages.hold(outcome.pages)
        return stored

    def _check_kept(self) -> None:
        """Raise ServerEmptied where there are no feeds at all any more."""
        if not self._client.exists(self._keys.feeds):
            patience = patience_of(self._client)
            raise ServerEmptied(
                f"{patience.name if patience else 'Redis'} was restarted empty, or flushed, in mid-run: "
                "run the crawl again to fetch anew"
            )

    def _unless_twice(self, feed: FeedState, outcome: PollOutcome) -> PollOutcome:
        """A feed that has moved to where another one is polled is not polled any more."""
        new = outcome.after.url
        other = self.find(new) if new != feed.url else ""
        if other in ("", feed.id):
            return outcome
        error = f"{feed.url} has moved for good to {new}, which is polled as {other}"
        after = replace(outcome.after, url=feed.url, given=feed.given)
        return replace(
            outcome, result="moved", after=after, due=None, rule="moved", error=error, failure="moved"
        )

    def finish_poll(self, feed: FeedState, outcome: PollOutcome, now: datetime) -> bool:
        """Store one poll."""
        return self.finish_polls([(feed, outcome)], now)[0]

    def _common(self, now: datetime) -> dict[str, object]:
        return {
            "now": int(now.timestamp()), "lease": self._lease, "token": self._token, "apart": self._apart,
        }  # fmt: skip

    def _pairs_held(self) -> list[str]:
        return [text for pair in sorted(self._held.items()) for text in pair]


def _pairs(row: Sequence[bytes]) -> dict[str, str]:
    words = [word.decode("utf-8", "surrogatepass") for word in row]
    return dict(zip(words[::2], words[1::2], strict=True))
