"""Every command as scripts and people meet it: help, JSON, pipes, mistakes, completion, and a terminal."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from newsfold.cli import app
from newsfold.cli.reference import reference
from newsfold.crawl import run_lock
from storage.embedded import EmbeddedServer
from tests.running import environment, run, told

ROOT = Path(__file__).parents[1]
FERRY = "The ferry Northern Pearl ran aground off Harrowmouth in thick fog on Monday. Rescue boats took all 214 passengers ashore."
ROWS = [
    {"id": "one", "title": "Ferry aground off Harrowmouth", "text": FERRY, "url": "https://a.example/1", "lang": "en", "published": "2026-11-23T08:00:00Z"},
    {"id": "two", "title": "214 saved from ferry", "text": FERRY + " Printed with additions.", "outlet": "b.example", "lang": "en", "published": "2026-11-23T09:00:00Z"},
    {"id": "three", "title": "Commander Lorring on the night of the Northern Pearl", "text": "Coastguard crews reached the Northern Pearl near Harrowmouth at five. Passengers, 214 of them, sang in the fog.", "outlet": "c.example", "lang": "en", "published": "2026-11-23T12:00:00Z"},
    {"id": "four", "title": "Bakers bring back the farthing loaf\tin\x1b[31m red", "text": "The queue went round the market square of Castlegate by noon.", "lang": "en", "outlet": "d.example"},
]  # fmt: skip


def commands() -> list[tuple[str, Any]]:
    """Every command by its words."""
    found = []
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        found.append((name, command))
        found += [(f"{name} {inner}", below) for inner, below in getattr(command, "commands", {}).items()]
    return found


COMMANDS = commands()


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_every_command_has_help_an_example_and_json(name: str, command: Any) -> None:
    assert command.help
    assert command.epilog
    assert command.epilog.startswith("Example: newsfold ")
    words = command.epilog.removeprefix("Example: newsfold ").split()
    assert words[: len(name.split())] == name.split()
    options = {option for param in command.params for option in param.opts}
    if name not in ("redis", "cron"):  # groups that do nothing by themselves
        assert "--json" in options
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    below = getattr(command, "commands", {}).values()
    assert used <= options | {o for one in below for param in one.params for o in param.opts}
    assert all(param.help for param in command.params)


def test_the_reference_is_what_the_program_says() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == reference(), (
        "python -m newsfold.cli.reference > docs/cli.md"
    )


# --- as programs

slow = pytest.mark.slow


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("t") / "home"
    assert run(home, "ingest", "-", stdin="\n".join(map(json.dumps, ROWS))).returncode == 0
    yield home
    EmbeddedServer(home).stop()


@pytest.mark.parametrize(
    "words",
    ["merge", "stories --sort colour", "stories --most none", "nonsense", "feeds nonsense", "story", "story s9", "undo 9",
     "search the", "prune --before soon", "restore /nowhere", "backup /nowhere/at/all", "cron show --every 7", "watch --since x"],
)  # fmt: skip
def test_mistakes_are_one_sentence(filled: Path, words: str) -> None:
    done = run(filled, *words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("newsfold")
    assert done.stderr.count("\n") == 1


@slow
def test_pipes(filled: Path) -> None:
    """One line a row, whole, plain; a reader that has enough is no error."""
    for words in (
        "stories",
        "story s",
        "search pearl",
        "timeline one",
        "stats",
        "doctor",
        "feeds",
        "corrections",
        "export",
        "why one two",
    ):
        done = run(
            filled,
            *(w if w != "s" else told(filled, "stories")[0]["id"] for w in words.split()),
            COLUMNS="40",
        )
        assert done.returncode in (0, 1), words
        assert not set(done.stdout) & set("\x1b│─━╭…"), words
    rows = [line.split("\t") for line in run(filled, "stories").stdout.splitlines()]
    assert {len(row) for row in rows} == {7}
    assert rows[1][-1] == "Bakers bring back the farthing loaf in red"
    shell = f'"{sys.executable}" -m newsfold export --text | head -c 5; echo " ${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", shell], capture_output=True, text=True, check=True, env=environment(filled)
    )
    assert (done.stdout, done.stderr) == ('{"id" 0\n', "")


@slow
def test_completion(filled: Path) -> None:
    asked = {"_NEWSFOLD_COMPLETE": "complete_bash", "COMP_WORDS": "newsfold stor", "COMP_CWORD": "1"}
    code = "import sys; sys.argv[0] = 'newsfold'; from newsfold.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(filled, **asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["stories", "story"]


def test_corrections_by_hand(filled: Path) -> None:
    ferry, bakers = (story["id"] for story in told(filled, "stories"))
    merged = told(filled, "merge", ferry[:6], bakers[:6], "--reason", "for once")
    assert (
        merged["correction"] | {"kind": "merge", "reason": "for once", "story": ferry} == merged["correction"]
    )
    assert not told(filled, "merge", ferry, bakers)["changed"]
    assert len(told(filled, "stories")) == 1
    split = told(filled, "split", ferry, "three")
    assert split["correction"]["other"] == told(filled, "article", "three")["story"]
    assert run(filled, "split", ferry, "three").returncode == 2
    assert "pinned" in run(filled, "pin", split["correction"]["other"]).stdout
    assert told(filled, "stories")[0]["id"] == split["correction"]["other"]
    assert (
        run(filled, "story", split["correction"]["other"])
        .stdout.splitlines()[1]
        .endswith("1 independent text · pinned")
    )
    assert told(filled, "hide", ferry)["changed"]
    assert [s["id"] for s in told(filled, "stories")] == [split["correction"]["other"]]
    assert len(told(filled, "stories", "--all")) == 2
    assert [c["kind"] for c in told(filled, "corrections")] == ["hide", "pin", "split", "merge"]
    for _ in range(4):
        assert told(filled, "undo")["changed"]
    assert {s["id"] for s in told(filled, "stories")} == {ferry, bakers}
    assert run(filled, "undo").returncode == 2


def test_search_and_timeline(filled: Path) -> None:
    assert [a["id"] for a in told(filled, "search", "pearl")] == ["three", "two", "one"]
    assert [a["id"] for a in told(filled, "search", "Northern Pearl", "boats")] == ["two", "one"]
    assert (
        told(filled, "search", "pearl", "--outlet", "c.example", "--since", "2026-11-01")[0]["id"] == "three"
    )
    texts = told(filled, "timeline", "https://a.example/1")["texts"]
    assert [[a["id"] for a in text["articles"]] for text in texts] == [["one", "two"], ["three"]]
    lines = run(filled, "timeline", "one").stdout.splitlines()
    assert next(line for line in lines if "└" in line).endswith("└ b.example: 214 saved from ferry")


def test_backup_and_restore(filled: Path, tmp_path: Path) -> None:
    file, home = tmp_path / "all", tmp_path / "home"
    made = told(filled, "backup", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(filled, "restore", str(file)).returncode == 2
    try:
        assert told(home, "restore", str(file))["keys"] == made["keys"]
        assert run(home, "export", "--text").stdout == run(filled, "export", "--text").stdout
        with run_lock(home) as ours:
            assert ours
            assert "going on" in run(home, "restore", str(file), "--force").stderr
        assert told(home, "restore", str(file), "--force")["keys"] == made["keys"]
        assert told(home, "prune", "--before", "2030-01-01")["articles"] == 4
        assert told(home, "stories") == []
    finally:
        EmbeddedServer(home).stop()


def test_stats_and_doctor(filled: Path) -> None:
    found = told(filled, "stats")
    assert (found["articles"], found["texts"]) == (4, 3)
    assert found["languages"] == {"en": {"stories": 2, "texts": 3, "articles": 4}}
    names = {one["name"]: one["level"] for one in told(filled, "doctor")}
    assert {
        "redis",
        "memory",
        "eviction",
        "persistence",
        "schema",
        "clock",
        "schedule",
        "feeds",
        "folder",
        "disk",
    } <= names.keys()
    nobody = run(filled, "doctor", "--redis", "redis://127.0.0.1:1/0")
    assert nobody.returncode == 1
    assert "WRONG  redis" in nobody.stdout


def test_cron_into_a_file(filled: Path, tmp_path: Path) -> None:
    tab = tmp_path / "tab"
    tab.write_text("0 1 * * * other\n")
    line = told(filled, "cron", "install", "--file", str(tab))["line"]
    assert line in tab.read_text()
    assert told(filled, "cron", "show")["line"] == line
    assert told(filled, "cron", "remove", "--file", str(tab))["done"] == "removed"
    assert tab.read_text() == "0 1 * * * other\n"
    assert "[Timer]" in run(filled, "cron", "show", "--systemd").stdout


@slow
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_watch_ends_at_ctrl_c(filled: Path, words: tuple[str, ...]) -> None:
    watching = subprocess.Popen(
        [sys.executable, "-m", "newsfold", "watch", "--since", "1d", *words], env=environment(filled), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert watching.stdout
    # It is stopped once it has shown what the test looks for, which on a busy machine takes a while.
    first = watching.stdout.readline()
    shown = first
    while "story.updated" not in shown and (line := watching.stdout.readline()):
        shown += line
    watching.send_signal(signal.SIGINT)
    rest, errors = watching.communicate(timeout=20)
    assert (watching.returncode, errors) == (0, "")
    if words:
        events = [json.loads(line) for line in (shown + rest).splitlines()]
        assert {e["type"] for e in events} >= {"story.created", "story.updated"}
        assert events[0]["now"]["headline"]
    else:
        assert first.split("\t")[1] == "story.created"


@slow
@pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")
def test_a_terminal_of_80_columns(filled: Path, tmp_path: Path) -> None:
    """Columns and frames there, nothing wider than the screen, and a live view that grows."""
    socket, more = (
        str(tmp_path / "tmux"),
        json.dumps({**ROWS[0], "id": "five", "outlet": "e.example", "url": ""}),
    )

    def tmux(*words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", socket, *words],
            capture_output=True,
            text=True,
            check=True,
            env=environment(filled, LC_ALL="C.UTF-8"),
        )
        return done.stdout

    def screen(wanted: str) -> str:
        for _ in range(100):
            shown = tmux("capture-pane", "-p", "-t", "x")
            if wanted in shown:
                return shown
            time.sleep(0.1)
        raise AssertionError(shown)

    program = f"{sys.executable} -m newsfold"
    tmux(
        "new-session",
        "-d",
        "-s",
        "x",
        "-x",
        "80",
        "-y",
        "30",
        f"{program} stories; {program} watch; echo over $?; sleep 30",
    )
    try:
        stories = screen("Ctrl-C ends")
        assert "headline" in stories
        assert "Ferry aground off Harr" in stories
        assert "Bakers bring back the farthing…" in stories
        run(filled, "ingest", "-", stdin=more)
        assert "Ferry aground" in screen("+1")
        tmux("send-keys", "-t", "x", "C-c")
        assert "Traceback" not in screen("over 0")
    finally:
        tmux("kill-server")
