"""WebSub against a hub, over real HTTP: subscribing, verification, leases, signatures, what is pushed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
import redis
from aiohttp import web

from crawler.model import FeedSpec
from crawler.websub import Subscription, asked, failed, given_up, is_signed, request_form, verified
from newsfold.web.server import build_app
from newsfold.web.websub import HubOptions, Subscriber
from storage.keys import Keys
from storage.queue import FeedQueue
from storage.reader import Reader
from storage.subscriptions import Subscriptions

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ONE = Subscription("f1", "http://hub.example/", "http://n.example/feed", "t0ken", "s3cret", next=NOW)
FEED = "http://n.example/feed"
RSS = "<rss version='2.0'><channel><title>N</title>{}</channel></rss>"
ITEM = "<item><guid>http://n.example/{0}</guid><title>Title {0}</title></item>"


# --- what is asked and believed


def test_the_form_asks_for_topic_lease_and_signature() -> None:
    assert request_form(ONE, "https://us.example/cb", 60) == {
        "hub.callback": "https://us.example/cb", "hub.mode": "subscribe", "hub.topic": FEED,
        "hub.lease_seconds": "60", "hub.secret": "s3cret",
    }  # fmt: skip
    leaving = request_form(replace(ONE, state="leaving"), "https://us.example/cb", 60)
    assert (leaving["hub.mode"], "hub.secret" in leaving) == ("unsubscribe", False)


def test_a_lease_is_renewed_before_it_ends() -> None:
    query = {"hub.topic": FEED, "hub.mode": "subscribe", "hub.challenge": "c", "hub.lease_seconds": "1000"}
    after = verified(ONE, query, NOW)
    assert after is not None
    assert (after.state, after.until, after.next) == (
        "active", NOW + timedelta(seconds=1000), NOW + timedelta(seconds=800),
    )  # fmt: skip
    short = verified(ONE, {**query, "hub.lease_seconds": "1"}, NOW)
    assert short is not None
    assert short.until == NOW + timedelta(seconds=300)


@pytest.mark.parametrize(
    "changed",
    [
        {"hub.topic": "http://evil.example/"},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": ""},
        {"hub.challenge": ""},
    ],
)
def test_only_what_was_asked_for_is_confirmed(changed: dict[str, str]) -> None:
    query = {"hub.topic": FEED, "hub.mode": "subscribe", "hub.challenge": "c", "hub.lease_seconds": "9"}
    assert verified(ONE, {**query, **changed}, NOW) is None


def test_a_denial_is_believed_for_a_day() -> None:
    query = {"hub.topic": FEED, "hub.mode": "denied", "hub.reason": "no room"}
    after = verified(replace(ONE, state="active", until=NOW), query, NOW)
    assert after is not None
    assert (after.state, after.until, after.next) == ("denied", None, NOW + timedelta(days=1))
    assert after.error.endswith("no room")


def test_a_hub_that_fails_is_asked_less_and_less() -> None:
    one, waits = ONE, []
    for _ in range(12):
        one = asked(one, 500, NOW)
        waits.append((one.next - NOW).total_seconds() if one.next else 0)
    assert waits[:3] == [600, 1_200, 2_400]
    assert waits[-1] == 86_400
    assert asked(ONE, 202, NOW).state == "asked"
    assert failed(ONE, "x", NOW).error == "x"


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_signatures(method: str) -> None:
    good = hmac.new(b"s3cret", b"body", getattr(hashlib, method)).hexdigest()
    assert is_signed("s3cret", b"body", f"{method}={good}")
    assert is_signed("s3cret", b"body", f"{method.upper()}={good.upper()}")
    for wrong in (f"{method}={good[:-1]}0x", good, f"{method}=", "", f"md5={good}", f"{method}=ä"):
        assert not is_signed("s3cret", b"body", wrong)
    assert not is_signed("s3cret", b"other", f"{method}={good}")
    assert not is_signed("other", b"body", f"{method}={good}")


# --- against a hub


class Hub:
    """A hub: takes forms, verifies them as the specification says, pushes signed content."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.verifications: list[tuple[int, str]] = []
        self.lease, self.status, self.redirect = "1000", 202, ""
        self.tasks: set[asyncio.Task[None]] = set()

    async def subscribe(self, request: web.Request) -> web.Response:
        if self.redirect:
            raise web.HTTPTemporaryRedirect(self.redirect)
        self.forms.append({key: str(value) for key, value in (await request.post()).items()})
        if self.status == 202:
            task = asyncio.create_task(self.verify(self.forms[-1]))
            self.tasks.add(task)
        return web.Response(status=self.status)

    async def verify(self, form: dict[str, str], **more: str) -> None:
        query = {
            "hub.mode": form["hub.mode"], "hub.topic": form["hub.topic"], "hub.challenge": "ch4llenge",
            "hub.lease_seconds": self.lease, **more,
        }  # fmt: skip
        async with (
            aiohttp.ClientSession() as session,
            session.get(form["hub.callback"], params=query) as answer,
        ):
            self.verifications.append((answer.status, await answer.text()))

    async def settled(self) -> None:
        await asyncio.gather(*self.tasks)
        await asyncio.sleep(0.05)

    async def push(self, body: str, *, secret: str = "", signature: str | None = None) -> int:
        form = self.forms[-1]
        signed = hmac.new((secret or form["hub.secret"]).encode(), body.encode(), "sha256").hexdigest()
        headers = {"X-Hub-Signature": signature if signature is not None else f"sha256={signed}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(form["hub.callback"], data=body.encode(), headers=headers) as answer,
        ):
            return answer.status


