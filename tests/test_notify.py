"""Webhooks against a real server on loopback that answers, fails, hangs and redirects: each story is told once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import redis

from newsfold.client import Stories
from newsfold.errors import UsageError
from newsfold.notify import Notifier
from newsfold.webhook import Sender, secret_of
from storage.keys import Keys
from storage.notices import Notices, Watch

KEY = b"k" * 32
SECRET = "whsec_" + base64.b64encode(KEY).decode()
AT = "2026-11-24T12:00:00Z"


@dataclass
class Receiver:
    """A receiver on loopback: `answers` are taken in turn (a status, or seconds to hang), then 200 for ever."""

    answers: list[int | float] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def stories(self) -> list[str]:
        return [json.loads(body)["data"]["story"]["id"] for _, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one, lock, over = Receiver(), threading.Lock(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                one.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                answer = one.answers.pop(0) if one.answers else 200
            if isinstance(answer, float):
                over.wait(answer)
                return
            self.send_response(answer)
            for name, value in one.headers.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - whoever followed a redirect would come with it

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield one
    over.set()
    server.shutdown()
    server.server_close()


Make = Callable[..., Notifier]


@pytest.fixture
def make(client: redis.Redis, receiver: Receiver) -> Iterator[Make]:
    """Makes notifiers: `make(min_outlets, lang=…, delays=…, seconds=…)`; a delay of 0 is tried again at once."""
    url = f"unix://{client.connection_pool.connection_kwargs['path']}"
    opened = []

    def notifier(
        outlets: int = 3, *, delays: tuple[float, ...] = (60,), seconds: float = 2, **filters: str
    ) -> Notifier:
        watch = Watch(receiver.url, outlets, **filters)
        opened.append(Stories(url))
        notices = Notices(client, Keys(), watch, retention=86_400)
        return Notifier(
            opened[-1], notices, watch, Sender(receiver.url, KEY, "newsfold/test", seconds), delays
        )

    yield notifier
    for stories in opened:
        stories.close()


@pytest.fixture
def story(client: redis.Redis) -> Callable[..., None]:
    """Stores a story as it stands, and an event of it: `story(id, outlets, lang=…)`."""

    def put(identity: str, outlets: int, **fields: str) -> None:
        row = {
            "id": identity,
            "lang": "en",
            "headline": f"Story {identity}",
            "outlets": outlets,
            "created": AT,
            **fields,
        }
        client.hset(f"newsfold:story:{identity}", mapping=row)
        client.zadd("newsfold:stories", {identity: datetime.now(UTC).timestamp()})
        client.hset(f"newsfold:story:{identity}:outlets", mapping={f"{n}.example": 1 for n in range(outlets)})
        client.xadd("newsfold:events", {"type": "story.updated", "story": identity, "at": AT})

    return put


def merge(client: redis.Redis, identity: str, into: str) -> None:
    client.delete(f"newsfold:story:{identity}")
    client.hset(f"newsfold:story:{identity}", mapping={"id": identity, "merged_into": into})
    client.zrem("newsfold:stories", identity)
    client.xadd("newsfold:events", {"type": "story.merged", "story": identity, "into": into, "at": AT})


# --- what is sent


def test_a_story_is_told_when_it_reaches_the_threshold_and_never_again(
    make: Make, story: Callable[..., None], receiver: Receiver
) -> None:
    story("s1", 2)
    assert make().once().sent == 0
    story("s1", 3)
    story("s2", 7)
    assert make().once().sent == 2
    story("s1", 4)
    assert make().once().sent == 0
    assert sorted(receiver.stories()) == ["s1", "s2"]


def test_it_is_signed_as_standard_webhooks_has_it(
    make: Make, story: Callable[..., None], receiver: Receiver
) -> None:
    story("s1", 3, headline="Fähre “Pearl”")
    make().once()
    ((headers, body),) = receiver.got
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 5
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, said, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert (headers["content-type"], headers["user-agent"]) == ("application/json", "newsfold/test")
    told = json.loads(body)
    assert (told["type"], told["data"]["min_outlets"]) == ("story.reached", 3)
    assert told["data"]["story"]["headline"] == "Fähre “Pearl”"
    assert told["data"]["story"]["created"] == AT


def test_filters(make: Make, story: Callable[..., None], receiver: Receiver) -> None:
    story("s1", 5)
    story("s2", 3, lang="fr")
    assert make(3, lang="fr").once().sent == 1
    assert make(3, outlet="4.example").once().sent == 1
    assert receiver.stories() == ["s2", "s1"]
    # The address was told of both with this threshold, whatever the filter was.
    assert make(3).once().sent == 0
    assert make(4).once().sent == 1


def test_what_an_operator_hid_is_not_told(
    make: Make, story: Callable[..., None], client: redis.Redis
) -> None:
    story("s1", 5, hidden=AT)
    assert make().once().sent == 0
    client.hdel("newsfold:story:s1", "hidden")
    client.xadd("newsfold:events", {"type": "story.shown", "story": "s1", "at": AT, "correction": "1"})
    assert make().once().sent == 1


# --- what fails


def test_it_is_tried_again_with_one_id_until_it_is_taken(
    make: Make, story: Callable[..., None], receiver: Receiver, client: redis.Redis
) -> None:
    receiver.answers = [500, 503, 200]
    story("s1", 3)
    report = make(delays=(0, 0, 0)).once()
    assert (report.sent, report.failed, report.waiting) == (1, 2, 0)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 3
    assert client.keys("newsfold:notify:*:sending:*") == []


def test_what_failed_waits_and_survives_the_process(
    make: Make, story: Callable[..., None], receiver: Receiver, client: redis.Redis
) -> None:
    receiver.answers = [500]
    story("s1", 3)
    report = make(delays=(60,)).once()
    assert (report.sent, report.waiting, report.error) == (0, 1, "answered 500")
    assert make(delays=(60,)).once().waiting == 1
    assert len(receiver.got) == 1
    (due,) = client.keys("newsfold:notify:*:due")
    ((_, score),) = client.zrange(due, 0, -1, withscores=True)
    assert 50 < score - time.time() < 80
    client.zadd(due, {"s1": 0})
    assert make(delays=(60,)).once().sent == 1


def test_redirects_are_not_followed(make: Make, story: Callable[..., None], receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [302, 307], {"Location": receiver.url}
    story("s1", 3)
    report = make(delays=(0,)).once()
    assert (report.given_up, report.error) == (1, "redirects, which are not followed")
    assert len(receiver.got) == 2


def test_a_receiver_that_hangs_is_left_and_others_are_told(
    make: Make, story: Callable[..., None], receiver: Receiver
) -> None:
    receiver.answers = [30.0]
    story("s1", 3)
    story("s2", 3)
    began = time.monotonic()
    report = make(seconds=0.3).once()
    assert time.monotonic() - began < 5
    assert (report.sent, report.waiting, report.error) == (1, 1, "no answer within 0.3 seconds")


def test_an_address_where_nobody_listens_is_given_up_in_the_end(
    make: Make, story: Callable[..., None], receiver: Receiver
) -> None:
    story("s1", 3)
    dead = make(delays=(0, 0))
    dead.sender = Sender("http://127.0.0.1:9/", KEY, "newsfold/test")
    report = dead.once()
    assert (report.failed, report.given_up, report.waiting) == (3, 1, 0)
    assert make().once().sent == 0


def test_gone_is_believed_and_retry_after_heeded(
    make: Make, story: Callable[..., None], receiver: Receiver, client: redis.Redis
) -> None:
    receiver.answers = [410]
    story("s1", 3)
    assert make(delays=(0, 0)).once().given_up == 1
    receiver.answers, receiver.headers = [429], {"Retry-After": "500"}
    story("s2", 3)
    assert make(delays=(1, 1)).once().waiting == 1
    (due,) = client.keys("newsfold:notify:*:due")
    ((_, score),) = client.zrange(due, 0, -1, withscores=True)
    assert 400 < score - time.time() <= 500


# --- once


def test_a_story_that_became_part_of_a_told_one_or_the_other_way_round_is_not_told_again(
    make: Make, story: Callable[..., None], receiver: Receiver, client: redis.Redis
) -> None:
    story("s1", 3)
    assert make().once().sent == 1
    merge(client, "s1", "s2")
    story("s2", 5)
    assert make().once().sent == 0
    merge(client, "s2", "s3")
    story("s3", 8)
    assert make().once().sent == 0
    assert receiver.stories() == ["s1"]


def test_a_story_that_was_merged_while_it_waited_is_told_as_what_it_is_now(
    make: Make, story: Callable[..., None], receiver: Receiver, client: redis.Redis
) -> None:
    receiver.answers = [500]
    story("s1", 3)
    make(delays=(0.2,)).once()
    story("s2", 5)
    merge(client, "s1", "s2")
    time.sleep(0.3)
    assert make().once().waiting == 0
    assert receiver.stories() == ["s1", "s2"]
    assert make().once().sent == 0


@pytest.mark.slow
def test_notifiers_at_once_tell_each_story_once(
    make: Make, story: Callable[..., None], receiver: Receiver
) -> None:
    for number in range(20):
        story(f"s{number}", 3)
    notifiers = [make() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda one: one.once(), notifiers))
    make().once()
    assert sorted(receiver.stories()) == sorted(f"s{n}" for n in range(20))
    assert sum(report.sent for report in reports) <= 20


def test_events_that_were_dropped_are_made_good(
    make: Make, story: Callable[..., None], receiver: Receiver, client: redis.Redis
) -> None:
    make().once()
    for number in range(4):
        story(f"s{number}", 3)
    client.xtrim("newsfold:events", maxlen=1, approximate=False)
    assert make().once().sent == 4


def test_all_it_keeps_expires(
    make: Make, story: Callable[..., None], receiver: Receiver, client: redis.Redis
) -> None:
    receiver.answers = [200, 500]
    story("s1", 3)
    story("s2", 3)
    make().once()
    kept = client.keys("newsfold:notify:*")
    assert len(kept) == 3
    assert all(0 < client.ttl(key) <= 86_400 for key in kept)


# --- the secret and the command


@pytest.mark.parametrize("text", ["", "plain", "whsec_", "whsec_!!!!", "whsec_" + "QQ==", KEY.decode()])
def test_a_secret_that_signs_nothing_is_refused_and_not_told(text: str) -> None:
    with pytest.raises(UsageError, match="openssl rand") as refused:
        secret_of(text)
    assert not text or len(text) < 8 or text not in str(refused.value)


def run(client: redis.Redis, *words: str, **env: str) -> Any:
    url = f"unix://{client.connection_pool.connection_kwargs['path']}"
    command = [sys.executable, "-m", "newsfold", "--redis", url, "notify", *words]
    return subprocess.run(
        command,
        env={**os.environ, "NEWSFOLD_NOTIFY_SECRET": SECRET, **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_command(client: redis.Redis, story: Callable[..., None], receiver: Receiver) -> None:
    receiver.answers = [200, 500]
    story("s1", 5)
    story("s2", 6)
    first = run(client, "--url", receiver.url, "--min-outlets", "5", "--once", "--json")
    assert (first.returncode, json.loads(first.stdout)["sent"], json.loads(first.stdout)["waiting"]) == (
        1,
        1,
        1,
    ), first
    again = run(client, "--min-outlets", "5", "--once", NEWSFOLD_NOTIFY_URL=receiver.url)
    assert again.stdout in ("1 sent\n", "0 sent, 1 wait for another try\n")
    refused = run(client, "--url", receiver.url, "--once", NEWSFOLD_NOTIFY_SECRET="plain")
    assert (refused.returncode, "must be whsec_ and base64" in refused.stderr) == (2, True)
    for url in ("ftp://x/", "http://[", ""):
        assert run(client, "--url", url, "--once").returncode == 2


@pytest.mark.slow
def test_it_ends_between_deliveries(
    client: redis.Redis, story: Callable[..., None], receiver: Receiver
) -> None:
    url = f"unix://{client.connection_pool.connection_kwargs['path']}"
    command = [sys.executable, "-m", "newsfold", "--redis", url, "notify", "--url", receiver.url]
    env = {**os.environ, "NEWSFOLD_NOTIFY_SECRET": SECRET}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        story("s1", 5)
        for _ in range(200):
            if receiver.got:
                break
            time.sleep(0.05)
        story("s2", 5)
        for _ in range(100):
            if len(receiver.got) == 2:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "2 sent\n")
