"""Every benchmark that a document names is run as it is written there, with `--quick` and over less than that reads.

Those that take seconds over the beginning of their sets are part of `make test`; the others take five minutes together
(`make test-benchmarks`), as they crawl, kill and wait.
"""

from __future__ import annotations

import gzip
import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_published import PAIRS, PAPERS, STREAM, write

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
COMMANDS = sorted(
    set(re.findall(r"^python -m (benchmarks\.[a-z].*)$|`python -m (benchmarks\.[a-z][^`]*)`", TEXT, re.M))
)
# What is quick over little; others read their sets whole.
BRIEF = ("signatures", "similarity", "train_likeness", "stories --news")
# Less than `--quick` measures: statements about the module `m` before its `main`.
LESS = {
    "feeds": "m.QUICK_SIZES = (10, 1, 200)",
    "index": "m.QUICK_SIZES = (300,)",
    "scale": "m.QUICK_ACTIVE = m.QUICK_WORKER_ARTICLES = m.QUICK_INGEST_ARTICLES = 64; m.WORKERS = m.PROCESSES = (1, 2)",
    "hostile": "m.TARGETS, m.TIMEOUT = (), 1.0",
    "faults": "m.CASES = m.CASES[:1]",
}  # fmt: skip
# A document that a benchmark writes its section into is another one here.
RUN = """
import sys
from functools import partial
from pathlib import Path
import {module} as m
sys.argv[0] = "{module}"
if hasattr(m, "write_section"):
    m.write_section = partial(m.write_section, path=Path("written.md"))
{less}
m.main()
"""


def commands() -> list[str]:
    """What follows `python -m`, each once."""
    return sorted({first or second for first, second in COMMANDS})


@pytest.fixture(scope="module")
def some(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The beginning of each set that is one of lines."""
    folder = tmp_path_factory.mktemp("some")
    for path in data.glob("*/*.jsonl.gz"):
        lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        (folder / path.parent.name).mkdir(exist_ok=True)
        (folder / path.parent.name / path.name).write_bytes(gzip.compress(b"".join(lines[:150]), 1))
    return folder


def files(folder: Path) -> dict[str, str]:
    """The published sets that stand for those of the document."""
    write(folder / "dataset.test.json", STREAM)
    write(folder / "articles.json", PAPERS)
    write(folder / "pairs.json", PAIRS)
    return {"ARTICLES": "articles.json", "PAIRS": "pairs.json"}


def measured(command: str, data: Path, folder: Path) -> None:
    """Run it in the folder, look for a table with figures, and for the section that it says it writes."""
    named = files(folder)
    module, *words = [named.get(word, word) for word in shlex.split(command)]
    given = [*words, *(["--quick"] if "--quick" not in words else [])]
    code = RUN.format(module=module, less=LESS.get(module.split(".")[1], ""))
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NEWSFOLD_DATA": str(data)}
    done = subprocess.run([sys.executable, "-c", code, *given], cwd=folder, env=env, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\|[^|]+\|.*\d", done.stdout, re.M), done.stdout
    if "--write" in words:
        written = (folder / "written.md").read_text(encoding="utf-8")
        assert f"y `python -m {module}" in written


def brief(command: str) -> bool:
    return command.removeprefix("benchmarks.").startswith(BRIEF)


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command in commands() if brief(command)])
def test_a_brief_benchmark_measures(command: str, some: Path, tmp_path: Path) -> None:
    measured(command, some, tmp_path)


@pytest.mark.benchmark
@pytest.mark.parametrize("command", [command for command in commands() if not brief(command)])
def test_a_benchmark_measures(command: str, data: Path, tmp_path: Path) -> None:
    measured(command, data, tmp_path)


def test_what_is_less_is_there() -> None:
    """A name that a benchmark has no more would narrow nothing."""
    for name, statements in LESS.items():
        module = importlib.import_module(f"benchmarks.{name}")
        assert all(hasattr(module, constant) for constant in re.findall(r"\bm\.(\w+)", statements)), name
