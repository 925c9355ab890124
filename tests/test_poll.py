"""What answers to polls mean: validators, moves, failures, entries new and edited."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawler.book import FeedState, PollOutcome
from crawler.entries import Memory, digest
from crawler.links import related
from crawler.model import Entry, ParsedFeed
from crawler.moves import permanent_target
from crawler.parse import parse_feed
from crawler.poll import Answer, PollDecider, conditions
from crawler.schedule import DAY, Schedule, SchedulePolicy
from crawler.sifting import sift

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "http://n.example/feed"
FEED = FeedState(
    "f1", URL, etag='W/"ä b"', modified="yesterday", body_hash="x", whole=NOW, interval=3_600, streak=2
)
POLICY = SchedulePolicy(jitter=0)
DECIDER = PollDecider(Schedule(POLICY))


def answer(
    status: int = 200,
    *,
    url: str = URL,
    hops: tuple[tuple[int, str], ...] = (),
    now: datetime = NOW,
    **headers: str,
) -> Answer:
    return Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, b"body", now, 1.0, url, hops)  # fmt: skip


def changed(
    feed: FeedState,
    parsed: ParsedFeed,
    seen: dict[str, str] | None = None,
    articles: dict[str, str] | None = None,
    of: Answer | None = None,
) -> PollOutcome:
    sifted = sift(feed, parsed, Memory(seen or {}))
    assert sifted is not None
    return DECIDER.changed(feed, of or answer(), sifted, articles or {})  # fmt: skip


def entry(number: int, **fields: object) -> Entry:
    return Entry(f"k{number}", f"http://n.example/{number}", f"Title {number}", **fields)  # type: ignore[arg-type]


# --- conditional requests


def test_both_validators_are_sent_as_they_came() -> None:
    assert conditions(FEED, POLICY, NOW) == {
        "If-None-Match": 'W/"ä b"'.encode(),
        "If-Modified-Since": b"yesterday",
    }
    assert conditions(replace(FEED, etag=""), POLICY, NOW) == {"If-Modified-Since": b"yesterday"}


def test_a_feed_is_asked_whole_once_in_a_long_while() -> None:
    assert conditions(FEED, POLICY, NOW + timedelta(days=6)) != {}
    assert conditions(FEED, POLICY, NOW + timedelta(days=7)) == {}
    assert DECIDER.unchanged(FEED, answer(304, now=NOW + timedelta(days=1))).after.whole == NOW
    assert DECIDER.unchanged(FEED, answer(200, now=NOW + timedelta(days=8))).after.whole == NOW + timedelta(
        days=8
    )


def test_each_validator_is_renewed_by_itself_also_on_a_304() -> None:
    after = DECIDER.unchanged(FEED, answer(304, last_modified="today")).after
    assert (after.etag, after.modified, after.streak) == ('W/"ä b"', "today", 0)
    after = DECIDER.unchanged(FEED, answer(304, etag='"2"')).after
    assert (after.etag, after.modified) == ('"2"', "yesterday")


def test_a_whole_answer_replaces_both_validators() -> None:
    after = changed(FEED, ParsedFeed("rss20", ()), of=answer(etag='"3"')).after
    assert (after.etag, after.modified) == ('"3"', "")
    after = DECIDER.unchanged(FEED, answer(200, last_modified="today")).after
    assert (after.etag, after.modified) == ("", "today")


def test_a_304_of_another_address_drops_the_validators() -> None:
    elsewhere = answer(304, url="http://other.example/feed", hops=((302, "http://other.example/feed"),))
    after = DECIDER.unchanged(FEED, elsewhere).after
    assert (after.etag, after.modified) == ("", "")
    kept = DECIDER.unchanged(replace(FEED, final="http://other.example/feed"), elsewhere).after
    assert (kept.etag, kept.modified) == ('W/"ä b"', "yesterday")


def test_a_body_that_did_not_parse_drops_the_validators() -> None:
    after = DECIDER.failed(FEED, answer(), "x", "unreadable", unreadable=True).after
    assert (after.etag, after.modified, after.body_hash) == ("", "", "")
    after = DECIDER.failed(FEED, answer(503), "x", "server").after
    assert (after.etag, after.modified, after.body_hash, after.streak) == ('W/"ä b"', "yesterday", "x", 3)


# --- redirects and statuses


def poll_moved(feed: FeedState, hops: tuple[tuple[int, str], ...], days: float) -> FeedState:
    moment = NOW + timedelta(days=days)
    return DECIDER.unchanged(feed, answer(200, url=hops[-1][1], hops=hops, now=moment, etag='"m"')).after


def test_a_permanent_redirect_counts_after_repeated_confirmation() -> None:
    hops = ((301, "http://new.example/feed"),)
    once = poll_moved(FEED, hops, 0)
    assert (once.url, once.moved_to, once.moved_polls) == (URL, "http://new.example/feed", 1)
    thrice = poll_moved(poll_moved(once, hops, 0.1), hops, 0.2)
    assert thrice.url == URL  # three polls, but all within hours
    moved = poll_moved(thrice, hops, 1)
    assert (moved.url, moved.given, moved.etag, moved.modified) == ("http://new.example/feed", URL, "", "")
    assert moved.moved_to == ""


def test_a_redirect_that_changes_its_mind_is_confirmed_anew() -> None:
    one = poll_moved(FEED, ((308, "http://a.example/f"),), 0)
    other = poll_moved(one, ((308, "http://b.example/f"),), 2)
    assert (other.url, other.moved_to, other.moved_polls) == (URL, "http://b.example/f", 1)
    assert DECIDER.unchanged(other, answer(304, now=NOW + timedelta(days=3))).after.moved_to == ""


@pytest.mark.parametrize(
    ("hops", "target"),
    [
        (((302, "b"),), ""),
        (((307, "b"),), ""),
        (((301, "b"), (302, "c")), "b"),
        (((302, "b"), (301, "c")), ""),
        (((301, "b"), (308, "c")), "c"),
        ((), ""),
    ],
)
def test_temporary_redirects_are_never_made_permanent(hops: tuple[tuple[int, str], ...], target: str) -> None:
    assert permanent_target(hops) == target


def test_a_move_to_an_unencrypted_address_is_followed_and_never_believed() -> None:
    feed = replace(FEED, url="https://n.example/feed")
    for day in range(5):
        feed = poll_moved(feed, ((301, "http://n.example/feed"),), day)
    assert feed.url == "https://n.example/feed"


def test_gone_stops_the_feed_and_says_so() -> None:
    found = DECIDER.gone(FEED, NOW)
    assert (found.due, found.result, found.failure) == (None, "gone", "gone")
    assert found.error.startswith(f"{URL} is gone for good (HTTP 410)")


def test_not_found_backs_off_and_never_stops() -> None:
    feed = FEED
    for _ in range(100):
        found = DECIDER.failed(feed, answer(404), "x", "not found")
        feed = found.after
        assert found.due is not None
        assert found.due <= NOW + timedelta(days=1)
    assert feed.streak == 102


def test_what_a_host_asks_of_all_its_feeds_and_of_one() -> None:
    all_of_them = DECIDER.failed(FEED, answer(429, retry_after="900"), "x", "too many requests")
    assert (all_of_them.host_wait, all_of_them.host_whole) == (900, True)
    one = DECIDER.failed(FEED, answer(503, retry_after="900"), "x", "server")
    assert (one.host_wait, one.host_whole) == (900, False)
    assert DECIDER.failed(FEED, answer(404, retry_after="900"), "x", "not found").host_wait == 0


# --- entries


def test_new_and_edited_entries_are_fetched_and_known_ones_are_not() -> None:
    parsed = ParsedFeed("rss20", tuple(entry(i) for i in range(3)))
    found = changed(FEED, parsed, articles={digest("http://n.example/1"): "a1"})
    assert [job.url for job in found.pages] == ["http://n.example/0", "http://n.example/2"]
    seen = dict(found.seen)
    assert changed(FEED, parsed, seen).pages == ()
    edited = replace(parsed, entries=(replace(entry(1), title="Another"), entry(2)))
    found = changed(FEED, edited, seen)
    assert [job.url for job in found.pages] == ["http://n.example/1"]
    assert (set(found.seen), found.dropped, found.entries) == ({"k1"}, ("k0",), 2)


def test_an_id_changed_by_a_headline_edit_is_the_same_article() -> None:
    first = changed(FEED, ParsedFeed("rss20", (entry(1),)))
    again = replace(entry(1), key="k1-new")
    assert changed(FEED, ParsedFeed("rss20", (again,)), dict(first.seen)).pages == ()
    edited = replace(again, title="Another headline")
    (job,) = changed(FEED, ParsedFeed("rss20", (edited,)), dict(first.seen)).pages
    assert job.url == "http://n.example/1"


def test_an_address_changed_by_a_headline_edit_is_the_same_article() -> None:
    old = Entry(
        "http://n.example/12345-old-words", "http://n.example/12345-old-words", "Old words", published=NOW
    )
    new = Entry(
        "http://n.example/12345-new-words", "http://n.example/12345-new-words", "New words", published=NOW
    )
    seen = dict(changed(FEED, ParsedFeed("rss20", (old,))).seen)
    articles = {digest(old.link): "a77"}
    (job,) = changed(FEED, ParsedFeed("rss20", (new,)), seen, articles).pages
    assert (job.url, job.article) == (new.link, "a77")
    stranger = replace(new, link="http://n.example/99999-new-words", key="x")
    (job,) = changed(FEED, ParsedFeed("rss20", (stranger,)), seen, articles).pages
    assert job.article == ""
    both = changed(FEED, ParsedFeed("rss20", (old, new)), seen, articles)  # the old one is still there
    assert [job.article for job in both.pages] == [""]  # fmt: skip


def test_entries_without_link_are_named_by_their_feed() -> None:
    (job,) = changed(FEED, ParsedFeed("rss20", (Entry("key", "", "Title"),))).pages
    assert job.url.startswith(f"{URL}#")


def test_an_entry_that_was_left_unread_is_told_from_one_of_its_id() -> None:
    item = "<item><guid isPermaLink='false'>g</guid><link>http://n.example/{}</link></item>"
    rss = "<rss version='2.0'><channel><link>http://n.example/</link>{}</channel></rss>"
    first = parse_feed(rss.format(item.format(1)).encode(), URL)
    seen = dict(changed(FEED, first).seen)
    memory = Memory(seen)
    body = rss.format(item.format(2) + item.format(1)).encode()
    assert sift(FEED, parse_feed(body, URL, known=memory.raws()), memory) is None
    found = changed(FEED, parse_feed(body, URL), seen)
    assert {job.url for job in found.pages} >= {"http://n.example/2"}


def test_only_what_changed_is_read_again() -> None:
    items = [f"<item><guid>http://n.example/{n}</guid><title>T{n}</title></item>" for n in range(30)]
    rss = "<rss version='2.0'><channel><link>http://n.example/</link>{}</channel></rss>"
    seen = dict(changed(FEED, parse_feed(rss.format("".join(items[:28])).encode(), URL)).seen)
    memory = Memory(seen)
    parsed = parse_feed(rss.format("".join(items[2:])).encode(), URL, known=memory.raws())
    assert [one.key for one in parsed.entries] == ["http://n.example/28", "http://n.example/29"]
    found = changed(FEED, parsed, seen)
    assert (found.entries, len(found.pages)) == (28, 2)
    assert found.dropped == ("http://n.example/0", "http://n.example/1")
    moved = parse_feed(
        rss.replace("n.example/<", "m.example/<").format("".join(items)).encode(), URL, known=memory.raws()
    )
    assert len(moved.entries) == 30  # what the entries' links are relative to has changed


# --- pace and hubs


def test_the_pace_is_told_by_dates_else_by_what_was_new() -> None:
    dated = tuple(entry(i, published=NOW - timedelta(hours=2 * i)) for i in range(10))
    after = changed(replace(FEED, polled=None), ParsedFeed("rss20", dated)).after
    assert (after.gap, after.news) == (2 * 3_600, NOW)
    undated = tuple(entry(i) for i in range(4))
    after = changed(replace(FEED, polled=NOW - timedelta(hours=8)), ParsedFeed("rss20", undated)).after
    assert (after.gap, after.news) == (2 * 3_600, NOW)
    future = tuple(entry(i, published=NOW + timedelta(days=i + 1)) for i in range(5))
    assert changed(replace(FEED, polled=None), ParsedFeed("rss20", future)).after.news == NOW


def test_hubs_are_found_in_the_feed_and_in_its_headers() -> None:
    header = '<https://hub.example/>; rel="hub", </self>; rel=self, <x>; title="a, b"; rel="other hub"'
    found = changed(FEED, ParsedFeed("rss20", ()), of=answer(link=header)).after
    assert (found.hub, found.topic) == ("https://hub.example/", "http://n.example/self")
    own = ParsedFeed("rss20", (), hub="https://own.example/", self_url="http://n.example/own")
    found = changed(FEED, own, of=answer(link=header)).after
    assert (found.hub, found.topic) == ("https://own.example/", "http://n.example/own")
    assert related({"link": "<" * 10_000}, "hub", URL) == ""
    assert DAY == 86_400


def test_news_that_no_hub_pushed_ends_the_trust_in_it() -> None:
    pushed = replace(FEED, pushed=NOW)
    assert changed(pushed, ParsedFeed("rss20", (entry(1),))).after.pushed is None
    seen = dict(changed(FEED, ParsedFeed("rss20", (entry(1),))).seen)
    assert changed(pushed, ParsedFeed("rss20", (entry(1),)), seen).after.pushed == NOW
