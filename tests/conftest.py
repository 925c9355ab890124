"""What tests share: a real server of their own, and articles."""

from __future__ import annotations

import asyncio
import gc
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
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    import redis
    from aiohttp import web

    from dedup.model import Article

# This file is read by the process that hands the tests out as well, before any is: so what only fixtures need is
# imported in them.

# How long an example takes is the machine's affair; what must be quick is measured by `tests.timing`.
settings.register_profile("newsfold", deadline=None)
settings.load_profile("newsfold")

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not look through all of it again and again."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


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
    from storage.embedded import EmbeddedServer

    home = Path(tempfile.mkdtemp(prefix="nf"))
    yield home
    EmbeddedServer(home).stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def client(server_home: Path) -> Iterator[redis.Redis]:
    """An empty real server."""
    from storage.connect import connect

    with connect(None, server_home) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose server, if one was started, is stopped at the end."""
    from storage.embedded import EmbeddedServer

    folder = tmp_path / "home"
    yield folder
    for used in (folder, folder / "demo"):
        if used.exists():
            EmbeddedServer(used).stop()


@pytest.fixture
def write() -> Callable[..., Article]:
    """Makes articles: `write(id, text, title=…, outlet=…, lang=…, published=…)`."""
    from dedup.clean import clean
    from dedup.model import Article

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
        from aiohttp import web

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
        import aiohttp
        from multidict import CIMultiDict

        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(method, self.base + path, headers=headers) as response,
        ):
            return Answer(response.status, CIMultiDict(response.headers), await response.read())


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serves the web application: `serve(reader, public_url=…)`."""
    from newsfold.web.server import build_app

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


def _correct(socket: Path) -> None:
    """What an operator puts right, of each kind."""
    import redis

    from storage.corrections import Corrections
    from storage.keys import Keys
    from storage.reader import Reader

    now = datetime.now(UTC)
    with redis.Redis(unix_socket_path=str(socket)) as client:
        desk = Corrections(client, Keys(), retention=30 * 86_400, window=3 * 86_400)
        reader = Reader(client)
        small = [story.id for story in reader.stories() if story.lang == "en" and story.articles == 1]
        large = max(reader.stories(), key=lambda story: story.groups)
        whole = reader.story(large.id)
        assert whole is not None
        desk.merge(small[0], small[1], now, "one event")
        desk.mark(small[2], "pin", now)
        desk.mark(small[3], "hide", now)
        desk.split(large.id, [whole.groups[-1].id], now)
        desk.undo(desk.merge(small[4], small[5], now), now)


@pytest.fixture(scope="session")
def crawled() -> Iterator[CliRedis]:
    """The Redis of a crawl of the demo newsroom."""
    from storage.embedded import EmbeddedServer

    if not shutil.which("redis-cli"):
        pytest.skip("redis-cli is not installed (Debian package redis-tools)")
    home = Path(tempfile.mkdtemp(prefix="nf"))
    try:
        command = [sys.executable, "-m", "newsfold", "--home", str(home), "demo"]
        subprocess.run(command, check=True, capture_output=True, cwd=home)
        socket = EmbeddedServer(home / "demo").status().socket
        _correct(socket)
        yield CliRedis(socket)
    finally:
        EmbeddedServer(home / "demo").stop()
        shutil.rmtree(home, ignore_errors=True)
