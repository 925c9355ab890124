"""The examples of README and docs are what happens: their commands run, their options are options, their files are there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsfold.config import load_config
from storage.embedded import EmbeddedServer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# What differs from run to run: how long it took, when something was, what came first and was compared with what (in brackets).
_ID = re.compile(r"[sga][0-9a-f]{6,16}")
_VARIES = re.compile(
    r"^seconds .*|\b\d+ (?:min|h|d)\b(?: ago)?|\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\dZ)?|\([^()]*\)|\s+", re.M
)


def blocks(text: str, kind: str = r"\w*") -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.M | re.S)


def examples() -> list[tuple[str, list[str]]]:
    """Each `$ command` of the README with the lines that are shown below it."""
    parts = (part for block in blocks(README, "") for part in re.split(r"^\$ ", block, flags=re.M)[1:])
    return [(lines[0], lines[1:]) for part in parts if (lines := part.splitlines())]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the README's commands print, on a machine that has never seen newsfold."""
    folder = tmp_path_factory.mktemp("nf")
    command = [sys.executable, "-m", "newsfold"]

    def run(words: list[str]) -> str:
        env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "COLUMNS": "120", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [*command, *words], env=env, cwd=folder, capture_output=True, text=True, timeout=100, check=True
        )
        return done.stdout

    found, ids = {}, dict[str, str]()
    try:
        for line, _ in examples():
            words = shlex.split(line)
            if words[0] == "make":
                found[line] = run(["--home", ".newsfold", "demo"])
                ids = _ids(found[line])
            else:
                found[line] = run([ids.get(word, word) for word in words[1:]])
        yield found
    finally:
        EmbeddedServer(folder / ".newsfold" / "demo").stop()


def _ids(printed: str) -> dict[str, str]:
    """The id that each story of the README has here: it is by the article that happened to come first."""
    here = {row[-1]: row[0] for line in printed.splitlines() if len(row := line.split("\t")) > 1}
    rows = re.findall(r"^(s[0-9a-f]{6})  .*  (\S.*)$", README, re.M)
    return {story: here[headline] for story, headline in rows}


@pytest.mark.slow
@pytest.mark.parametrize(("command", "lines"), examples(), ids=[command for command, _ in examples()])
def test_the_readme_shows_what_is_printed(command: str, lines: list[str], shown: dict[str, str]) -> None:
    def plain(text: str) -> str:
        return _VARIES.sub(" ", text.replace("\t", " ")).strip()

    printed = [plain(re.sub(r"\s+", " ", line)) for line in shown[command].splitlines()]
    printed = [re.sub(r" +", " ", line) for line in printed]
    for line in lines:
        expected = re.sub(r" +", " ", plain(re.sub(r"\s+", " ", line)))
        # An id may be cut short, and a table's row is cut or in full; "…" stands for what is left out.
        if expected and "…" not in expected and not expected.startswith("id "):
            words = [word for word in expected.split(" ") if word]
            assert any(_has(row, words) for row in printed), f"{line!r} is not what {command!r} prints"


def _has(row: str, words: list[str]) -> bool:
    there = row.split(" ")
    same = (a.startswith(b) or bool(_ID.fullmatch(b)) for a, b in zip(there, words, strict=False))
    return len(there) >= len(words) and all(same)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_configuration_in_the_documents_is_one(document: Path, tmp_path: Path) -> None:
    for block in blocks(document.read_text(encoding="utf-8"), "toml"):
        assert tomllib.loads(block)
        (tmp_path / "newsfold.toml").write_text(block, encoding="utf-8")
        load_config({}, folder=tmp_path)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", text):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_modules_and_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for module in set(re.findall(r"python -m (benchmarks\.[a-z_]+)", text)):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), f"{document.name} names {module}"
    if document.name != "decisions.md":  # which tells of what was, too
        for path in set(
            re.findall(r"`((?:crawler|dedup|storage|pipelines|newsfold|tests)/[\w/]+\.\w+)`", text)
        ):
            assert (ROOT / path).exists(), f"{document.name} names {path}"
