"""Every call made twice, as when an answer is lost, and workers that died between two: what is stored is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from benchmarks.watching import outcome
from crawler.book import PageJob, PollOutcome
from crawler.model import Entry, FeedSpec
from crawler.packed import pack
from dedup.groups import decide
from dedup.model import Article, Match
from pipelines.placing import Placer, Rules, Submission
from storage.errors import ServerEmptied
from storage.functions import Functions
from storage.index import Index
from storage.keys import Keys
from storage.line import Line
from storage.queue import FeedQueue
from storage.reader import Reader

Write = Callable[..., Article]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
# Numbers of texts and leases differ with every call, and are nobody's business.
_PRIVATE = (":band:", ":anchor:", ":print:", ":count", ":claimed:", ":fence", ":clock")


class Died(BaseException):
    """A worker's end."""


def die(*_: Any, **__: Any) -> None:
    raise Died


@pytest.fixture
def twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call to a function goes out twice, and the second answer counts."""
    run, send, read = Functions._run, Line._send, Line._read

    def run_twice(self: Functions, command: Any) -> object:
        run(self, command)
        return run(self, command)

    def send_twice(self: Line, ticket: Any) -> None:
        send(self, ticket)
        send(self, ticket)

    def read_second(self: Line) -> object:
        read(self)
        return read(self)

    monkeypatch.setattr(Functions, "_run", run_twice)
    monkeypatch.setattr(Line, "_send", send_twice)
    monkeypatch.setattr(Line, "_read", read_second)


def snapshot(client: redis.Redis) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for raw in client.keys("*"):
        key, kind = raw.decode(), client.type(raw)
        if any(part in key for part in _PRIVATE):
            continue
        if kind == b"hash":
            found[key] = {k: v for k, v in client.hgetall(raw).items() if k not in (b"lease", b"stored")}
        elif kind == b"zset":
            found[key] = client.zrange(raw, 0, -1, withscores=True)
        elif kind == b"list":
            found[key] = client.lrange(raw, 0, -1)
        elif kind == b"stream":
            found[key] = [fields for _, fields in client.xrange(raw)]
        else:
            found[key] = client.get(raw)
    return found


def articles(write: Write) -> Iterator[list[Article]]:
    """Two batches: reprints with furniture, a teaser, events in two languages, a revision."""
    footer = "Read every morning what the harbour says of the town and of its weather."
    for batch in range(2):
        yield [
            write(
                f"a{batch}{n}", f"{text(n)}\n{footer}" if n % 2 else text(n), f"Ferry {n} aground off Harrowmouth",
                outlet=f"o{n % 2}.example", lang="de" if n == 5 else "en", url=f"http://o.example/{batch}{n}",
            )
            for n in range(6)
        ]  # fmt: skip


def text(n: int) -> str:
    words = [f"word{(n * 7 + i * 13) % 397}x" for i in range(90)]
    return " ".join(words[:60] if n == 3 else words) + f" and Harrowmouth saw {100 + n} people ashore."


def place_all(client: redis.Redis, write: Write) -> None:
    placer = Placer(Index(client, Keys()), Rules())
    batches = [
        *articles(write),
        [write("a00", text(1) + " More was said.", "Ferry 0 aground off Harrowmouth")],
    ]
    for batch in batches:
        placer.place([Submission(a, (a.url,) if a.url else ()) for a in batch], NOW)


def work_the_queue(client: redis.Redis) -> None:
    queue = FeedQueue(client, Keys(), token="host:1:abc", lease=60)
    queue.add_feeds([FeedSpec(f"http://n{i}.example/feed") for i in range(5)], NOW)
    first, second = queue.claim_feeds(2, NOW), queue.claim_feeds(2, NOW)
    assert [len(claim.feeds) for claim in (first, second)] == [2, 2]
    assert not {feed.id for feed in first.feeds} & {feed.id for feed in second.feeds}
    named = queue.claim_feeds(9, NOW, only=queue.feed_ids(), force=True)
    assert len(named.feeds) == 1
    for number, feed in enumerate((*first.feeds, *named.feeds)):
        entry = Entry("k", f"http://n.example/{number}", "T")
        job = PageJob(f"p{number}", entry.link, feed, pack(entry))
        after = replace(feed, etag="e", polled=NOW)
        polled = PollOutcome(
            "changed", 200, after, NOW + timedelta(hours=1), "rate", pages=(job,), seen={"k": "d"}
        )
        assert queue.finish_poll(feed, polled, NOW), "stored, whichever answer came"
        assert not queue.finish_poll(feed, replace(polled, after=replace(after, lease="another#1")), NOW)
        queue.pages.retry(job, NOW, "later")
    assert [len(queue.pages.claim(2, NOW)), len(queue.pages.claim(2, NOW))] == [2, 1]
    queue.release(NOW)


@pytest.mark.parametrize("work", ["placing", "queue"])
def test_twice_is_as_good_as_once(
    work: str, client: redis.Redis, write: Write, request: pytest.FixtureRequest
) -> None:
    def run() -> dict[str, Any]:
        client.flushall()
        place_all(client, write) if work == "placing" else work_the_queue(client)
        return snapshot(client)

    once, told = run(), outcome(client)
    assert once
    request.getfixturevalue("twice")
    again = run()
    assert outcome(client) == told
    if (
        work == "placing"
    ):  # a text sees those after it in its batch, too, so that another one may be named as matched
        once, again = (
            {k: v for k, v in kept.items() if ":outlet" in k or ":latest" in k} for kept in (once, again)
        )
    assert {
        key: (once.get(key), again.get(key))
        for key in once.keys() | again.keys()
        if once.get(key) != again.get(key)
    } == {}


def test_a_worker_that_died_before_it_linked_leaves_no_trace(
    client: redis.Redis, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    place_all(client, write)
    undisturbed = outcome(client)
    client.flushall()
    batch = [Submission(a, (a.url,)) for a in next(articles(write))]
    counted = []
    with monkeypatch.context() as patch:
        patch.setattr(Index, "ask_link", die)
        for _ in range(3):
            with pytest.raises(Died):
                Placer(Index(client, Keys()), Rules()).place(batch, NOW)
            counted.append({k: v for k, v in snapshot(client).items() if ":df:" in k})
    assert counted[1] == counted[2], "a text counts once, however often its worker died"
    assert list(Reader(client).all_articles()) == []
    place_all(client, write)
    assert outcome(client) == undisturbed
    groups = [v for k, v in snapshot(client).items() if k.startswith("newsfold:group:") and k.count(":") == 2]
    assert all(group.get(b"spot") for group in groups if b"created" in group), (
        "each can be found by its terms"
    )


def test_a_near_duplicate_of_a_dead_worker_does_not_keep_a_text_from_its_container() -> None:
    ghost, whole = Match("ghost", "near-duplicate", 0.9, 100), Match("whole", "contained", 0.7, 140)
    linked = {"ghost": 100, "whole": 140}
    assert decide(100, [ghost, whole], {**linked, "ghost": 0}).unite == ("ghost", "whole")
    assert decide(100, [ghost, whole], linked).unite == ("ghost",)
    assert decide(100, [ghost, whole], {**linked, "ghost": 0}, ["ghost"]).unite == ("ghost",)
    # A brief that the ghost contains was placed since, and made its group.
    assert decide(100, [ghost, whole], {**linked, "ghost": 47}).unite == ("ghost", "whole")
    assert not decide(100, [ghost], {"ghost": 47}).founds
    assert decide(100, [ghost], {"ghost": 0}).founds
    assert not decide(100, [ghost], {"ghost": 100}).founds
    assert not decide(100, [ghost], {"ghost": 0}, ["ghost"]).founds


def test_what_a_server_lost_is_not_stored_by_half(
    client: redis.Redis, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_link = Index.ask_link

    def lose(self: Index, *args: Any, **more: Any) -> Any:
        client.flushdb()
        return ask_link(self, *args, **more)

    monkeypatch.setattr(Index, "ask_link", lose)
    with pytest.raises(ServerEmptied, match="Run the same command again"):
        Placer(Index(client, Keys()), Rules()).place([Submission(write("a", text(1)))], NOW)
    assert client.keys("newsfold:article*") == []


def test_a_schedule_that_is_gone_is_told(client: redis.Redis) -> None:
    queue = FeedQueue(client, Keys(), token="host:1:abc", lease=60)
    queue.add_feeds([FeedSpec("http://n.example/feed")], NOW)
    (feed,) = queue.claim_feeds(1, NOW).feeds
    client.flushdb()
    polled = PollOutcome("unchanged", 304, feed, NOW, "rate")
    for ask in (lambda: queue.finish_poll(feed, polled, NOW), lambda: queue.claim_feeds(1, NOW)):
        with pytest.raises(ServerEmptied, match="restarted empty, or flushed"):
            ask()