class Stage:
    """A hub and a serving newsfold on ports of their own, with one feed that names the hub."""

    def __init__(self, client: redis.Redis) -> None:
        self.client, self.hub = client, Hub()
        self.queue = FeedQueue(client, Keys(), token="serve")
        (self.feed,) = self.queue.add_feeds([FeedSpec(FEED)], NOW)
        self.store = Subscriptions(client, Keys())
        self.subscriber: Subscriber

    async def run(self, play: Callable[[Stage], Awaitable[None]]) -> None:
        hub_app = web.Application()
        hub_app.router.add_post("/hub", self.hub.subscribe)
        hub_runner = await _start(hub_app)
        self.hub_url = f"http://127.0.0.1:{hub_runner.addresses[0][1]}/hub"
        self.client.hset(f"newsfold:feed:{self.feed}", mapping={"hub": self.hub_url, "topic": FEED})
        reserved = await _start(web.Application())
        port = reserved.addresses[0][1]
        await reserved.cleanup()
        options = HubOptions(
            f"http://127.0.0.1:{port}", "newsfold/test", 5_000, 100_000, ("127.0.0.0/8",),
            (hub_runner.addresses[0][1], 9), 3_600,
        )  # fmt: skip
        self.subscriber = Subscriber(self.store, self.queue, options)
        runner = await _start(build_app(Reader(self.client), self.subscriber), port)
        try:
            await asyncio.sleep(0.1)  # the first round
            await self.hub.settled()
            await play(self)
        finally:
            await runner.cleanup()
            await hub_runner.cleanup()

    def fields(self) -> dict[str, str]:
        found: dict[bytes, bytes] = self.client.hgetall(f"newsfold:feed:{self.feed}")
        return {key.decode(): value.decode() for key, value in found.items()}

    def pages(self) -> int:
        return int(self.client.zcard("newsfold:pages:due"))


async def _start(app: web.Application, port: int = 0) -> web.AppRunner:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


@pytest.fixture
def play(client: redis.Redis) -> Callable[[Callable[[Stage], Awaitable[None]]], None]:
    return lambda scene: asyncio.run(Stage(client).run(scene))


Play = Callable[[Callable[[Stage], Awaitable[None]]], None]


