"""Connecting: to the configured server or the embedded one, and what is said when it fails."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage import connect as connecting
from storage.address import masked
from storage.connect import connect
from storage.embedded import EmbeddedServer
from storage.errors import ServerUnavailable
from storage.patience import patience_of
from tests.timing import within

ROOT = Path(__file__).parents[1]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose server is stopped when the test ends."""
    home = tmp_path / "home"
    yield home
    EmbeddedServer(home).stop()


@pytest.fixture
def port(home: Path) -> int:
    """The TCP port of a server that someone else runs, with a password and a user who may do little."""
    port = free_port()
    with closing(connect(None, home)) as client:
        client.execute_command(
            "ACL", "SETUSER", "reader", "on", ">pa:s/s", "~*", "+ping", "+get", "+@connection"
        )
        client.config_set("port", port)
    return port


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def refusal(url: str, home: Path) -> str:
    """The sentence with which the URL is refused."""
    with pytest.raises(ServerUnavailable) as caught:
        connect(url, home)
    assert "\n" not in str(caught.value)
    assert not home.exists(), "a configured server is never replaced by the embedded one"
    return str(caught.value)


@pytest.mark.parametrize("nothing", [None, ""])
def test_without_a_url_it_is_the_embedded_server(home: Path, nothing: str | None) -> None:
    with closing(connect(nothing, home)) as client:
        client.set("key", "value")
    with closing(connect(nothing, home, decode=True)) as client:
        assert client.get("key") == "value"
    assert EmbeddedServer(home).status().running


def test_a_url_of_each_kind_connects(home: Path, port: int, tmp_path: Path) -> None:
    elsewhere = tmp_path / "unused"
    for url in (f"redis://127.0.0.1:{port}/1", EmbeddedServer(home).ensure()):
        with closing(connect(url, elsewhere)) as client:
            assert client.ping()
    assert not elsewhere.exists()


def test_a_user_who_may_not_ask_for_the_version_connects(home: Path, port: int) -> None:
    with closing(connect(f"redis://reader:pa%3As%2Fs@127.0.0.1:{port}", home)) as client:
        assert client.get("missing") is None


def test_a_wrong_password_is_said_but_not_shown(port: int, tmp_path: Path) -> None:
    sentence = refusal(f"redis://reader:geheim@127.0.0.1:{port}", tmp_path / "unused")
    assert sentence == f"Redis at redis://reader:***@127.0.0.1:{port} does not accept this user and password"


def test_nobody_there_is_said_at_once(tmp_path: Path) -> None:
    port = free_port()
    url = f"redis://:geheim@localhost:{port}/3"
    sentence = within(0.5, lambda: refusal(url, tmp_path / "unused"), time.monotonic)
    assert sentence.startswith(f"Redis at redis://:***@localhost:{port}/3 does not answer: ")
    assert "geheim" not in sentence
    missing = f"unix://{tmp_path}/none.sock"
    assert missing in refusal(missing, tmp_path / "unused")


@pytest.mark.slow
def test_a_silent_server_is_not_waited_for_long(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        sentence = refusal(f"redis://127.0.0.1:{listener.getsockname()[1]}", tmp_path / "unused")
    assert "does not answer" in sentence


@pytest.mark.parametrize(
    "url", ["localhost:6379", "http://localhost", "redis://:geheim@host:port", "redis://localhost?colour=red"]
)
def test_what_is_no_redis_url_is_said(url: str, tmp_path: Path) -> None:
    sentence = refusal(url, tmp_path / "unused")
    assert "is not a Redis URL" in sentence
    assert "geheim" not in sentence


@pytest.mark.parametrize(
    ("info", "usable"),
    [
        ({"redis_version": "6.2.14"}, False),
        ({"redis_version": "7.0.0"}, True),
        ({"redis_version": "7.2.4", "server_name": "valkey", "valkey_version": "8.1.1"}, True),
        ({"redis_version": "something"}, True),
    ],
)
def test_a_server_without_functions_is_refused(info: dict[str, object], usable: bool) -> None:
    if usable:
        connecting._check_age("redis://:geheim@h", info)
        return
    with pytest.raises(
        ServerUnavailable, match=r"redis://:\*\*\*@h is redis 6\.2\.14; newsfold needs Redis 7\.0"
    ):
        connecting._check_age("redis://:geheim@h", info)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis://:geheim@h:1/0", "redis://:***@h:1/0"),
        ("rediss://user:geheim@h", "rediss://user:***@h"),
        ("redis://user:ge@heim@h", "redis://user:***@h"),
        ("redis://:ge/he#im?@h:1", "redis://:***@h:1"),
        ("redis://geheim@h", "redis://***@h"),
        ("unix://user:geheim@/run/r.sock?db=1", "unix://user:***@/run/r.sock?db=1"),
        (
            "unix:///run/a:b@c/r.sock?db=1&password=geheim&x=1",
            "unix:///run/a:b@c/r.sock?db=1&password=***&x=1",
        ),
        ("rediss://h?ssl_password=geheim", "rediss://h?ssl_password=***"),
    ],
)
def test_no_password_is_shown(url: str, shown: str) -> None:
    assert masked(url) == shown


def test_workers_wait_and_terminals_do_not(home: Path) -> None:
    with closing(connect(None, home)) as worker, closing(connect(None, home, interactive=True)) as terminal:
        patient, hasty = patience_of(worker), patience_of(terminal)
        assert patient is not None
        assert hasty is not None
        assert (patient.seconds, hasty.seconds) == (60, 0)
        assert worker.connection_pool.connection_kwargs["socket_timeout"] == 30


def test_a_worker_gets_over_a_restart(home: Path) -> None:
    with closing(connect(None, home)) as client:
        client.set("key", "value")
        EmbeddedServer(home).stop()
        EmbeddedServer(home).ensure()
        assert client.get("key") == b"value"


def test_importing_does_not_wait_for_redis_py() -> None:
    code = "import sys, storage.connect, storage.embedded; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
