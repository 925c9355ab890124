"""When a feed is polled again, and by which rule: the pure scheduler and what it reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawler.book import FeedState
from crawler.freshness import fresh_for, retry_after
from crawler.model import Hints
from crawler.parse import parse_feed
from crawler.schedule import DAY, HOUR, Schedule, SchedulePolicy

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)  # a Tuesday
FEED = FeedState("f1", "http://n.example/feed", etag='"1"', gap=4 * HOUR, news=NOW - timedelta(hours=1))
SCHEDULE = Schedule(SchedulePolicy(jitter=0))


def rule(feed: FeedState = FEED, **headers: str) -> tuple[str, int]:
    found = SCHEDULE.after_success(feed, {k.replace("_", "-"): v for k, v in headers.items()}, NOW, 1.0)
    assert found.due == NOW + timedelta(seconds=found.interval)
    return found.rule, found.interval


def test_the_feeds_own_rate_sets_the_interval() -> None:
    assert rule() == ("rate", 2 * HOUR)
    assert rule(replace(FEED, gap=60)) == ("floor", 15 * 60)
    assert rule(replace(FEED, gap=90 * DAY)) == ("ceiling", DAY)
    assert rule(replace(FEED, gap=0, news=None)) == ("start", 30 * 60)


def test_a_silent_feed_is_polled_less_and_less() -> None:
    assert rule(replace(FEED, gap=600, news=NOW - timedelta(hours=16))) == ("quiet", 2 * HOUR)
    assert rule(replace(FEED, gap=600, news=NOW - timedelta(days=30))) == ("ceiling", DAY)


def test_without_validators_hourly_at_most_unless_the_operator_says_otherwise() -> None:
    busy = replace(FEED, gap=60, etag="")
    assert rule(busy) == ("no validators", HOUR)
    assert rule(replace(busy, modified="Tue, 24 Nov 2026 12:00:00 GMT"))[0] == "floor"
    found = Schedule(SchedulePolicy(jitter=0, without_validators=1_200)).after_success(busy, {}, NOW, 0)
    assert (found.rule, found.interval) == ("no validators", 1_200)


@pytest.mark.parametrize(
    ("hints", "expected"),
    [
        (Hints(ttl=3 * HOUR), ("ttl", 3 * HOUR)),
        (Hints(period=6 * HOUR), ("sy:updatePeriod", 6 * HOUR)),
        (Hints(ttl=9 * DAY), ("ceiling", DAY)),
        (Hints(ttl=60), ("rate", 2 * HOUR)),
    ],
)
def test_the_feeds_own_bounds(hints: Hints, expected: tuple[str, int]) -> None:
    assert rule(replace(FEED, hints=hints)) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"cache_control": "public, max-age=14400"}, ("cache-control", 4 * HOUR)),
        ({"cache_control": "max-age=14400", "age": "3600"}, ("cache-control", 3 * HOUR)),
        ({"cache_control": "no-cache, max-age=14400"}, ("rate", 2 * HOUR)),
        ({"cache_control": "max-age=60"}, ("rate", 2 * HOUR)),
        ({"expires": "Tue, 24 Nov 2026 17:00:00 GMT", "date": "Tue, 24 Nov 2026 12:00:00 GMT"}, ("expires", 5 * HOUR)),
        ({"expires": "Tue, 24 Nov 2026 17:00:00 GMT"}, ("rate", 2 * HOUR)),
        ({"expires": "0", "date": "Tue, 24 Nov 2026 12:00:00 GMT"}, ("rate", 2 * HOUR)),
    ],
)  # fmt: skip
def test_the_servers_bounds(headers: dict[str, str], expected: tuple[str, int]) -> None:
    assert rule(**headers) == expected


def test_max_age_goes_before_expires() -> None:
    assert fresh_for({"cache-control": "max-age=5", "expires": "Wed, 25 Nov 2026 12:00:00 GMT",
                      "date": "Tue, 24 Nov 2026 12:00:00 GMT"}) == {"cache-control": 5}  # fmt: skip


def test_every_bound_is_named() -> None:
    found = SCHEDULE.after_success(
        replace(FEED, etag="", hints=Hints(ttl=600, period=1_200)), {"cache-control": "max-age=5"}, NOW, 0
    )
    assert found.bounds == {
        "rate": 2 * HOUR, "floor": 900, "ttl": 600, "sy:updatePeriod": 1_200, "cache-control": 5,
        "no validators": HOUR, "ceiling": DAY,
    }  # fmt: skip


def test_skipped_hours_and_days_move_a_poll_on() -> None:
    late = replace(FEED, hints=Hints(skip_hours=(14, 15)))
    found = SCHEDULE.after_success(late, {}, NOW, 0)
    assert (found.due, found.rule) == (datetime(2026, 11, 24, 16, tzinfo=UTC), "skipHours")
    days = replace(FEED, hints=Hints(skip_days=(1, 2), skip_hours=(0,)))
    found = SCHEDULE.after_success(days, {}, NOW, 0)
    assert (found.due, found.rule) == (datetime(2026, 11, 26, 1, tzinfo=UTC), "skipDays")


def test_hints_are_read_from_feeds() -> None:
    head = "<skipHours><hour>0</hour><hour>24</hour><hour>7</hour></skipHours><skipDays><day>Sunday</day><day>Noday</day></skipDays>"
    body = f"""<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><title>T</title><ttl>30</ttl>
    <sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>{head}</channel></rss>"""
    assert parse_feed(body.encode(), "http://n.example/").hints == Hints(1_800, 6 * HOUR, (0, 7), (6,))
    every = "".join(f"<hour>{hour}</hour>" for hour in range(24))
    body = f"<rss version='2.0'><channel><title>T</title><ttl>x</ttl><skipHours>{every}</skipHours></channel></rss>"
    assert parse_feed(body.encode(), "http://n.example/").hints == Hints()


def test_failures_back_off_to_the_ceiling() -> None:
    spans = [
        SCHEDULE.after_failure(replace(FEED, interval=HOUR, streak=n), 404, {}, NOW, 0) for n in range(8)
    ]
    assert [one.interval // HOUR for one in spans] == [1, 2, 4, 8, 16, 24, 24, 24]
    assert {one.rule for one in spans} == {"backoff"}


@pytest.mark.parametrize(
    ("status", "value", "expected"),
    [
        (429, "86000", ("retry-after", 86_000)),
        (503, "Tue, 24 Nov 2026 18:30:00 GMT", ("retry-after", 6 * HOUR)),
        (503, "60", ("backoff", 900)),
        (500, "86000", ("backoff", 900)),
    ],
)
def test_retry_after_is_kept_on_429_and_503(status: int, value: str, expected: tuple[str, int]) -> None:
    found = SCHEDULE.after_failure(FEED, status, {"retry-after": value}, NOW, 0)
    assert (found.rule, found.interval) == expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("Tue, 24 Nov 2026 13:30:00 GMT", 3_600),
        ("Tuesday, 24-Nov-26 13:30:00 GMT", 3_600),
        ("Tue, 24 Nov 2020 13:00:00 GMT", 0),
        ("soon", 0),
        ("", 0),
        ("-5", 0),
        ("²", 0),
        ("99999999999999999999", 30 * DAY),
    ],
)
def test_retry_after(value: str, seconds: int) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds


def test_jitter_only_adds() -> None:
    late = Schedule(SchedulePolicy(jitter=0.5)).after_failure(replace(FEED, interval=HOUR), 0, {}, NOW, 1.0)
    assert late.due == NOW + timedelta(seconds=5_400)


def test_while_a_hub_pushes_polls_are_few() -> None:
    assert rule(replace(FEED, gap=600, pushed=NOW)) == ("websub", 6 * HOUR)
