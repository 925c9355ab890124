"""A disk that is full, or may not be written: one sentence, and exit code 2."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from newsfold.crawl import run_lock
from newsfold.errors import NewsfoldError
from storage.connect import connect
from storage.embedded import EmbeddedServer
from storage.errors import ServerUnavailable

Mount = Callable[[str], Path]


def run(home: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("NEWSFOLD_")}
    return subprocess.run(
        [sys.executable, "-m", "newsfold", *words],
        check=False, env={**clean, "NEWSFOLD_HOME": str(home), **env}, capture_output=True, text=True, timeout=110,
    )  # fmt: skip


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mounts a small file system of its own; only root may."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def make(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("only root can mount a small disk to fill")
        return folder

    yield make
    EmbeddedServer(folder / "home").stop()
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


def test_a_folder_of_another_user(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can become another user")
    home = tmp_path / "theirs"
    home.mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    os.seteuid(65_534)
    try:
        with pytest.raises(NewsfoldError, match="cannot be used: Permission denied"), run_lock(home):
            pass
        with pytest.raises(ServerUnavailable, match=r"cannot keep its data in .*: Permission denied"):
            EmbeddedServer(home).ensure()
    finally:
        os.seteuid(0)


@pytest.mark.slow
def test_a_disk_that_may_not_be_written(mount: Mount) -> None:
    home = mount("size=1m,ro") / "home"
    for words in (("crawl",), ("stories",), ("demo",), ("ingest", os.devnull), ("redis", "start")):
        done = run(home, *words)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert "Read-only file system" in done.stderr


@pytest.mark.slow
def test_a_disk_that_is_full(mount: Mount) -> None:
    home = mount("size=2m") / "home"
    lines = home.parent.parent / "articles.jsonl"
    row = '{{"title": "Number {n} of many", "text": "{text}"}}\n'
    lines.write_text("".join(row.format(n=n, text=f"word{n} " * 3_000) for n in range(200)))
    done = run(home, "ingest", str(lines), NEWSFOLD_REDIS_WAIT="1")
    assert done.returncode == 2, done.stderr
    assert "cannot write its data to disk" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert run(home, "stories").returncode == 0, "what is there can be read"

    (home / "redis.log").write_bytes(b"")
    with connect(None, home, interactive=True) as client, pytest.raises(ServerUnavailable, match="to disk"):
        client.set("key", "value")


@pytest.mark.slow
def test_a_disk_that_was_full_before_anything_began(mount: Mount) -> None:
    folder = mount("size=64k")
    with (folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(4096)):
            pass
    for words in (("crawl",), ("redis", "start")):
        done = run(folder / "home", *words)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert "No space left on device" in done.stderr
