"""Leases of feeds and pages, hosts and times apart, on a real server."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import redis

from crawler.book import FeedState, PageJob, PollOutcome
from crawler.model import Entry, FeedSpec, Hints
from crawler.packed import pack
from storage.keys import Keys
from storage.queue import FeedQueue
from storage.workers import is_dead_here

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SPECS = [FeedSpec(f"http://n{i}.example/feed", folder=("a/b", "c")) for i in range(3)]
ONE_HOST = [FeedSpec(f"http://n.example/feed/{i}") for i in range(6)]


def queue(client: redis.Redis, token: str, **more: int) -> FeedQueue:
    return FeedQueue(client, Keys(), token=token, lease=60, **more)


def outcome(feed: FeedState, **more: object) -> PollOutcome:
    entry = Entry("k", "http://n.example/1", "T", published=NOW, authors=("A",))
    after = replace(
        feed, etag='W/"ä"', title="N", interval=900, polled=NOW, good=NOW, whole=NOW, gap=7, news=NOW,
        hints=Hints(60, 70, (1,), (2,)), moved_to="http://m.example/", moved_polls=2, moved_since=NOW,
    )  # fmt: skip
    made = PollOutcome(
        "changed", 200, after, NOW + timedelta(minutes=15), "rate", bounds={"rate": 900},
        pages=(PageJob("p1", entry.link, feed, pack(entry), article="a1"),), seen={"k": "d1"}, entries=1,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture
def mine(client: redis.Redis) -> FeedQueue:
    made = queue(client, "mine")
    made.add_feeds(SPECS, NOW)
    return made


def test_two_workers_never_hold_one_feed(mine: FeedQueue, client: redis.Redis) -> None:
    other = queue(client, "other")
    one = mine.claim_feeds(2, NOW).feeds
    two = other.claim_feeds(5, NOW).feeds
    assert len(one) == 2
    assert len(two) == 1
    assert not {f.id for f in one} & {f.id for f in two}
    ids = mine.feed_ids()
    assert other.claim_feeds(5, NOW, only=ids, force=True).feeds == ()
    assert len(other.claim_feeds(5, NOW + timedelta(seconds=61)).feeds) == 3


def test_a_fenced_worker_changes_nothing(mine: FeedQueue, client: redis.Redis) -> None:
    (feed,) = mine.claim_feeds(1, NOW).feeds
    later = NOW + timedelta(seconds=61)
    assert feed.id in {f.id for f in queue(client, "other").claim_feeds(5, later).feeds}
    assert not mine.finish_poll(feed, outcome(feed), later)
    assert client.exists("newsfold:page:p1") == 0
    assert client.hget(f"newsfold:feed:{feed.id}", "etag") is None


def test_a_lease_of_before_is_not_the_lease_of_now(mine: FeedQueue) -> None:
    (before, *_) = mine.claim_feeds(3, NOW).feeds
    later = NOW + timedelta(seconds=61)
    again = next(feed for feed in mine.claim_feeds(3, later).feeds if feed.id == before.id)
    assert again.lease != before.lease
    assert not mine.finish_poll(before, outcome(before), later)
    assert mine.finish_poll(again, outcome(again), later)


def test_a_renewed_lease_does_not_run_out(mine: FeedQueue, client: redis.Redis) -> None:
    (feed,) = mine.claim_feeds(1, NOW).feeds
    mine.renew(NOW + timedelta(seconds=50))
    other = queue(client, "other")
    assert feed.id not in {f.id for f in other.claim_feeds(5, NOW + timedelta(seconds=100)).feeds}
    assert mine.finish_poll(feed, outcome(feed), NOW + timedelta(seconds=105))
    mine.renew(NOW + timedelta(seconds=106))
    assert client.zcard("newsfold:feeds:leased") == 2


def test_a_poll_is_stored_in_one_step(mine: FeedQueue, client: redis.Redis) -> None:
    (feed,) = mine.claim_feeds(1, NOW).feeds
    made = outcome(feed)
    assert mine.finish_poll(feed, made, NOW)
    assert mine.seen([feed.id]) == [{"k": "d1"}]
    assert mine.claim_feeds(5, NOW, only=[feed.id]).feeds == ()
    (again,) = mine.claim_feeds(5, NOW, only=[feed.id], force=True).feeds
    assert replace(again, lease=feed.lease) == made.after
    assert again.folder == ("a/b", "c")
    failed = replace(again, etag="", streak=1)
    gone = outcome(failed, result="failed", after=failed, error="x", failure="server", pages=(), seen={})
    assert mine.finish_poll(again, gone, NOW)
    stored = client.hgetall(f"newsfold:feed:{feed.id}")
    assert (stored[b"streak"], stored[b"error"], stored[b"failure"]) == (b"1", b"x", b"server")
    assert stored[b"title"] == b"N"
    assert b"etag" not in stored
    assert mine.seen([feed.id]) == [{"k": "d1"}]


def test_entries_that_the_feed_has_no_more_are_forgotten(mine: FeedQueue) -> None:
    (feed,) = mine.claim_feeds(1, NOW).feeds
    assert mine.finish_poll(feed, outcome(feed, seen={"k": "d1", "l": "d2"}), NOW)
    (feed,) = mine.claim_feeds(1, NOW, only=[feed.id], force=True).feeds
    assert mine.finish_poll(feed, outcome(feed, pages=(), seen={"m": "d3"}, dropped=("k",)), NOW)
    assert mine.seen([feed.id]) == [{"l": "d2", "m": "d3"}]


def test_pages_are_taken_over_when_their_lease_ends(mine: FeedQueue, client: redis.Redis) -> None:
    (feed,) = mine.claim_feeds(1, NOW).feeds
    mine.finish_poll(feed, outcome(feed), NOW)
    other = queue(client, "other").pages
    assert other.claim(5, NOW) == []
    mine.renew(NOW + timedelta(seconds=50))
    assert other.claim(5, NOW + timedelta(seconds=61)) == []
    (job,) = other.claim(5, NOW + timedelta(seconds=111))
    assert (job.url, job.entry.published, job.entry.authors, job.article) == (
        "http://n.example/1", NOW, ("A",), "a1",
    )  # fmt: skip
    other.retry(job, NOW + timedelta(hours=1), "later")
    (job,) = mine.pages.claim(5, NOW + timedelta(hours=2))
    assert job.attempts == 1
    mine.pages.drop(job)
    assert client.zcard("newsfold:pages:due") == 0


def test_pages_may_be_left_for_another_run(mine: FeedQueue, client: redis.Redis) -> None:
    (feed,) = mine.claim_feeds(1, NOW).feeds
    mine.finish_polls([(feed, outcome(feed))], NOW, keep_pages=False)
    assert [job.id for job in queue(client, "other").pages.claim(5, NOW)] == ["p1"]


def test_release_gives_back_at_once(mine: FeedQueue, client: redis.Redis) -> None:
    mine.claim_feeds(5, NOW)
    mine.release(NOW)
    assert len(queue(client, "other").claim_feeds(5, NOW).feeds) == 3
    assert client.zcard("newsfold:feeds:leased") == 3


def test_a_gone_feed_is_off_the_schedule_until_it_is_enabled(mine: FeedQueue, client: redis.Redis) -> None:
    (feed,) = mine.claim_feeds(1, NOW).feeds
    gone = outcome(feed, result="gone", due=None, pages=(), seen={}, after=replace(feed, streak=1))
    assert mine.finish_poll(feed, gone, NOW)
    assert client.zscore("newsfold:feeds:due", feed.id) is None
    mine.add_feeds([FeedSpec(feed.url, title="Listed anew")], NOW)
    assert client.zscore("newsfold:feeds:due", feed.id) is None
    assert mine.enable(feed.id, NOW)
    (again,) = mine.claim_feeds(5, NOW, only=[feed.id]).feeds
    assert (again.streak, again.title) == (0, "Listed anew")
    assert not mine.enable("f0", NOW)


def test_many_entries_fit_in_one_step(mine: FeedQueue) -> None:
    (feed,) = mine.claim_feeds(1, NOW).feeds
    seen = {f"k{i}": "d" for i in range(5_000)}
    assert mine.finish_poll(feed, outcome(feed, seen=seen), NOW)
    assert mine.seen([feed.id]) == [seen]


def test_what_a_killed_worker_held_is_free_at_once(client: redis.Redis) -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    dead = queue(client, f"{socket.gethostname()}:{child.pid}:ab")
    dead.add_feeds(SPECS, NOW)
    (feed, *_) = dead.claim_feeds(3, NOW).feeds
    dead.finish_poll(feed, outcome(feed), NOW)
    alive = queue(client, f"{socket.gethostname()}:{os.getpid()}:cd")
    assert alive.pages.claim(5, NOW) == []
    assert alive.take_over(is_dead_here, NOW) == 3
    assert len(alive.pages.claim(5, NOW)) == 1
    assert alive.take_over(is_dead_here, NOW) == 0
    assert not is_dead_here("another-host:1:ab")


# --- hosts


def test_a_host_is_one_workers_at_a_time_and_holds_few_feeds(client: redis.Redis) -> None:
    mine, other = queue(client, "mine", per_host=2), queue(client, "other", per_host=2)
    mine.add_feeds(ONE_HOST, NOW)
    claim = mine.claim_feeds(10, NOW)
    assert (len(claim.feeds), claim.busy) == (2, 4)
    taken = other.claim_feeds(10, NOW)
    assert (taken.feeds, taken.busy) == ((), 0)
    named = mine.claim_feeds(10, NOW, only=mine.feed_ids(), force=True)
    assert (named.feeds, named.busy) == ((), 4)
    for feed in claim.feeds:
        assert mine.finish_poll(feed, outcome(feed, pages=()), NOW)
    assert len(other.claim_feeds(10, NOW).feeds) == 2
    assert mine.claim_feeds(10, NOW).feeds == ()


def test_a_dead_workers_host_is_free_when_its_lease_ends(client: redis.Redis) -> None:
    queue(client, "dead").add_feeds(ONE_HOST, NOW)
    assert len(queue(client, "dead").claim_feeds(10, NOW).feeds) == 4
    assert queue(client, "alive").claim_feeds(10, NOW).feeds == ()
    assert len(queue(client, "alive").claim_feeds(10, NOW + timedelta(seconds=61)).feeds) == 4


def test_feeds_of_one_host_are_polled_apart(client: redis.Redis) -> None:
    mine = queue(client, "mine", apart=10, per_host=9)
    mine.add_feeds(ONE_HOST, NOW)
    for feed in mine.claim_feeds(10, NOW).feeds:
        assert mine.finish_poll(feed, outcome(feed, pages=()), NOW)
    due = sorted(score for _, score in client.zrange("newsfold:feeds:due", 0, -1, withscores=True))
    assert due[0] == (NOW + timedelta(minutes=15)).timestamp()
    assert [later - earlier for earlier, later in itertools.pairwise(due)] == [10] * 5
    assert client.zcard("newsfold:feeds:slots") == 6


def test_a_host_that_asks_is_left_alone_with_all_its_feeds(client: redis.Redis) -> None:
    mine = queue(client, "mine", per_host=1)
    mine.add_feeds([*ONE_HOST, *SPECS], NOW)
    (feed,) = mine.claim_feeds(1, NOW, only=mine.feed_ids()[:1], force=True).feeds
    limited = outcome(feed, result="failed", status=429, pages=(), seen={}, host_wait=1_800, host_whole=True)
    assert mine.finish_poll(feed, limited, NOW)
    others = {f.url for f in mine.claim_feeds(20, NOW).feeds}
    assert len(others) == (3 if feed.url.startswith("http://n.example/") else 6)
    later = NOW + timedelta(seconds=1_801)
    assert mine.claim_feeds(20, later).feeds


def test_a_second_feed_that_is_asked_to_wait_speaks_for_its_host(client: redis.Redis) -> None:
    mine = queue(client, "mine", per_host=9)
    mine.add_feeds(ONE_HOST, NOW)
    one, two, three, *_ = mine.claim_feeds(6, NOW).feeds
    busy = {"result": "failed", "status": 503, "pages": (), "seen": {}, "host_wait": 600}
    mine.finish_poll(one, outcome(one, **busy), NOW)
    assert client.hget("newsfold:host:n.example", "wait") is None
    mine.finish_poll(two, outcome(two, **busy), NOW)
    assert client.hget("newsfold:host:n.example", "wait") == str(int(NOW.timestamp()) + 600).encode()
    mine.release(NOW)
    assert mine.claim_feeds(6, NOW).feeds == ()
    rule = client.hget(f"newsfold:feed:{three.id}", "rule")
    assert rule == b"retry-after of the host"


# --- the list


def test_a_list_that_did_not_change_writes_nothing(mine: FeedQueue, client: redis.Redis) -> None:
    before = client.info("commandstats").get("cmdstat_hset", {"calls": 0})["calls"]
    assert set(mine.add_feeds(SPECS, NOW)) == set(mine.feed_ids())
    assert client.info("commandstats").get("cmdstat_hset", {"calls": 0})["calls"] == before
    renamed = replace(SPECS[0], title="Renamed")
    (identity,) = mine.add_feeds([renamed], NOW)
    assert client.hget(f"newsfold:feed:{identity}", "given_title") == b"Renamed"


def test_a_moved_feed_is_known_by_both_addresses(mine: FeedQueue) -> None:
    (feed,) = mine.claim_feeds(1, NOW).feeds
    new = "http://new.example/feed"
    moved = outcome(feed, after=replace(feed, url=new, given=feed.url))
    assert mine.finish_poll(feed, moved, NOW)
    assert mine.find(new) == mine.find(feed.url) == feed.id
    assert mine.add_feeds([FeedSpec(new)], NOW) == (feed.id,)
    assert len(mine.feed_ids()) == 3
    assert mine.enable(feed.id, NOW)
    (again,) = mine.claim_feeds(1, NOW, only=[feed.id]).feeds
    assert (again.url, again.given) == (feed.url, "")


def test_a_feed_that_moved_to_another_is_not_polled_twice(mine: FeedQueue, client: redis.Redis) -> None:
    feed, *_ = mine.claim_feeds(3, NOW).feeds
    other = next(spec.url for spec in SPECS if spec.url != feed.url)
    assert mine.finish_poll(
        feed, outcome(feed, after=replace(feed, url=other, given=feed.url), pages=()), NOW
    )
    stored = {k.decode(): v.decode() for k, v in client.hgetall(f"newsfold:feed:{feed.id}").items()}
    assert (stored["result"], stored["url"]) == ("moved", feed.url)
    assert other in stored["error"]
    assert client.zscore("newsfold:feeds:due", feed.id) is None


def test_a_removed_feed_leaves_nothing_behind(mine: FeedQueue, client: redis.Redis) -> None:
    (feed,) = mine.claim_feeds(1, NOW).feeds
    mine.finish_poll(feed, outcome(feed, pages=()), NOW)
    assert mine.remove(feed.id)
    assert not mine.remove(feed.id)
    assert len(mine.feed_ids()) == 2
    left = [key for key in client.scan_iter() if feed.id.encode() in key]
    assert left == []
    assert client.zcard("newsfold:feeds:slots") == 0


def test_any_due(mine: FeedQueue) -> None:
    assert mine.any_due(NOW)
    mine.claim_feeds(5, NOW)
    assert not mine.any_due(NOW)
    assert mine.any_due(NOW + timedelta(seconds=61), mine.feed_ids()[:1])
    assert not mine.any_due(NOW + timedelta(seconds=61), ["f0"])
