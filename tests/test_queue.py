"""Leases of feeds and pages on a real server."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import redis

from crawler.book import FeedState, PageJob, PollOutcome
from crawler.model import Entry, FeedSpec
from storage.keys import Keys
from storage.queue import FeedQueue
from storage.workers import is_dead_here

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SPECS = [FeedSpec(f"http://n{i}.example/feed", folder=("a", "b")) for i in range(3)]


def queue(client: redis.Redis, token: str) -> FeedQueue:
    return FeedQueue(client, Keys(), token=token, lease=60)


def outcome(feed: FeedState, **more: object) -> PollOutcome:
    entry = Entry("k", "http://n.example/1", "T", published=NOW, authors=("A",))
    made = PollOutcome(
        "changed", 200, 900, NOW + timedelta(minutes=15), "news", etag='W/"ä"', title="N",
        pages=(PageJob("p1", entry.link, feed, entry),), seen={"k": "d1"}, entries=1,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture
def mine(client: redis.Redis) -> FeedQueue:
    made = queue(client, "mine")
    made.add_feeds(SPECS, NOW)
    return made


def test_two_workers_never_hold_one_feed(mine: FeedQueue, client: redis.Redis) -> None:
    other = queue(client, "other")
    one = mine.claim_feeds(2, NOW)
    two = other.claim_feeds(5, NOW)
    assert len(one) == 2
    assert len(two) == 1
    assert not {f.id for f in one} & {f.id for f in two}
    ids = mine.feed_ids()
    assert other.claim_feeds(5, NOW, only=ids, force=True) == []
    assert len(other.claim_feeds(5, NOW + timedelta(seconds=61))) == 3


def test_a_fenced_worker_changes_nothing(mine: FeedQueue, client: redis.Redis) -> None:
    (feed,) = mine.claim_feeds(1, NOW)
    later = NOW + timedelta(seconds=61)
    assert feed.id in {f.id for f in queue(client, "other").claim_feeds(5, later)}
    assert not mine.finish_poll(feed, outcome(feed), later)
    assert client.exists("newsfold:page:p1") == 0
    assert client.hget(f"newsfold:feed:{feed.id}", "etag") is None


def test_a_poll_is_stored_in_one_step(mine: FeedQueue, client: redis.Redis) -> None:
    (feed,) = mine.claim_feeds(1, NOW)
    assert mine.finish_poll(feed, outcome(feed), NOW)
    assert mine.digests(feed.id, ["k", "unknown"]) == {"k": "d1"}
    assert mine.claim_feeds(5, NOW, only=[feed.id]) == []
    (again,) = mine.claim_feeds(5, NOW, only=[feed.id], force=True)
    assert (again.etag, again.title, again.folder, again.interval) == ('W/"ä"', "N", ("a", "b"), 900)
    assert mine.finish_poll(
        again, outcome(again, result="failed", etag="", error="x", pages=(), seen={}), NOW
    )
    stored = client.hgetall(f"newsfold:feed:{feed.id}")
    assert stored[b"streak"] == b"1"
    assert stored[b"error"] == b"x"
    assert stored[b"title"] == b"N"
    assert b"etag" not in stored
    assert mine.digests(feed.id, ["k"]) == {"k": "d1"}


def test_pages_are_taken_over_when_their_lease_ends(mine: FeedQueue, client: redis.Redis) -> None:
    (feed,) = mine.claim_feeds(1, NOW)
    mine.finish_poll(feed, outcome(feed), NOW)
    other = queue(client, "other")
    assert other.claim_pages(5, NOW) == []
    (job,) = other.claim_pages(5, NOW + timedelta(seconds=61))
    assert (job.url, job.entry.published, job.entry.authors) == ("http://n.example/1", NOW, ("A",))
    other.retry_page(job, NOW + timedelta(hours=1), "later")
    (job,) = mine.claim_pages(5, NOW + timedelta(hours=2))
    assert job.attempts == 1
    mine.drop_page(job)
    assert client.zcard("newsfold:pages:due") == 0


def test_release_gives_back_at_once(mine: FeedQueue, client: redis.Redis) -> None:
    mine.claim_feeds(5, NOW)
    mine.release(NOW)
    assert len(queue(client, "other").claim_feeds(5, NOW)) == 3


def test_a_gone_feed_is_off_the_schedule(mine: FeedQueue, client: redis.Redis) -> None:
    (feed,) = mine.claim_feeds(1, NOW)
    assert mine.finish_poll(feed, outcome(feed, result="gone", due=None, pages=(), seen={}), NOW)
    assert client.zscore("newsfold:feeds:due", feed.id) is None


def test_many_entries_fit_in_one_step(mine: FeedQueue) -> None:
    (feed,) = mine.claim_feeds(1, NOW)
    seen = {f"k{i}": "d" for i in range(5_000)}
    assert mine.finish_poll(feed, outcome(feed, seen=seen), NOW)
    assert mine.digests(feed.id, list(seen)) == seen


def test_what_a_killed_worker_held_is_free_at_once(client: redis.Redis) -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    dead = queue(client, f"{socket.gethostname()}:{child.pid}:ab")
    dead.add_feeds(SPECS, NOW)
    (feed, *_) = dead.claim_feeds(3, NOW)
    dead.finish_poll(feed, outcome(feed), NOW)
    alive = queue(client, f"{socket.gethostname()}:{os.getpid()}:cd")
    assert alive.claim_pages(5, NOW) == []
    assert alive.take_over(is_dead_here, NOW) == 3
    assert len(alive.claim_pages(5, NOW)) == 1
    assert alive.take_over(is_dead_here, NOW) == 0
    assert not is_dead_here("another-host:1:ab")
