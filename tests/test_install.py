"""What the documents tell to install is installed: pip is real, the environment's own, and finds what it needs in this one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.environments import OFFLINE, lent

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
COMMANDS = re.findall(r"`([^`\n]*pip install [^`\n]+)`", TEXT)
# What each extra brings.
BRINGS = {"embedding": "model2vec", "fast": "numba"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """newsfold's folder as it was cloned, with an environment."""
    place = tmp_path / "newsfold"
    spare = shutil.ignore_patterns(".*", "__pycache__", "tests", "docs", "*.egg-info", "build")
    shutil.copytree(ROOT, place, ignore=spare)
    lent(place / ".venv")
    return place


def ran(line: str, folder: Path) -> str:
    """What a line for a shell prints; it must succeed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "NEWSFOLD"))}
    done = subprocess.run(["bash", "-c", line], cwd=folder, env={**env, **OFFLINE}, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_an_extra_is_installed_as_the_document_says(command: str, folder: Path) -> None:
    (extra,) = re.findall(r"\[(\w+)\]", command)
    said = ran(command, folder)
    assert re.search(rf"^Requirement already satisfied: {BRINGS[extra]}\b.*newsfold", said, re.M)
    assert "Successfully installed newsfold" in said
    where = ran(
        f".venv/bin/python -I -c 'import newsfold, {BRINGS[extra]}; print(newsfold.__file__)'", folder
    )
    assert Path(where.strip()) == folder / "newsfold" / "__init__.py"
    assert "crawl" in ran(".venv/bin/newsfold --help", folder)


def test_each_extra_has_its_command() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (extras,) = re.findall(r"^\[project\.optional-dependencies\]\n((?:\w+ = .*\n)+)", project, re.M)
    assert sorted(re.findall(r"^\w+", extras, re.M)) == sorted(BRINGS)
    assert sorted(re.findall(r"\[(\w+)\]", " ".join(COMMANDS))) == sorted(BRINGS)
