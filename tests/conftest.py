"""What tests share: a real server of their own, and articles."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from dedup.clean import clean
from dedup.model import Article
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
