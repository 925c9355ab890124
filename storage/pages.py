"""The queue of pages due in Redis, with leases; synchronous."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from secrets import randbits

import redis

from crawler.book import PageJob
from storage.feedfields import feed_state, page_job
from storage.functions import Functions
from storage.keys import Keys
from storage.plain import text_of


def hashes(client: redis.Redis, keys: Sequence[str]) -> list[dict[str, str]]:
    """Hashes as strings, in one go."""
    pipe = client.pipeline(transaction=False)
    for key in keys:
        pipe.hgetall(key)
    return [{text_of(k): text_of(v) for k, v in row.items()} for row in pipe.execute()] if keys else []


class PageQueue:
    """Pages due, as one worker (`token`) sees them. Leases are in seconds."""

    def __init__(self, client: redis.Redis, keys: Keys, *, token: str, lease: int) -> None:
        self._client, self._keys = client, keys
        self._functions = Functions(client, keys.prefix)
        self._token, self._lease = token, lease
        self._held: set[str] = set()
        self._requests = count(randbits(40))

    def claim(self, most: int, now: datetime) -> list[PageJob]:
        """Lease pages that wait, from earlier runs or other workers that died."""
        answer = self._call("claim", now, most=most, request=next(self._requests))
        ids = [text_of(item) for item in answer or ()]
        self._held.update(ids)
        pages = hashes(self._client, [self._keys.page(identity) for identity in ids])
        feeds = hashes(self._client, [self._keys.feed(page.get("feed", "")) for page in pages])
        rows = zip(ids, pages, feeds, strict=True)
        return [page_job(identity, page, feed_state(feed)) for identity, page, feed in rows]

    def hold(self, jobs: Sequence[PageJob]) -> None:
        """Note pages that were queued under this worker's lease."""
        self._held.update(job.id for job in jobs)

    def retry(self, job: PageJob, due: datetime, error: str) -> None:
        """Put a page back, to be tried again at `due`."""
        self._finish(job, {"due": int(due.timestamp()), "error": error})

    def drop(self, job: PageJob) -> None:
        """Take a page off the queue."""
        self._finish(job, {})

    def _finish(self, job: PageJob, more: Mapping[str, object]) -> None:
        call = {"page": job.id, "token": self._token, **more}
        self._functions.call("finish_page", self._keys.pages_due, call)
        self._held.discard(job.id)

    def renew(self, now: datetime) -> None:
        """Hold on to the leases; forget those that are settled."""
        if self._held:
            lost = self._call("renew", now, ids=sorted(self._held))
            self._held.difference_update(text_of(item) for item in lost)

    def release(self, now: datetime) -> None:
        """Give back every lease that is still held, so that the next run need not wait for it to run out."""
        if self._held:
            self._call("release", now, ids=sorted(self._held))
        self._held.clear()

    def take_over(self, is_dead: Callable[[str], bool], now: datetime) -> int:
        """Free what workers hold of which `is_dead` (given their token) knows that they are no more."""
        later = self._client.zrangebyscore(self._keys.pages_due, int(now.timestamp()) + 1, "+inf")
        by_token: dict[str, list[str]] = defaultdict(list)
        for identity, token in self._holders([text_of(item) for item in later]):
            by_token[token].append(identity)
        dead = [(token, ids) for token, ids in by_token.items() if is_dead(token)]
        for token, ids in dead:
            self._call("release", now, token=token, ids=ids)
        return sum(len(ids) for _, ids in dead)

    def _holders(self, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        pipe = self._client.pipeline(transaction=False)
        for identity in ids:
            pipe.hget(self._keys.page(identity), "lease")
        for identity, token in zip(ids, pipe.execute() if ids else (), strict=True):
            if token is not None:
                yield identity, text_of(token)

    def _call(self, name: str, now: datetime, **more: object) -> list[bytes]:
        call = {
            "queue": ":pages:due", "kind": ":page:", "now": int(now.timestamp()), "lease": self._lease,
            "token": self._token, **more,
        }  # fmt: skip
        answer = self._functions.call(name, self._keys.pages_due, call)
        return answer if isinstance(answer, list) else []