def test_a_hub_is_subscribed_to_verified_and_renewed(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        (form,) = stage.hub.forms
        assert (form["hub.mode"], form["hub.topic"], form["hub.lease_seconds"]) == ("subscribe", FEED, "5000")
        assert stage.hub.verifications == [(200, "ch4llenge")]
        assert stage.fields()["subscribed"] == "active"
        one = stage.store.get(stage.feed)
        assert one is not None
        assert one.until is not None
        assert 900 < (one.until - datetime.now(UTC)).total_seconds() < 1_001
        await stage.subscriber.ask_due()
        assert len(stage.hub.forms) == 1  # not yet
        stage.store.put(replace(one, next=datetime.now(UTC) - timedelta(seconds=1)))
        stage.hub.lease = "2000"
        await stage.subscriber.ask_due()
        await stage.hub.settled()
        assert stage.hub.forms[1]["hub.callback"] == form["hub.callback"]
        renewed = stage.store.get(stage.feed)
        assert renewed is not None
        assert renewed.until is not None
        assert renewed.until > one.until + timedelta(seconds=900)
        assert renewed.state == "active"

    play(scene)


def test_pushed_entries_are_stored_once_and_pages_wait(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        assert await stage.hub.push(RSS.format(ITEM.format(1) + ITEM.format(2))) == 202
        assert stage.pages() == 2
        assert stage.fields()["pushed"]
        assert await stage.hub.push(RSS.format(ITEM.format(2) + ITEM.format(3))) == 202
        assert stage.pages() == 3
        (seen,) = stage.queue.seen([stage.feed])
        assert len(seen) == 3  # a push is part of a feed: nothing is forgotten by it
        claimed = stage.queue.pages.claim(9, datetime.now(UTC))
        assert {job.feed.id for job in claimed} == {stage.feed}

    play(scene)


@pytest.mark.parametrize("signature", ["", "sha256=00", "md5=00", None])
def test_what_is_not_signed_is_taken_and_ignored(play: Play, signature: str | None) -> None:
    async def scene(stage: Stage) -> None:
        secret = "another" if signature is None else ""
        assert await stage.hub.push(RSS.format(ITEM.format(1)), secret=secret, signature=signature) == 202
        assert stage.pages() == 0
        assert "pushed" not in stage.fields()

    play(scene)


def test_what_is_no_feed_or_too_large_is_refused(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        assert await stage.hub.push("<html></html>") == 202
        assert await stage.hub.push("x" * 200_000) == 413
        assert stage.pages() == 0

    play(scene)


def test_a_verification_that_was_not_asked_for_is_refused(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        form = stage.hub.forms[0]
        await stage.hub.verify({**form, "hub.topic": "http://evil.example/"})
        await stage.hub.verify({**form, "hub.mode": "unsubscribe"})
        await stage.hub.verify({**form, "hub.callback": form["hub.callback"][:-1]})
        assert [status for status, _ in stage.hub.verifications[1:]] == [404, 404, 404]
        assert stage.fields()["subscribed"] == "active"

    play(scene)


def test_a_denial_leaves_polling_as_it_was(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.hub.push(RSS.format(ITEM.format(1)))
        await stage.hub.verify({**stage.hub.forms[0], "hub.mode": "denied"}, **{"hub.reason": "full"})
        fields = stage.fields()
        assert fields["subscribed"].startswith("denied")
        assert "pushed" not in fields  # polled as often as ever
        assert await stage.hub.push(RSS.format(ITEM.format(2))) == 202
        assert stage.pages() == 1

    play(scene)


@pytest.mark.parametrize("how", ["the feed names it no more", "the feed is removed"])
def test_a_hub_is_left_when_the_feed_or_its_word_is_gone(play: Play, how: str) -> None:
    async def scene(stage: Stage) -> None:
        if how == "the feed is removed":
            stage.queue.remove(stage.feed)
        else:
            stage.client.hdel(f"newsfold:feed:{stage.feed}", "hub")
            assert stage.store.notice(datetime.now(UTC)) == 0
        await stage.subscriber.ask_due()
        await stage.hub.settled()
        assert stage.hub.forms[-1]["hub.mode"] == "unsubscribe"
        assert stage.hub.verifications[-1] == (200, "ch4llenge")
        assert stage.store.get(stage.feed) is None
        assert (
            await stage.hub.push(RSS.format(ITEM.format(1)), secret=stage.hub.forms[0]["hub.secret"]) == 404
        )
        assert list(stage.client.scan_iter(match="newsfold:websub:*")) == []

    play(scene)


def test_a_hub_that_will_not_let_go_is_forgotten_in_the_end() -> None:
    one = replace(ONE, state="leaving")
    for _ in range(4):
        one = failed(one, "x", NOW)
    assert not given_up(one)
    assert given_up(failed(one, "x", NOW))


def test_a_hub_that_cannot_be_asked_is_told_and_tried_again(play: Play, client: redis.Redis) -> None:
    async def scene(stage: Stage) -> None:
        async def ask(hub: str, status: int = 202) -> Any:
            stage.hub.status = status
            stage.store.forget(stage.feed)
            stage.client.hset(f"newsfold:feed:{stage.feed}", "hub", hub)
            stage.store.notice(datetime.now(UTC))
            await stage.subscriber.ask_due()
            return stage.store.get(stage.feed)

        refused = await ask("http://127.0.0.1:9/hub")
        assert "cannot be asked" in refused.error
        assert refused.next > datetime.now(UTC)
        private = await ask("http://10.0.0.1/hub")
        assert "not a public address" in private.error
        closed = await ask("http://127.0.0.1:6379/hub")
        assert "port 6379, which is not open" in closed.error
        other = await ask("ftp://hub.example/")
        assert "neither http nor https" in other.error
        server = await ask(stage.hub_url + "?x", 500)
        assert server.error.endswith("HTTP 500")
        stage.hub.redirect = "http://10.0.0.1/hub"
        led_away = await ask(stage.hub_url + "?y")
        assert "not a public address" in led_away.error

    play(scene)


def test_two_servers_ask_a_hub_once(client: redis.Redis) -> None:
    one, other = Subscriptions(client, Keys()), Subscriptions(client, Keys())
    one.put(ONE)
    assert [found.feed for found in one.claim_due(5, NOW)] == ["f1"]
    assert other.claim_due(5, NOW) == []
    assert [found.feed for found in other.claim_due(5, NOW + timedelta(minutes=6))] == ["f1"]
