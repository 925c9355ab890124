"""A worker's client and a server that is away, silent, full, read-only, busy or gone; a real one, and a real proxy."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.exceptions import ResponseError

from benchmarks.proxy import Proxy
from storage.connect import connect
from storage.errors import ServerUnavailable
from storage.functions import Call, Functions
from storage.keys import Keys
from storage.line import Line
from storage.patience import give_up
from tests.timing import within


@pytest.fixture
def proxy(client: redis.Redis) -> Iterator[Proxy]:
    """A way to the server that can be cut."""
    with Proxy(client.connection_pool.connection_kwargs["path"]) as made:
        yield made


def worker(proxy: Proxy, tmp_path: Path, wait: float) -> redis.Redis:
    return connect(proxy.url, tmp_path / "unused", wait=wait)


@pytest.mark.slow
def test_a_server_that_comes_back_is_waited_for(
    proxy: Proxy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with worker(proxy, tmp_path, 20) as waiting:
        proxy.away()
        threading.Timer(0.4, proxy.back).start()
        with caplog.at_level(logging.WARNING):
            assert waiting.set("key", "value")
    told = {record.getMessage(): record.__dict__["fields"] for record in caplog.records}
    assert set(told) == {"redis.waiting", "redis.back"}
    assert proxy.url in told["redis.waiting"]["reason"]
    assert "does not answer" in told["redis.waiting"]["reason"]
    assert 0.3 < told["redis.back"]["waited"] < 10


@pytest.mark.slow
def test_one_that_does_not_is_given_up_and_asked_again_later(proxy: Proxy, tmp_path: Path) -> None:
    with worker(proxy, tmp_path, 0.3) as waiting:
        proxy.away()
        begin = time.monotonic()
        with pytest.raises(ServerUnavailable, match=f"Redis at {proxy.url} does not answer: .*refused"):
            waiting.get("key")
        assert 0.25 < time.monotonic() - begin < 3

        def refused() -> None:
            with pytest.raises(ServerUnavailable):
                waiting.get("key")

        within(0.2, refused, time.monotonic)  # it was waited for already
        proxy.back()
        assert waiting.get("key") is None
        proxy.away()
        threading.Timer(0.1, proxy.back).start()
        assert waiting.get("key") is None, "and is waited for again"


def test_what_waits_can_be_told_to_end(proxy: Proxy, tmp_path: Path) -> None:
    with worker(proxy, tmp_path, 60) as waiting:
        waiting.ping()
        proxy.silence(True)
        threading.Timer(0.2, lambda: give_up(waiting)).start()
        begin = time.monotonic()
        with pytest.raises(ServerUnavailable):
            waiting.get("key")
        assert time.monotonic() - begin < 5
        proxy.silence(False)
        with pytest.raises(ServerUnavailable):
            waiting.get("key")


def test_what_is_not_the_servers_state_is_raised_at_once(client: redis.Redis) -> None:
    client.set("key", "value")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        client.hget("key", "field")


@pytest.fixture
def settings(client: redis.Redis) -> Iterator[redis.Redis]:
    """The server, whose state is put right again."""
    yield client
    with redis.Redis(unix_socket_path=client.connection_pool.connection_kwargs["path"]) as plain:
        plain.config_set("maxmemory", 0)
        plain.replicaof("NO", "ONE")


def test_a_terminal_is_told_in_one_sentence(
    settings: redis.Redis, server_home: Path, tmp_path: Path, proxy: Proxy
) -> None:
    with connect(None, server_home, interactive=True) as terminal:
        settings.config_set("maxmemory", 1)
        with pytest.raises(
            ServerUnavailable, match=r"the private Redis in .* has no memory left \(maxmemory\)$"
        ):
            terminal.set("key", "value")
        settings.config_set("maxmemory", 0)
        settings.replicaof("127.0.0.1", 9)
        with pytest.raises(ServerUnavailable, match=r"is a replica and takes no writes$"):
            terminal.set("key", "value")


@pytest.mark.slow
def test_calls_sent_ahead_survive_a_refusal_and_a_break(
    settings: redis.Redis, proxy: Proxy, tmp_path: Path
) -> None:
    keys = Keys()
    with worker(proxy, tmp_path, 20) as waiting:
        functions = Functions(waiting, keys.prefix)

        def call(page: int) -> Call[int]:
            return Call(
                "relate",
                keys.index("en"),
                {"pairs": [["a", f"g{page}", 1.0]], "reworded": [], "ttl": 60},
                int,
            )

        with Line(functions) as line:
            assert line.send(call(0)).result() == 1
            settings.replicaof("127.0.0.1", 9)
            tickets = [line.send(call(page)) for page in range(1, 4)]
            threading.Timer(0.2, settings.replicaof, ("NO", "ONE")).start()
            assert [ticket.result() for ticket in tickets] == [1, 1, 1]
            proxy.away()
            tickets = [line.send(call(page)) for page in range(4, 7)]
            threading.Timer(0.2, proxy.back).start()
            assert [ticket.result() for ticket in tickets] == [1, 1, 1]
    assert settings.zcard(keys.group_related("a")) == 7


def test_the_private_server_is_started_again(home: Path) -> None:
    with connect(None, home, wait=20) as waiting:
        waiting.set("key", "value")
        os.kill(int(waiting.info("server")["process_id"]), signal.SIGKILL)
        assert waiting.get("key") == b"value"
