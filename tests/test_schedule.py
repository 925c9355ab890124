"""Next polls, outcomes of answers, and guarded addresses: the pure deciders of a crawl."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest

from crawler.book import FeedState
from crawler.errors import ForbiddenAddress
from crawler.guard import AddressGuard
from crawler.model import Entry, ParsedFeed
from crawler.poll import Answer, PollDecider, entry_url
from crawler.schedule import Schedule, SchedulePolicy, retry_after

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FEED = FeedState("f1", "http://n.example/feed", etag='"1"', interval=3_600, streak=2)
DECIDER = PollDecider(Schedule(SchedulePolicy(jitter=0)))


def answer(status: int = 200, **headers: str) -> Answer:
    return Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, b"body", NOW, 1.0)


def test_unchanged_renews_validators_and_waits_longer() -> None:
    found = DECIDER.unchanged(FEED, answer(304, last_modified="yesterday"))
    assert (found.etag, found.modified, found.interval, found.rule) == ('"1"', "yesterday", 5_400, "quiet")


def test_news_come_sooner_and_known_urls_need_no_page() -> None:
    entries = tuple(Entry(f"k{i}", f"http://n.example/{i}", "T") for i in range(3))
    parsed = ParsedFeed("rss20", entries, ttl_minutes=90)
    found = DECIDER.changed(FEED, answer(etag='"2"'), parsed, {}, {"http://n.example/1"})
    assert [job.url for job in found.pages] == ["http://n.example/0", "http://n.example/2"]
    assert (found.interval, found.rule) == (5_400, "ttl")
    again = DECIDER.changed(FEED, answer(etag='"2"'), parsed, dict(found.seen), set())
    assert again.pages == ()
    edited = {**found.seen, "k1": "another"}
    assert [j.url for j in DECIDER.changed(FEED, answer(), parsed, edited, {"http://n.example/1"}).pages] == [
        "http://n.example/1"
    ]


def test_without_validators_hourly_at_most() -> None:
    found = DECIDER.changed(FeedState("f", "http://n.example/"), answer(), ParsedFeed("rss20", ()), {}, set())
    assert (found.interval, found.rule) == (3_600, "no validators")


def test_failures_back_off_and_keep_or_drop_validators() -> None:
    found = DECIDER.failed(FEED, answer(503), "x")
    assert (found.due, found.etag) == (NOW + timedelta(hours=4), '"1"')
    assert DECIDER.failed(FEED, answer(), "x", unreadable=True).etag == ""
    asked = DECIDER.failed(FEED, answer(429, retry_after="86000"), "x")
    assert (asked.due, asked.rule) == (NOW + timedelta(seconds=86_000), "retry-after")
    assert DECIDER.gone(FEED).due is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("Tue, 24 Nov 2026 13:00:00 GMT", 3_600),
        ("Tue, 24 Nov 2020 13:00:00 GMT", 0),
        ("soon", 0),
        ("", 0),
        ("99999999999", 30 * 86_400),
    ],
)
def test_retry_after(value: str, seconds: int) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds


def test_jitter_only_adds() -> None:
    schedule = Schedule(SchedulePolicy(jitter=0.5))
    late = schedule.after_failure(3_600, streak=0, headers={}, now=NOW, dice=1.0)
    assert late.due == NOW + timedelta(seconds=5_400)


def test_an_entry_without_link_is_named_by_its_feed() -> None:
    assert entry_url("http://n.example/feed", Entry("key", "")).startswith("http://n.example/feed#")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:80/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://0.0.0.0/",
        "ftp://n.example/",
        "file:///etc/passwd",
    ],
)
def test_addresses_that_are_not_public(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        AddressGuard().check_url(url)


def test_what_the_operator_opened() -> None:
    AddressGuard(["10.0.0.0/8"]).check_url("http://10.1.2.3/")
    guard = AddressGuard()
    guard.trust("http://10.0.0.5:8080/feed")
    guard.check_url("http://10.0.0.5:8080/page")
    with pytest.raises(ForbiddenAddress, match="allow-net"):
        guard.check_url("http://10.0.0.5/page")
    guard.trust("http://name.example/feed")
    with pytest.raises(ForbiddenAddress):
        guard.check_resolved("name.example", 80, "10.0.0.5")
    guard.check_resolved("name.example", 80, "93.184.215.14")
    assert not guard.allows(ipaddress.ip_address("::7f00:1"))
