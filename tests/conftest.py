"""What tests share: a real server of their own, and articles."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import redis
from aiohttp import web
from multidict import CIMultiDict

from dedup.clean import clean
from dedup.model import Article
from newsfold.web.server import build_app
from storage.connect import connect
from storage.embedded import EmbeddedServer

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def data() -> Path:
    """The measuring data, or a skip that says what is missing."""
    folder = Path(os.environ.get("NEWSFOLD_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the measuring data is not at {folder}; NEWSFOLD_DATA names another folder")
    return folder


@pytest.fixture(scope="session")
def server_home() -> Iterator[Path]:
    """The data folder of one embedded server for the whole run of this process."""
    home = Path(tempfile.mkdtemp(prefix="nf"))
    yield home
    EmbeddedServer(home).stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def client(server_home: Path) -> Iterator[redis.Redis]:
    """An empty real server."""
    with connect(None, server_home) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose server, if one was started, is stopped at the end."""
    folder = tmp_path / "home"
    yield folder
    for used in (folder, folder / "demo"):
        if used.exists():
            EmbeddedServer(used).stop()


@pytest.fixture
def write() -> Callable[..., Article]:
    """Makes articles: `write(id, text, title=…, outlet=…, lang=…, published=…)`."""

    def make(identity: str, text: str, title: str = "", **fields: object) -> Article:
        cleaned = clean(title, [("paragraph", line) for line in text.splitlines()])
        values = {"url": "", "outlet": "", "lang": "en", "seen": NOW, "published": NOW, **fields}
        return Article(
            id=identity,
            title=cleaned.title,
            segments=cleaned.segments,
            repeats=cleaned.repeats,
            headline_in_text=cleaned.headline_in_text,
            **values,  # type: ignore[arg-type]
        )

    return make


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Served:
    """An aiohttp application on loopback, asked by real HTTP."""

    def __init__(self, app: web.Application) -> None:
        self._runner, self._app = asyncio.Runner(), web.AppRunner(app)
        self._runner.run(self._app.setup())
        self._runner.run(web.TCPSite(self._app, "127.0.0.1", 0).start())
        self.base = f"http://127.0.0.1:{self._app.addresses[0][1]}"

    def close(self) -> None:
        self._runner.run(self._app.cleanup())
        self._runner.close()

    def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
        return self._runner.run(self._ask(path, method, {"Accept-Encoding": "identity", **(headers or {})}))

    async def _ask(self, path: str, method: str, headers: Mapping[str, str]) -> Answer:
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(method, self.base + path, headers=headers) as response,
        ):
            return Answer(response.status, CIMultiDict(response.headers), await response.read())


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serves the web application: `serve(reader, public_url=…)`."""
    running = []

    def start(reader: Any, **options: Any) -> Served:
        running.append(Served(build_app(reader, **options)))
        return running[-1]

    yield start
    for one in running:
        one.close()


@dataclass(frozen=True)
class CliRedis:
    """A server by its socket, asked by redis-cli and nothing else."""

    socket: Path

    def ask(self, commands: Sequence[Sequence[str]]) -> list[object]:
        """Replies as JSON, one a command."""
        said = "\n".join(
            " ".join(json.dumps(word, ensure_ascii=False) for word in command) for command in commands
        )
        done = subprocess.run(
            ["redis-cli", "-s", str(self.socket), "--json"],
            input=said,
            capture_output=True,
            text=True,
            check=True,
        )
        replies = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(replies) == len(commands)
        return replies

    def names(self) -> list[str]:
        done = subprocess.run(
            ["redis-cli", "-s", str(self.socket), "--scan"], capture_output=True, text=True, check=True
        )
        return sorted(done.stdout.splitlines())

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"


def _corrected(home: Path) -> None:
    """An operator puts some of the stories right."""

    def newsfold(*words: str) -> str:
        command = [sys.executable, "-m", "newsfold", "--home", str(home / "demo"), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    told = [story["id"] for story in json.loads(newsfold("stories", "--json"))]
    for words in (("pin", told[0]), ("hide", told[3]), ("merge", told[1], told[2], "--reason", "one event")):
        newsfold(*words)


@pytest.fixture(scope="session")
def crawled() -> Iterator[CliRedis]:
    """The Redis of a crawl of the demo newsroom, and of some corrections."""
    if not shutil.which("redis-cli"):
        pytest.skip("redis-cli is not installed (Debian package redis-tools)")
    home = Path(tempfile.mkdtemp(prefix="nf"))
    try:
        command = [sys.executable, "-m", "newsfold", "--home", str(home), "demo"]
        subprocess.run(command, check=True, capture_output=True, cwd=home)
        _corrected(home)
        yield CliRedis(EmbeddedServer(home / "demo").status().socket)
    finally:
        EmbeddedServer(home / "demo").stop()
        shutil.rmtree(home, ignore_errors=True)
