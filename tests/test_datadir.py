"""The embedded server's folder: sockets that do not fit into it, and labels."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from storage import datadir
from storage.binary import Build
from storage.datadir import DataDir
from storage.embedded import EmbeddedServer
from storage.errors import ServerUnavailable


@pytest.fixture
def short_tmp() -> Iterator[Path]:
    """A folder whose path is short on every system, which pytest's own is not on macOS."""
    folder = Path(tempfile.mkdtemp(prefix="nf-", dir="/tmp")).resolve()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def home(short_tmp: Path) -> Iterator[Path]:
    """A home that is too long for a socket; its server is stopped before its folders go."""
    home = short_tmp / ("long" * 30)
    yield home
    EmbeddedServer(home).stop()


@pytest.fixture
def tmp(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(short_tmp))
    return short_tmp


def test_a_long_home_has_its_socket_elsewhere(home: Path, tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = EmbeddedServer(home)
    url = server.ensure()
    socket = server.status().socket
    assert socket.parent.parent == tmp
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    # cron may have another temporary folder than the terminal had.
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    assert server.ensure() == url
    with closing(redis.Redis.from_url(url)) as client:
        assert client.ping()


def test_an_open_folder_for_the_socket_is_refused(home: Path, tmp: Path) -> None:
    folder = tmp / f"newsfold-{os.geteuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ServerUnavailable, match="not a private folder"):
        EmbeddedServer(home).ensure()
    folder.chmod(0o700)


def test_somebody_elses_folder_is_refused(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp / "folder"
    datadir.make_private(folder)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(ServerUnavailable, match="not a private folder"):
        datadir.make_private(folder)


def test_a_link_is_not_a_private_folder(tmp: Path) -> None:
    datadir.make_private(tmp / "real")
    (tmp / "link").symlink_to(tmp / "real")
    with pytest.raises(ServerUnavailable, match="not a private folder"):
        datadir.make_private(tmp / "link")


def test_a_strange_path_becomes_a_proper_url(short_tmp: Path) -> None:
    server = EmbeddedServer(short_tmp / "a ü?#%41'\"")
    try:
        with closing(redis.Redis.from_url(server.ensure())) as client:
            assert client.ping()
    finally:
        assert server.stop()


def test_the_lock_lives_as_long_as_any_copy_of_it(tmp_path: Path) -> None:
    place = DataDir(tmp_path)
    place.prepare()
    lock = place.take()
    assert lock is not None
    copy = os.dup(lock)
    os.close(lock)
    assert place.held()
    assert place.take() is None
    os.close(copy)
    assert not place.held()


def test_a_label_is_put_back_as_it_was(tmp_path: Path) -> None:
    place = DataDir(tmp_path)
    place.prepare()
    assert place.written_by() is None
    former = place.label_text()
    build = Build("valkey", (9, 1, 2))
    place.write_label(build, place.socket())
    assert place.written_by() == build
    place.restore_label(former)
    assert place.written_by() is None
    assert not place.label.exists()


def test_a_large_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datadir, "LOG_BYTES", 10)
    place = DataDir(tmp_path)
    place.log.write_text("x" * 11)
    os.close(place.open_log())
    assert place.log.stat().st_size == 0
    assert (tmp_path / "redis.log.1").stat().st_size == 11
