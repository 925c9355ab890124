"""What the documents say is run: every redis-cli example, every command and option they name."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any

import pytest
import redis

from crawler.model import FeedSpec
from dedup.furniture import Phrase, Sighting
from dedup.model import Article
from dedup.thresholds import MinHashConfig
from pipelines.placing import Placer, Rules, Submission
from storage.corrections import Corrections
from storage.index import DAY, Index
from storage.keys import Keys, short_hash
from storage.outlets import Lesson
from storage.queue import FeedQueue
from storage.schema import check_schema

ROOT = Path(__file__).parents[1]
SCHEMA = (ROOT / "docs" / "redis-schema.md").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEXT = "The ferry ran aground off Harrowmouth in fog, and 214 passengers were taken ashore by boats."


@pytest.fixture
def ids(client: redis.Redis, write: Callable[..., Article]) -> dict[str, str]:
    """A filled Redis and the names that the examples use."""
    minhash = check_schema(client, Keys(), MinHashConfig())
    articles = [
        write(i, TEXT, "Ferry aground", outlet=f"{i}.example", url=f"http://{i}.example/") for i in "ab"
    ]
    german = "Die Fähre lief vor Harrowmouth im Nebel auf Grund, Boote brachten 214 Fahrgäste an Land."
    articles.append(write("c", german, "Fähre vor Harrowmouth aufgelaufen", outlet="c.example", lang="de"))
    placed = Placer(Index(client, Keys(), config=minhash), Rules(minhash=minhash)).place(
        [Submission(a, (a.url,) if a.url else ()) for a in articles], NOW
    )
    (feed,) = FeedQueue(client, Keys(), token="t").add_feeds([FeedSpec("http://a.example/feed")], NOW)
    client.hset(f"newsfold:feed:{feed}", mapping={"result": "unchanged"})
    lesson = Lesson("a.example", Sighting("a", (), ()), (Phrase("tail", "read more on a example"),))
    index = Index(client, Keys(), config=minhash)
    index.run(index.outlets.ask_learn("en", [lesson], NOW))
    desk = Corrections(client, Keys(), retention=30 * DAY, window=3 * DAY)
    desk.mark(placed[0].story, "pin", NOW, "the story of the day")
    return {
        "STORY": placed[0].story,
        "GROUP": placed[0].group,
        "ARTICLE": "a",
        "URLHASH": short_hash("http://a.example/"),
        "FEED": feed,
        "OUTLET": "a.example",
    }


def _run(client: redis.Redis, words: list[str]) -> str:
    """By redis-cli where the machine has it, else by the same command over redis-py."""
    if shutil.which("redis-cli"):
        socket = client.connection_pool.connection_kwargs["path"]
        done = subprocess.run(["redis-cli", "-s", socket, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()
    return str(client.execute_command(*words) or "")  # type: ignore[no-untyped-call]


EXAMPLES = re.findall(r"^redis-cli (.+)$", SCHEMA, re.M)


@pytest.mark.parametrize("example", EXAMPLES)
def test_redis_examples_bring_something(example: str, client: redis.Redis, ids: dict[str, str]) -> None:
    answer = _run(client, shlex.split(Template(example).substitute(ids)))
    assert answer
    assert "ERR" not in answer


DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def spans(document: Path) -> list[str]:
    """What stands in code inside the text, and the lines of blocks."""
    text = document.read_text(encoding="utf-8").replace("\\|", "|")
    parts = re.split(r"^```.*$", text, flags=re.M)
    lines = [
        line.removeprefix("$ ").removeprefix(".venv/bin/")
        for block in parts[1::2]
        for line in block.splitlines()
    ]
    return [span for part in parts[::2] for span in re.findall(r"`([^`\n]+)`", part)] + lines


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_a_document_are_such_with_an_example_that_is_run(document: Path) -> None:
    """Their names and options; `test_examples.py` runs one of each."""
    from typer.main import get_command

    from newsfold.cli import app

    root: Any = get_command(app)
    common = {option for param in root.params for option in param.opts}
    for span in spans(document):
        for said in re.findall(r"(?:^|\* |; )newsfold ((?:--home|[a-z]).*?)(?:;|$)", span):
            words = re.sub(r"--home \S+|[\[\]…]", " ", said).split()
            below = getattr(root.commands[words[0]], "commands", {})
            named = [below[name] for name in (words[1:2] or [""])[0].split("|") if name in below]
            options = {
                o for one in (root.commands[words[0]], *named) for param in one.params for o in param.opts
            }
            assert not re.match("[a-z|]+$", "".join(words[1:2])) or not below or named, (
                f"{document.name}: {said}"
            )
            used = {word for word in words if word.startswith("-") and word != "-"}
            assert used <= options | common, f"{document.name}: {said} has {used - options - common}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_and_modules_in_a_document_are_there(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for span in spans(document):
        assert set(re.findall(r"^make ([a-z-]+)", span)) <= targets, span
        for module, rest in re.findall(r"^python -m ([\w.]+)(.*)", span):
            if module.split(".")[0] in ("benchmarks", "newsfold") and module != "benchmarks.NAME":
                source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
                assert all(f'"{option}"' in source for option in re.findall(r"--[\w-]+", rest)), span


def test_the_commands_of_every_day_are_in_the_readme() -> None:
    named = {
        word
        for span in spans(ROOT / "README.md")
        for word in re.findall(r"newsfold (?:--home \S+ )?([a-z]+)", span)
    }
    assert {"crawl", "stories", "story", "why"} <= named
