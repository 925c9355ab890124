"""The examples of README and docs are what happens: their commands run, their options are options, their files are there."""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from newsfold.config import load_config
from storage.embedded import EmbeddedServer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# What differs from run to run: how long it took, when something was, what came first and was compared with what (in brackets).
_ID = re.compile(r"[sga][0-9a-f]{6,16}")
_VARIES = re.compile(
    r"^seconds .*|\b\d+ new, \d+ grown|\b\d+ (?:min|h|d)\b(?: ago)?|\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\dZ)?|\([^()]*\)|\s+",
    re.M,
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
        return _printed([*command, *words], folder)

    found, ids = {}, dict[str, str]()
    try:
        for line, _ in examples():
            words = shlex.split(line)
            if words[0] == "make":
                found[line] = _made(words, folder)
                ids = _ids(found[line])
            else:
                found[line] = run([ids.get(word, word) for word in words[1:]])
        yield found
    finally:
        EmbeddedServer(folder / ".newsfold" / "demo").stop()


def _printed(command: list[str], folder: Path) -> str:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "COLUMNS": "120", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=env, cwd=folder, capture_output=True, text=True, timeout=100, check=True
    )
    return done.stdout


def _made(words: list[str], folder: Path) -> str:
    """`make` with an environment that is there: setting one up is what a continuous integration does."""
    (folder / "venv" / "bin").mkdir(parents=True)
    program = folder / "venv" / "bin" / "newsfold"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m newsfold "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    for name in ("pip", "ready"):
        (folder / "venv" / name).touch()
    given = {"VENV": folder / "venv", "DEMO_HOME": folder / ".newsfold", "PYTHON": sys.executable}
    return _printed([*words, "-C", str(ROOT), *(f"{name}={value}" for name, value in given.items())], folder)


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


@pytest.mark.slow
def test_the_proxy_of_the_documents_asks_who_is_there_and_takes_the_path_off(tmp_path: Path) -> None:
    if not shutil.which("nginx"):
        pytest.skip("nginx is not installed (Debian package nginx-light)")
    (block,) = blocks((ROOT / "docs" / "operations.md").read_text(encoding="utf-8"), "nginx")
    with socket.socket() as free, HTTPServer(("127.0.0.1", 0), _Told) as behind:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        threading.Thread(target=behind.serve_forever, daemon=True).start()
        (tmp_path / "news.htpasswd").write_text("editor:{PLAIN}secret\n", encoding="utf-8")
        place = block.replace("/etc/nginx", str(tmp_path)).replace(
            "127.0.0.1:8080", f"127.0.0.1:{behind.server_port}"
        )
        user = "user root;" if os.geteuid() == 0 else ""
        server = f"access_log off; server {{ listen 127.0.0.1:{port}; {place} }}"
        config = f"{user} daemon off; pid {tmp_path}/pid; error_log stderr; events {{}} http {{ {server} }}"
        (tmp_path / "nginx.conf").write_text(config, encoding="utf-8")
        running = subprocess.Popen(
            ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.PIPE
        )
        try:
            assert _status(f"http://127.0.0.1:{port}/news/feeds") == (401, b"")
            assert _status(f"http://127.0.0.1:{port}/news/feeds?a=1", "editor:secret") == (200, b"/feeds?a=1")
        finally:
            running.terminate()
            running.communicate()
            behind.shutdown()


class _Told(BaseHTTPRequestHandler):
    """Answers with the path that it was asked for."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_: object) -> None: ...


def _status(url: str, login: str = "") -> tuple[int, bytes]:
    """Status and body (of a good answer), once the server listens."""
    headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if login else {}
    until = time.monotonic() + 10
    while True:
        try:
            with urlopen(Request(url, headers=headers), timeout=5) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            error.close()
            return error.code, b""
        except URLError:
            assert time.monotonic() < until
            time.sleep(0.05)


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
