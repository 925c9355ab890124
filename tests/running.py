"""The command in this process, as `main` runs it: what a process of its own would take half a second for."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from newsfold import logs
from newsfold.cli import main, state


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment with nothing of newsfold's in it but its data folder, and more."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("NEWSFOLD_", "_NEWSFOLD"))}
    return {**clean, "NEWSFOLD_HOME": str(home), **more}


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def run(home: Path, *words: str, stdin: str | bytes = "", **env: str) -> Done:
    """A command beside its data folder."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    given = stdin.encode() if isinstance(stdin, str) else stdin
    code = 0
    with (
        pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(),
        contextlib.redirect_stdout(out), contextlib.redirect_stderr(err),
    ):  # fmt: skip
        patch.setattr(os, "environ", environment(home, **env))
        patch.setattr(sys, "argv", ["newsfold", *words])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        patch.setattr(state, "_FLAGS", {})
        patch.setattr(logs, "configure", lambda *_, **__: None)
        patch.chdir(home.parent)
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def told(home: Path, *words: str) -> Any:
    """What a command that must succeed says as JSON."""
    done = run(home, *words, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)
