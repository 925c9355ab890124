"""The demo newsroom with a server of its own, and whole crawls of it as an operator runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from benchmarks.dying import Dying
from newsfold.demo.newsroom import Newsroom, running_newsroom
from storage.connect import connect
from storage.embedded import EmbeddedServer
from storage.reader import Reader

ROOT = Path(__file__).parents[1]
LONGEST = 120.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A newsroom that is served, a data folder, and the environment of the commands that are run there."""

    home: Path
    room: Newsroom
    client: redis.Redis
    dying: Dying
    env: Mapping[str, str]

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """The command `newsfold`; its standard input is a pipe that stays open."""
        return subprocess.Popen(
            [sys.executable, "-m", "newsfold", *words],
            cwd=ROOT,
            env={**self.env, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **env: str) -> Done:
        """The same to its end."""
        begin = time.monotonic()
        return finish(self.start(*words, **env), begin)

    def fork(self, *words: str, moment: int = 0) -> Done:
        """The same in a process that is forked, so sooner, and that dies before that call to Redis (`benchmarks.dying`)."""
        begin, output = time.monotonic(), self.home.parent / "output.txt"
        code, calls = self.dying.run(words, moment, output)
        return Done(code, "", output.read_text(), time.monotonic() - begin, calls)


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended: its exit code, what it said, how many seconds it took, and its calls to Redis."""

    code: int
    out: str
    err: str
    seconds: float
    calls: int = 0


def finish(process: subprocess.Popen[str], begin: float) -> Done:
    """Wait for a command that was started at `begin` (monotonic)."""
    try:
        out, err = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Done(process.returncode, out, err, time.monotonic() - begin)


@contextmanager
def scene(**env: str) -> Iterator[Scene]:
    """A scene with the embedded server, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="nf") as folder, running_newsroom() as room:
        home = Path(folder) / "home"
        feeds = Path(folder) / "newsroom.opml"
        feeds.write_text(room.opml(), encoding="utf-8")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSFOLD_")}
        given = {
            "NEWSFOLD_HOME": str(home),
            "NEWSFOLD_CRAWL_FEEDS": str(feeds),
            "NEWSFOLD_CRAWL_PROXY": room.proxy,
            "NEWSFOLD_CRAWL_DELAY": "0",
            "NEWSFOLD_CRAWL_EXTRACTORS": "1",
        }
        try:
            whole = {**clean, **given, **env}
            with connect(None, home) as client, Dying(whole) as dying:
                yield Scene(home, room, client, dying, whole)
        finally:
            EmbeddedServer(home).stop()


def as_lines(client: redis.Redis, file: Path) -> Path:
    """What is stored, as JSON Lines to ingest."""
    with file.open("w", encoding="utf-8") as out:
        for a in Reader(client).all_articles():
            row = {
                "id": a.id,
                "url": a.url,
                "outlet": a.outlet,
                "lang": a.lang,
                "title": a.title,
                "text": a.text,
            }
            out.write(
                json.dumps({**row, "published": a.published.isoformat() if a.published else None}) + "\n"
            )
    return file
