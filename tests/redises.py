"""Real servers of redis-server for tests, set up as an operator would, and whole commands against them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.dying import Dying
from benchmarks.scene import Done
from newsfold.demo.newsroom import running_newsroom


def redis_server() -> str:
    """The program, or a skip that says what is missing."""
    path = shutil.which("redis-server")
    if path is None:
        pytest.skip("redis-server is not installed (Debian package redis-server)")
    return path


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(folder: Path, port: int, settings: str, *words: str) -> subprocess.Popen[bytes]:
    """A redis-server that listens at the port; `settings` are lines of redis.conf."""
    file = folder / f"{port}.conf"
    if not file.exists():
        file.write_text(f'dir {folder}\nlogfile {folder}/{port}.log\nsave ""\n{settings}\n')
    process = subprocess.Popen([redis_server(), str(file), *words], stdin=subprocess.DEVNULL)
    if not wait_for(port, process):
        raise RuntimeError(f"redis-server did not start: {(folder / f'{port}.log').read_text()[-2000:]}")
    return process


def wait_for(port: int, process: subprocess.Popen[bytes] | None = None) -> bool:
    """Whether somebody listens at the port, within ten seconds and before the process ends."""
    for _ in range(1000):
        with closing(socket.socket()) as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return True
        if process and process.poll() is not None:
            break
        time.sleep(0.01)
    return False


@contextmanager
def serving(settings: str, port: int = 0) -> Iterator[int]:
    """A server for as long as the block lasts; its port. It listens in plain text unless the settings have `port 0`."""
    port = port or free_port()
    folder = Path(tempfile.mkdtemp(prefix="nf"))
    plain = "" if "tls-port" in settings else f"port {port}\n"
    process = start(folder, port, plain + settings.replace("PORT", str(port)))
    try:
        yield port
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Office:
    """Commands against one Redis, each in a process of its own, with the demo newsroom to crawl."""

    folder: Path
    env: Mapping[str, str]
    dying: Dying
    feeds: Path

    def run(self, *words: str) -> Done:
        """One command to its end: exit code and all it said."""
        begin, output = time.monotonic(), self.folder / "output.txt"
        code, calls = self.dying.run(words, 0, output)
        return Done(code, output.read_text(), "", time.monotonic() - begin, calls)

    def well(self, *words: str) -> str:
        """What a command said that must end with 0."""
        done = self.run(*words)
        assert done.code == 0, (words, done.code, done.out)
        return done.out


@contextmanager
def office(url: str, **env: str) -> Iterator[Office]:
    """An office at a Redis, and a newsroom."""
    folder = Path(tempfile.mkdtemp(prefix="nf"))
    try:
        with running_newsroom() as room:
            feeds = folder / "newsroom.opml"
            feeds.write_text(room.opml(), encoding="utf-8")
            whole = {
                **{name: value for name, value in os.environ.items() if not name.startswith("NEWSFOLD_")},
                "NEWSFOLD_HOME": str(folder / "home"),
                "NEWSFOLD_REDIS_URL": url,
                "NEWSFOLD_CRAWL_FEEDS": str(feeds),
                "NEWSFOLD_CRAWL_PROXY": room.proxy,
                "NEWSFOLD_CRAWL_DELAY": "0",
                "NEWSFOLD_CRAWL_EXTRACTORS": "1",
                **env,
            }
            with Dying(whole) as dying:
                yield Office(folder, whole, dying, feeds)
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)
