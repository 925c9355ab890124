"""What fuzzing has found, and where it starts from: each input does what the targets promise."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent
INPUTS = sorted([*(HERE / "fuzz" / "seeds").glob("*/*"), *(HERE / "data" / "fuzz").glob("*/*")])


def _targets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_targets", HERE / "fuzz" / "targets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_each_input_is_read_or_refused_in_a_sentence(path: Path) -> None:
    _targets().TARGETS[path.parent.name](path.read_bytes())


def test_what_was_found_is_kept() -> None:
    assert {"surrogate-reference.xml", "surrogate-reference-in-sitemap.xml"} <= {path.name for path in INPUTS}
