"""A clock that is wrong, or jumps, on a real server; the time is passed in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import redis

from crawler.book import FeedState, PageJob, PollOutcome
from crawler.model import Entry, FeedSpec
from crawler.packed import pack
from storage.clock import mind_clock
from storage.errors import ClockWrong
from storage.keys import Keys
from storage.queue import FeedQueue


@pytest.fixture
def now(client: redis.Redis) -> datetime:
    return datetime.fromtimestamp(client.time()[0], UTC)


def queue(client: redis.Redis, token: str = "mine") -> FeedQueue:
    return FeedQueue(client, Keys(), token=token, lease=60)


def polled(feed: FeedState, now: datetime) -> PollOutcome:
    entry = Entry("k", "http://n.example/1", "T")
    job = PageJob("p1", entry.link, feed, pack(entry))
    after = replace(feed, polled=now)
    return PollOutcome("changed", 200, after, now + timedelta(hours=1), "rate", pages=(job,), seen={"k": "d"})


def test_a_clock_far_from_the_servers_is_refused(client: redis.Redis, now: datetime) -> None:
    with pytest.raises(ClockWrong, match="clock is 3 days ahead of that of Redis"):
        mind_clock(client, Keys(), now + timedelta(days=3, seconds=5))
    with pytest.raises(ClockWrong, match="clock is 10 minutes behind that of Redis"):
        mind_clock(client, Keys(), now - timedelta(minutes=10, seconds=30))
    assert mind_clock(client, Keys(), now + timedelta(seconds=200)) == 0


def test_what_was_polled_while_the_clock_was_ahead_is_due_when_it_should_be(
    client: redis.Redis, now: datetime
) -> None:
    ahead = now + timedelta(days=400)
    mine = queue(client)
    mine.add_feeds([FeedSpec("http://n.example/feed")], now)
    (feed,) = mine.claim_feeds(1, ahead).feeds
    assert mine.finish_poll(feed, polled(feed, ahead), ahead)
    later = now + timedelta(hours=1, seconds=1)
    assert not queue(client).any_due(later)
    assert mind_clock(client, Keys(), now) == 400 * 86_400
    assert not queue(client).any_due(now)
    assert queue(client).any_due(later)
    assert len(queue(client).pages.claim(9, later)) == 1, "the page that was under way then"
    assert mind_clock(client, Keys(), now) == 0, "once"


def test_a_jump_ahead_in_mid_run_loses_nothing(client: redis.Redis, now: datetime) -> None:
    mine, other = queue(client), queue(client, "other")
    mine.add_feeds([FeedSpec("http://n.example/feed")], now)
    (feed,) = mine.claim_feeds(1, now).feeds
    ahead = now + timedelta(days=2)
    (same,) = other.claim_feeds(1, ahead).feeds  # its lease seems to have run out
    assert not mine.finish_poll(feed, polled(feed, now), now), "fenced"
    assert other.finish_poll(same, polled(same, ahead), ahead)
    assert client.exists("newsfold:page:p1")
