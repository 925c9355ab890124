"""What docs/contributing.md and README tell to type is typed: `make` over an environment that is there, benchmarks over less data."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
# Of a tool that would read everything, one thing; of tests, one of each run. The rest are run as they are.
NARROWED = {
    "mypy": ("mypy", "dedup/thresholds.py"),
    'not slow"': ('not slow" -n 2', 'not slow" -n 0 tests/test_clock.py'),
    'not cluster"': (
        'not cluster" -n 2',
        'not cluster" -n 0 tests/test_contributing.py::test_a_list_is_crawled_by_make',
    ),
}


def shown() -> list[str]:
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    return [
        line for block in re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S) for line in block.splitlines()
    ]


def stand_in(folder: Path) -> str:
    """An environment that counts as set up for everything, with this Python."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "python"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    for name in ("pip", "ready", "ready-dev", "ready-fuzz"):
        (folder / name).touch()
    return str(folder)


def made(*words: str, **more: str) -> str:
    """What `make` prints, with nothing on its command line or in its environment from a `make` that runs this test."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS", "NEWSFOLD_"))
    }
    env = {**clean, "PYTHONPATH": str(ROOT), **more}
    done = subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_continuous_integration_runs_what_is_shown() -> None:
    """In that order and as it is written, this test within: what sets up an environment, and what runs all tests."""
    typed = [line for line in shown() if line.startswith("make ")]
    assert [line for line in CI if line in typed] == typed == ["make setup-dev", "make check", "make test"]


@pytest.mark.slow
def test_an_environment_that_is_there_is_not_set_up_again(tmp_path: Path) -> None:
    for name in ("pip", "ready", "ready-dev"):
        (tmp_path / name).touch()
    assert made("setup-dev", f"VENV={tmp_path}", f"PYTHON={sys.executable}") == ""


@pytest.mark.slow
@pytest.mark.parametrize(("target", "count"), [("check", 4), ("test", 2)])
def test_each_line_of_make_runs(target: str, count: int, tmp_path: Path) -> None:
    lines = made("-n", target, f"VENV={sys.prefix}").splitlines()[-count:]
    assert all(line.startswith(f"{sys.prefix}/bin/") for line in lines)
    for line in lines:
        wide, narrow = next((both for sign, both in NARROWED.items() if sign in line), ("", ""))
        assert wide in line
        assert wide or target == "check", f"{line} would run all tests within a test"
        env = {**os.environ, "PYTHONPATH": str(ROOT), "MYPY_CACHE_DIR": str(tmp_path)}
        run = line.replace(wide, narrow) if "mypy" not in line else f"{line} {narrow}"
        done = subprocess.run(
            ["bash", "-c", run], cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{run}: {done.stdout}{done.stderr}"
        assert target == "check" or " passed" in done.stdout


@pytest.mark.slow
def test_a_list_is_crawled_by_make() -> None:
    """As README says; it is the example of the crawl, which `test_examples.py` runs."""
    said = made("-n", "crawl", "FEEDS=feeds.opml").splitlines()[-1]
    assert said == '.venv/bin/newsfold crawl --feeds "feeds.opml"'


@pytest.fixture(scope="module")
def less_data(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The beginning of each set, with the originals of all the copies in it."""
    folder = tmp_path_factory.mktemp("data")
    for path in (
        data / "reprints" / "synthetic_dev.jsonl.gz",
        *data.glob("events/*.gz"),
        *data.glob("wire/*.gz"),
    ):
        lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        if path.parent.name == "reprints":
            of = [json.loads(line)["reprint"] for line in lines]
            few = set(list(dict.fromkeys(of))[:15])
            lines = [line for line, original in zip(lines, of, strict=True) if original in few]
        (folder / path.parent.name).mkdir(exist_ok=True)
        (folder / path.parent.name / path.name).write_bytes(gzip.compress(b"".join(lines[:150]), 1))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for line in shown() if not line.startswith("make ")])
def test_benchmarks_that_are_shown_measure(line: str, less_data: Path) -> None:
    words = shlex.split(line)
    assert words[:2] == ["python", "-m"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NEWSFOLD_DATA": str(less_data)}
    done = subprocess.run(
        [sys.executable, *words[1:]], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"\| newsfold +\| .*0\.\d", done.stdout)


@pytest.fixture
def two_pages(tmp_path: Path) -> Path:
    """Pages for `benchmarks.pages --quick`, which takes every sixteenth."""
    lines = [
        f"The {n} ferry ran aground off Harrowmouth, and 214 passengers came ashore in boats."
        for n in (1, 2, 3)
    ]
    head, body = "<title>Ferry aground off Harrowmouth</title>", "".join(f"<p>{line}</p>" for line in lines)
    page = f"<!doctype html><html lang=en>{head}<article><h1>Ferry aground off Harrowmouth</h1>{body}</article></html>"
    row = {"file": "ferry.html.gz", "url": "https://a.example/ferry", "lang": "en", "title": "Ferry aground off Harrowmouth",
           "text": "\n\n".join(lines), "published": None, "source": "fundus", "headline_repeats": {}}  # fmt: skip
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "ferry.html.gz").write_bytes(gzip.compress(page.encode()))
    (tmp_path / "pages" / "gold.jsonl").write_text(f"{json.dumps(row)}\n" * 17, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_a_benchmark_runs_by_make_beside_its_peers(two_pages: Path) -> None:
    """In the environment that holds them, which continuous integration sets up."""
    if not (ROOT / ".venv-bench" / "ready").exists():
        pytest.skip("the peers are not installed (make setup-bench)")
    (line,) = re.findall(r"^`(make bench [^`]+)`", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    said = made(*shlex.split(line)[1:], "ARGS=--quick", NEWSFOLD_DATA=str(two_pages))
    for name in ("newsfold", "trafilatura", "newspaper4k", "readability-lxml"):
        assert re.search(rf"^\| {name} +\| +[\d.]+ \|", said, re.M), said


@pytest.mark.slow
def test_each_reader_is_fuzzed_by_make(tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed (requirements-fuzz.txt; make fuzz installs it)")
    said = made("fuzz", "FUZZ_SECONDS=1", f"VENV={stand_in(tmp_path)}", f"PYTHON={sys.executable}")
    assert re.findall(r"fuzzing (\w+) for 1 s", said) == ["feed", "page", "lines"]
    assert len(re.findall(r"stat::number_of_executed_units: +[1-9]", said)) == 3
