"""A real crawl of servers that mean harm beside good ones: bounded time and memory, and the good are not held up."""

from __future__ import annotations

import pytest
from protego import Protego

from benchmarks.hostilecrawl import Crawled, crawl
from benchmarks.hostileweb import BAD, HALF
from crawler.failures import failure_of
from crawler.robots import MOST_BYTES, concerning
from tests.timing import within

GOOD, TIMEOUT = 4, 3.0
# What each comes to, by the beginning of its sentence behind the address.
COMES_TO = {
    "hang": "no answer came in time", "hang after head": "no answer came in time",
    "trickle": "no answer came in time", "trickle head": "no answer came in time",
    "endless head": "the transfer failed", "cut off": "the answer broke off",
    "cut off chunked": "the answer broke off", "too short": "the transfer failed",
    "too long": "the answer is larger than allowed", "wrong length": "the transfer failed",
    "wrong chunks": "the transfer failed", "redirects": "it redirects without end",
    "huge": "the answer is larger than allowed", "huge announced": "the answer is larger than allowed",
    "not http": "the transfer failed", "closes": "the transfer failed", "gzip file": "answered with an empty body",
    **dict.fromkeys(
        ("gzip bomb", "deflate bomb", "brotli bomb", "zstd bomb", "gzip bomb twice"),
        "the answer is larger than allowed once it is unpacked",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def peace() -> Crawled:
    """A crawl of good servers alone."""
    return crawl(GOOD, {}, timeout=TIMEOUT)


@pytest.mark.slow
def test_hostile_servers_cost_little_and_hold_nobody_up(peace: Crawled) -> None:
    war = crawl(GOOD, timeout=TIMEOUT)
    assert set(COMES_TO) == set(BAD)
    for name, reason in COMES_TO.items():
        assert reason in war.reasons[name], (name, war.reasons[name][:300])
    assert set(war.reasons) == set(BAD)  # of the half good ones the feeds are well
    assert all("\n" not in reason and len(reason) < 400 for reason in war.reasons.values())
    assert (war.summary["feeds_polled"], war.summary["errors"]) == (GOOD + len(BAD) + len(HALF), [])
    assert peace.articles == 3 * GOOD
    assert war.articles == 3 * (
        GOOD + 1
    )  # and those behind the bomb of a robots.txt; the pages that are bombs wait
    assert war.seconds < peace.seconds + 2 * TIMEOUT + 8
    assert (
        war.good_seconds < peace.good_seconds + 8
    )  # the good do not wait for a timeout of the bad, let alone all
    assert war.peak_mb < peace.peak_mb + 350
    assert "Traceback" not in war.stderr


@pytest.mark.slow
def test_more_silent_servers_than_there_are_places_hold_nobody_up(peace: Crawled) -> None:
    timeout = 20.0
    war = crawl(GOOD, {f"hang {number}": BAD["hang"] for number in range(150)}, timeout=timeout)
    assert (war.summary["feeds_failed"], war.articles) == (150, 3 * GOOD)
    # Of 32 places none would be free for a timeout, and again four times.
    assert war.good_seconds < peace.good_seconds + timeout - 5
    assert war.seconds < peace.seconds + 2 * timeout


def test_what_a_server_says_wrongly_does_not_fill_the_log() -> None:
    found = failure_of("http://a.example/", ValueError("x\x1b[31m\n" + "f" * 1_000_000))
    assert found.sentence.startswith("http://a.example/: x fff")
    assert len(found.sentence) < 250


def test_a_robots_txt_costs_no_square_of_its_size() -> None:
    agent = "newsfold/1 (+https://news.example/bots)"
    agents = "".join(f"User-agent: bot{n}\n" for n in range(14_000))
    body = (agents + "Disallow: /a\n" * 18_000).encode()[:MOST_BYTES]
    rules = within(2, lambda: Protego.parse(concerning(body, agent).decode()))
    assert rules.can_fetch("http://a.example/a", agent)


@pytest.mark.parametrize(
    ("robots", "allowed"),
    [
        ("User-agent: *\nDisallow: /x", False),
        ("User-agent: other\nUser-agent: *\nDisallow: /x", False),
        ("User-agent: other\nUser-agent: another\nDisallow: /x", True),
        ("User-agent: newsfold\nDisallow: /x\nUser-agent: *\nAllow: /", False),
        ("User-agent: NewsFold*\nDisallow: /x", False),
        ("user agent newsfold\ndisallow /x", False),
        ("User-agent: *\nDisallow: /x\nUser-agent: other\nDisallow: /", False),
        ("User-agent: other\nDisallow: /\nUser-agent: newsfold # us\nAllow: /", True),
        ("\ufeffUser-agent: *\nDisallow: /x", False),
    ],
)
def test_robots_says_what_it_said(robots: str, allowed: bool) -> None:
    agent = "newsfold/1 (+https://news.example/bots)"
    for text in (robots, concerning(robots.encode(), agent).decode()):
        assert Protego.parse(text.lstrip("\ufeff")).can_fetch("http://a.example/x", agent) is allowed


def test_wild_patterns_of_a_robots_txt_match_soon() -> None:
    """Wild patterns match in linear time."""
    stars = f"User-agent: *\nDisallow: /{'*a' * 200}b\n"
    rules = Protego.parse(concerning(stars.encode(), "newsfold").decode())
    assert within(0.5, lambda: rules.can_fetch("http://a.example/" + "a" * 4_000, "newsfold"))
