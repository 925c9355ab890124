"""The production shape: held against the Compose specification's own schema, and brought up by a real Docker engine.

tests/data/compose-spec.json is that schema, Apache-2.0, by the Compose specification's authors.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.engine import OUTSIDE, Engine, compose_words, engine

ROOT = Path(__file__).parents[1]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
FEEDS = f"http://{OUTSIDE}:8000"
PARAGRAPH = "The ferry ran aground off Harrowmouth in fog, and 214 passengers were taken ashore by boats. "
# Serves its folder, and says who asks.
SITE = f"""
from http.server import HTTPServer, SimpleHTTPRequestHandler
class Site(SimpleHTTPRequestHandler):
    def log_message(self, *args): print(self.headers["User-Agent"], flush=True)
HTTPServer(("{OUTSIDE}", 8000), Site).serve_forever()
"""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_it_follows_the_schema(compose: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "tests" / "data" / "compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(compose)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate({"services": {"redis": {"imagine": "redis"}}})


def test_redis_keeps_its_data_and_has_a_limit(compose: dict[str, Any]) -> None:
    command = compose["services"]["redis"]["command"]
    assert "--appendonly yes" in command
    assert "--appendfsync everysec" in command
    assert "--rdbcompression no" in command
    assert re.search(r"--maxmemory \d+\w+ --maxmemory-policy noeviction", command)
    assert "ports" not in compose["services"]["redis"]


def test_crawler_and_web_use_it(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"redis", "crawler", "web"}
    for name in ("crawler", "web"):
        assert services[name]["environment"]["NEWSFOLD_REDIS_URL"] == "redis://redis:6379/0"
        assert services[name]["depends_on"]["redis"]["condition"] == "service_healthy"
    assert all(port.startswith("127.0.0.1:") for port in services["web"]["ports"])
    named = {
        v.split(":")[0] for s in services.values() for v in s.get("volumes", []) if not v.startswith(".")
    }
    assert named == set(compose["volumes"])


def test_what_the_image_copies_is_there() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    sources = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert sources
    assert all((ROOT / source).exists() for source in sources)


@pytest.fixture
def place(tmp_path: Path, compose: dict[str, Any]) -> Path:
    """A folder as one has it who follows the document: what was cloned, and `feeds.opml` beside it."""
    place, site = tmp_path / "newsfold", tmp_path / "site"
    spare = shutil.ignore_patterns(
        *(ROOT / ".dockerignore").read_text().split(), ".*_cache", "__pycache__", "docs"
    )
    shutil.copytree(ROOT, place, ignore=spare)
    for name in ("Dockerfile", "docker-compose.yml"):
        assert (place / name).read_bytes() == (ROOT / name).read_bytes()
    site.mkdir()
    page = f"<title>Ferry aground</title><article><h1>Ferry aground</h1><p>{PARAGRAPH * 4}</p></article>"
    (site / "ferry.html").write_text(f"<!doctype html><html lang=en>{page}</html>", encoding="utf-8")
    item = f"<item><title>Ferry aground off Harrowmouth</title><link>{FEEDS}/ferry.html</link></item>"
    (site / "rss.xml").write_text(
        f"<rss version='2.0'><channel><title>A</title>{item}</channel></rss>", encoding="utf-8"
    )
    outline = f"<outline type='rss' xmlUrl='{FEEDS}/rss.xml'/>"
    (place / "feeds.opml").write_text(f"<opml version='2.0'><body>{outline}</body></opml>", encoding="utf-8")
    return place


@contextmanager
def published(docker: Engine, folder: Path) -> Iterator[Path]:
    """The outlet on the engine's machine; the file in which it says who asked."""
    said = folder.parent / "asked"
    with said.open("wb") as out, subprocess.Popen(docker.beside(sys.executable, "-c", SITE), cwd=folder, stdout=out) as site:  # fmt: skip
        try:
            yield said
        finally:
            site.terminate()


def page_with(docker: Engine, text: str) -> str:
    """The page at the address of the document, once it has a text."""
    (address,) = re.findall(r"The page is on (\S+) of that machine", OPERATIONS)
    ask = f"import urllib.request as r; print(r.urlopen({address!r}, timeout=5).read().decode())"
    until = time.monotonic() + 60
    while True:
        done = subprocess.run(docker.beside(sys.executable, "-c", ask), capture_output=True, text=True, check=False)  # fmt: skip
        if text in done.stdout:
            return done.stdout
        assert time.monotonic() < until, done.stdout + done.stderr
        time.sleep(0.3)


@pytest.mark.slow
def test_what_operations_says_of_it_happens(place: Path) -> None:
    """Image built, services up in their order, the feed of `feeds.opml` crawled under the contact, its story on the page."""
    (line,) = re.findall(r"`(docker compose [^`]+)`", OPERATIONS)
    with engine() as docker, published(docker, place.parent / "site") as asked:
        docker.take("python:3.13-slim", "redis:7-alpine")
        words = [*compose_words(), *shlex.split(line)[2:]]
        docker.run(*words, cwd=place, NEWSFOLD_CRAWL_CONTACT="news@publisher.example")
        assert "Ferry aground off Harrowmouth" in page_with(docker, "Ferry aground")
        (asks,) = set(asked.read_text().splitlines())
        assert re.fullmatch(r"newsfold/\S+ \(\+news@publisher\.example\)", asks)
        services = docker.run("docker", "ps", "--format", "{{.Names}} {{.Status}}")
        assert len(re.findall(r"(?:redis|crawler|web)\S* Up", services)) == 3, services
        assert re.search(r"redis\S* Up .*\(healthy\)", services)
