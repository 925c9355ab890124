"""Every command in the documents, in a line of prose or of a block, is one that a test runs; a new one is told here."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from redis.crc import key_slot

from tests.redises import free_port, serving

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAM = re.compile(
    r"(?:\$ )?(?:[\w.-]+/bin/)?(?:newsfold|make|python|pip|docker|systemctl|loginctl|redis-cli|scrapy|curl|git|apt|apt-get|sh|npm|crontab|podman|kill)\b(?= )"
)
# Which test runs a command, by how it begins; `test_that_test_is_there` looks each up.
RUN_BY = {
    r"make (demo)$": "test_readme.py::test_the_readme_shows_what_is_printed",
    r"make crawl ": "test_contributing.py::test_a_list_is_crawled_by_make",
    r"make (check|test)$": "test_contributing.py::test_each_line_of_make_runs",
    r"make setup-dev$": "test_contributing.py::test_an_environment_that_is_there_is_not_set_up_again",
    r"make test-cluster$": "test_cluster.py::",
    r"make test-benchmarks$": "test_benchmark_commands.py::test_a_benchmark_measures",
    r"make bench NAME=": "test_contributing.py::test_a_benchmark_runs_by_make_beside_its_peers",
    r"make fuzz$": "test_contributing.py::test_each_reader_is_fuzzed_by_make",
    r"make soak$": "test_benchmark_commands.py::test_a_benchmark_measures",
    r"python -m benchmarks\.": "test_benchmark_commands.py::test_a_benchmark_measures",
    r"python -m newsfold\.cli\.reference > docs/cli\.md$": "test_terminal.py::",
    r"scrapy crawl feeds$": "test_crawl.py::test_scrapy_crawl_is_the_same_spider",
    r"newsfold --install-completion$": "test_documented_commands.py::test_the_shell_is_taught",
    r"(\.venv/bin/)?newsfold ": "test_docs.py::test_commands_in_a_document_are_such_with_an_example_that_is_run",
    r"\.venv/bin/pip install -e '\.\[\w+\]'$": "test_install.py::test_an_extra_is_installed_as_the_document_says",
    r"docker compose up -d$": "test_compose.py::test_what_operations_says_of_it_happens",
    r"(systemctl --user|loginctl) enable": "test_systemd.py::test_the_timer_is_enabled_and_runs_while_logged_out",
    r"redis-cli CLUSTER KEYSLOT ": "test_documented_commands.py::test_a_cluster_says_which_slot_is_meant",
    r"redis-cli (?!CLUSTER)\w+ ": "test_docs.py::test_redis_examples_bring_something",
    r"curl ": "test_readers_doc.py::test_shell_blocks_run",
}
# Said of what somebody else does, and nothing to be typed.
NAMED = {"kill -9"}


def lines(document: Path) -> list[tuple[str, str]]:
    """The commands of a document: spans of code in the text, and lines of blocks, without what follows `#`."""
    text = document.read_text(encoding="utf-8").replace("\\|", "|")
    parts = re.split(r"^```.*$", text, flags=re.M)
    spans = [span for part in parts[::2] for span in re.findall(r"`([^`\n]+)`", part)]
    spans += [line for part in parts[1::2] for line in part.splitlines()]
    told = (re.sub(r"\s+#.*", "", span).strip() for span in spans)
    return [(document.name, line.removeprefix("$ ")) for line in told if PROGRAM.match(line)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_has_its_test(document: Path) -> None:
    strange = [
        line for _, line in lines(document) if line not in NAMED and not any(re.match(known, line) for known in RUN_BY)
    ]  # fmt: skip
    assert strange == []


def test_no_entry_is_left_over() -> None:
    every = [line for document in DOCUMENTS for _, line in lines(document)]
    assert len(every) > 150
    assert [known for known in RUN_BY if not any(re.match(known, line) for line in every)] == []
    assert set(every) >= NAMED


@pytest.mark.parametrize("named", sorted(set(RUN_BY.values())))
def test_that_test_is_there(named: str) -> None:
    file, name = named.split("::")
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {name or 'test_'}", text, re.M), f"{file} has no {name}"


def test_a_cluster_says_which_slot_is_meant() -> None:
    """By the command of operations.md, of a server that is a cluster."""
    if not shutil.which("redis-cli"):
        pytest.skip("redis-cli is not installed (Debian package redis-tools)")
    (line,) = (line for _, line in lines(ROOT / "docs" / "operations.md") if "KEYSLOT" in line)
    # Its nodes would meet at a port 10,000 above, which there may not be.
    with serving(f"cluster-enabled yes\ncluster-port {free_port()}") as port:
        words = ["redis-cli", "-p", str(port), *shlex.split(line)[1:]]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(key_slot(b"{newsfold}"))


@pytest.mark.slow
def test_the_shell_is_taught(tmp_path: Path) -> None:
    """The file that completes newsfold's commands is where bash reads it at its next start, and has them."""
    program = tmp_path / "newsfold"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m newsfold "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    env = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    (line,) = {line for _, line in lines(ROOT / "README.md") if "completion" in line}
    # Not the last command, which a shell gives its own process to: the program asks who started it.
    subprocess.run(["bash", "-c", f"{line}; true"], cwd=tmp_path, env=env, capture_output=True, check=True)
    assert ".bash_completions" in (tmp_path / ".bashrc").read_text(encoding="utf-8")
    ask = 'source "$HOME/.bashrc"; COMP_WORDS=(newsfold stor) COMP_CWORD=1; _newsfold_completion newsfold; echo "${COMPREPLY[@]}"'
    said = subprocess.run(
        ["bash", "-c", ask], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert {"stories", "story"} <= set(said.stdout.split())
