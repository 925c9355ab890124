"""The two queues in Redis, feeds due and pages due, with leases; synchronous.

Every mutating call is one function and checks the lease's token, so a worker that was presumed dead and
comes back changes nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import redis

from crawler.book import FeedState, PageJob, PollOutcome
from crawler.model import Entry, FeedSpec
from storage.codec import compact, from_iso, iso, text_of
from storage.functions import Functions
from storage.keys import Keys, feed_id

_FEEDS, _PAGES = (":feeds:due", ":feed:"), (":pages:due", ":page:")


class FeedQueue:
    """Feeds and pages due, as one worker (`token`) sees them. Leases are in seconds."""

    def __init__(
        self, client: redis.Redis, keys: Keys, *, token: str, lease: int = 600, retention: int = 30 * 86_400
    ) -> None:
        self._client, self._keys = client, keys
        self._functions = Functions(client, keys.prefix)
        self._token, self._lease, self._retention = token, lease, retention
        self._held: dict[tuple[str, str], set[str]] = {_FEEDS: set(), _PAGES: set()}

    def add_feeds(self, specs: Sequence[FeedSpec], now: datetime) -> tuple[str, ...]:
        """Put feeds on the schedule, new ones due at once; what the operator says of them is renewed."""
        pipe = self._client.pipeline(transaction=True)
        ids = []
        for spec in specs:
            identity = feed_id(spec.url)
            ids.append(identity)
            pipe.hset(self._keys.feed(identity), mapping=_spec_fields(identity, spec))
            pipe.hset(self._keys.feeds, identity, spec.url)
            pipe.hsetnx(self._keys.feed(identity), "added", iso(now))
            pipe.zadd(self._keys.feeds_due, {identity: int(now.timestamp())}, nx=True)
        pipe.execute()
        return tuple(ids)

    def feed_ids(self) -> tuple[str, ...]:
        """Every feed on the schedule."""
        return tuple(sorted(text_of(key) for key in self._client.hkeys(self._keys.feeds)))

    def claim_feeds(
        self, most: int, now: datetime, *, only: Sequence[str] | None = None, force: bool = False
    ) -> list[FeedState]:
        """Lease due feeds: any, or those of `only`, which `force` makes due."""
        ids = self._claim(_FEEDS, most, now, only=only, force=force)
        return [feed_state(fields) for fields in self._hashes(self._keys.feed, ids)]

    def claim_pages(self, most: int, now: datetime) -> list[PageJob]:
        """Lease pages that wait, from earlier runs or other workers that died."""
        ids = self._claim(_PAGES, most, now, only=None, force=False)
        pages = self._hashes(self._keys.page, ids)
        feeds = self._hashes(self._keys.feed, [page.get("feed", "") for page in pages])
        return [_page_job(page, feed_state(feed)) for page, feed in zip(pages, feeds, strict=True)]

    def _claim(
        self, queue: tuple[str, str], most: int, now: datetime, *, only: Sequence[str] | None, force: bool
    ) -> list[str]:
        call: dict[str, object] = {
            "queue": queue[0],
            "kind": queue[1],
            "now": int(now.timestamp()),
            "lease": self._lease,
            "token": self._token,
        }
        if only is None:
            answer = self._functions.call("claim", self._keys.feeds_due, {**call, "most": most})
        else:
            named = {**call, "ids": list(only), "force": force}
            answer = self._functions.call("claim_named", self._keys.feeds_due, named)
        ids = [text_of(item) for item in answer or ()]
        self._held[queue].update(ids)
        return ids

    def _hashes(self, key: Any, ids: Sequence[str]) -> list[dict[str, str]]:
        pipe = self._client.pipeline(transaction=False)
        for identity in ids:
            pipe.hgetall(key(identity))
        return [{text_of(k): text_of(v) for k, v in row.items()} for row in pipe.execute()] if ids else []

    def digests(self, feed: str, entries: Sequence[str]) -> dict[str, str]:
        """What each entry said when last seen."""
        if not entries:
            return {}
        found = self._client.hmget(self._keys.feed_entries(feed), list(entries))
        return {entry: text_of(v) for entry, v in zip(entries, found, strict=True) if v is not None}

    def known_urls(self, urls: Sequence[str]) -> set[str]:
        """Those canonical URLs that have an article."""
        if not urls:
            return set()
        found = self._client.mget([self._keys.url(url) for url in urls])
        return {url for url, article in zip(urls, found, strict=True) if article is not None}

    def finish_poll(self, feed: FeedState, outcome: PollOutcome, now: datetime) -> bool:
        """Store a poll: pages queued under this worker's lease, entries, state, next time; in one step."""
        known = {text_of(key) for key in self._client.hkeys(self._keys.feed_entries(feed.id))}
        fields = _poll_fields(feed, outcome, now)
        call = {
            "feed": feed.id,
            "token": self._token,
            "now": int(now.timestamp()),
            "lease": self._lease,
            "ttl": self._retention,
            "pages": [{"id": job.id, "fields": _page_fields(job)} for job in outcome.pages],
            "entries": [text for pair in outcome.seen.items() for text in pair],
            "drop": sorted(known - outcome.seen.keys()) if outcome.result == "changed" else [],
            "clear": [name for name, value in fields.items() if value == ""],
            "fields": {name: value for name, value in fields.items() if value != ""},
            **({"due": int(outcome.due.timestamp())} if outcome.due else {}),
        }
        stored = bool(self._functions.call("finish_poll", self._keys.feeds_due, call))
        self._held[_FEEDS].discard(feed.id)
        if stored:
            self._held[_PAGES].update(job.id for job in outcome.pages)
        return stored

    def retry_page(self, job: PageJob, due: datetime, error: str) -> None:
        """Put a page back, to be tried again at `due`."""
        self._finish_page(job, {"due": int(due.timestamp()), "error": error})

    def drop_page(self, job: PageJob) -> None:
        """Take a page off the queue."""
        self._finish_page(job, {})

    def _finish_page(self, job: PageJob, more: Mapping[str, object]) -> None:
        call = {"page": job.id, "token": self._token, **more}
        self._functions.call("finish_page", self._keys.pages_due, call)
        self._held[_PAGES].discard(job.id)

    def release(self, now: datetime) -> None:
        """Give back every lease that is still held, so that the next run need not wait for it to run out."""
        for queue, ids in self._held.items():
            self._release(queue, self._token, sorted(ids), now)
            ids.clear()

    def _release(self, queue: tuple[str, str], token: str, ids: Sequence[str], now: datetime) -> None:
        call = {
            "queue": queue[0],
            "kind": queue[1],
            "now": int(now.timestamp()),
            "token": token,
            "ids": list(ids),
        }
        self._functions.call("release", self._keys.feeds_due, call)

    def take_over(self, is_dead: Callable[[str], bool], now: datetime) -> int:
        """Free what workers hold of which `is_dead` (given their token) knows that they are no more.

        Leases run out by themselves; this spares a machine the wait for its own worker that was killed.
        """
        freed = 0
        for queue in (_FEEDS, _PAGES):
            later = self._client.zrangebyscore(self._keys.prefix + queue[0], int(now.timestamp()) + 1, "+inf")
            by_token: dict[str, list[str]] = defaultdict(list)
            for identity, token in self._holders(queue, [text_of(item) for item in later]):
                by_token[token].append(identity)
            for token, ids in by_token.items():
                if is_dead(token):
                    self._release(queue, token, ids, now)
                    freed += len(ids)
        return freed

    def _holders(self, queue: tuple[str, str], ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        pipe = self._client.pipeline(transaction=False)
        for identity in ids:
            pipe.hget(f"{self._keys.prefix}{queue[1]}{identity}", "lease")
        for identity, token in zip(ids, pipe.execute() if ids else (), strict=True):
            if token is not None:
                yield identity, text_of(token)


def _spec_fields(
    identity: str, spec: FeedSpec
) -> dict[Any, str]:  # redis-py's key type is a wide, invariant union
    return {
        "id": identity,
        "url": spec.url,
        "folder": "/".join(spec.folder),
        "given_title": spec.title,
        "given_lang": spec.lang,
        "given_outlet": spec.outlet,
    }


def feed_state(fields: Mapping[str, str]) -> FeedState:
    """A feed's hash as the state before a poll."""
    return FeedState(
        id=fields.get("id", ""),
        url=fields.get("url", ""),
        title=fields.get("given_title") or fields.get("title", ""),
        folder=tuple(part for part in fields.get("folder", "").split("/") if part),
        lang=fields.get("given_lang") or fields.get("lang", ""),
        outlet=fields.get("given_outlet", ""),
        etag=fields.get("etag", ""),
        modified=fields.get("modified", ""),
        body_hash=fields.get("body_hash", ""),
        interval=int(fields.get("interval", 0)),
        streak=int(fields.get("streak", 0)),
        polled=from_iso(fields.get("polled", "")),
        good=from_iso(fields.get("good", "")),
    )


def _poll_fields(feed: FeedState, outcome: PollOutcome, now: datetime) -> dict[str, str]:
    """The fields of `feed:{id}` after a poll; an empty one is taken away, one not named stays."""
    failed = outcome.result in ("failed", "gone")
    fields = {
        "polled": iso(now),
        "result": outcome.result,
        "status": str(outcome.status),
        "interval": str(outcome.interval),
        "next": iso(outcome.due),
        "rule": outcome.rule,
        "etag": outcome.etag,
        "modified": outcome.modified,
        "body_hash": outcome.body_hash,
        "streak": str(feed.streak + 1 if failed else 0),
        "error": outcome.error,
    }
    if not failed:
        fields["good"] = iso(now)
    if outcome.result == "changed":
        fields |= {
            "title": outcome.title,
            "kind": outcome.kind,
            "lang": outcome.lang,
            "entries": str(outcome.entries),
        }
        if outcome.pages:
            fields["news"] = iso(now)
    return fields


def _page_fields(job: PageJob) -> dict[str, str]:
    return {"id": job.id, "url": job.url, "feed": job.feed.id, "entry": _entry_json(job.entry)}


def _page_job(fields: Mapping[str, str], feed: FeedState) -> PageJob:
    return PageJob(
        id=fields.get("id", ""),
        url=fields.get("url", ""),
        feed=feed,
        entry=_entry(json.loads(fields.get("entry", "{}"))),
        attempts=int(fields.get("attempts", 0)),
    )


def _entry_json(entry: Entry) -> str:
    return compact(
        {
            name: value.timestamp() if isinstance(value, datetime) else value
            for name in Entry.__slots__
            if (value := getattr(entry, name))
        }
    )


def _entry(values: Mapping[str, Any]) -> Entry:
    fields: dict[str, Any] = dict(values)
    for name in ("published", "updated"):
        if name in fields:
            fields[name] = datetime.fromtimestamp(fields[name], UTC)
    fields["authors"] = tuple(fields.get("authors", ()))
    fields.setdefault("key", "")
    fields.setdefault("link", "")
    return Entry(**fields)
