"""What is compiled gives the bits that numpy gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup import kernels
from dedup.fingerprint import fingerprint
from dedup.thresholds import MinHashConfig

CONFIG = MinHashConfig()
TEXTS = [
    "",
    "one",
    "Ferry Pearl " * 900,
    "渡船擱淺 in Harrowmouth 港",
    "Ärger im Hafen von Łódź — zum dritten Mal",
] * 3


def test_they_are_used_by_who_has_much_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="numba is not installed (newsfold[fast])")
    monkeypatch.setattr(kernels, "_seen", 0)
    assert kernels.kernels(kernels.WORTH - 1) is None
    assert kernels.kernels(1) is not None
    assert kernels.kernels(1) is not None
    with kernels.without_kernels():
        assert kernels.kernels(1) is None


@settings(deadline=None)
@given(st.lists(st.text(max_size=80), max_size=6))
def test_fingerprints_are_the_same_bits(texts: list[str]) -> None:
    pytest.importorskip("numba", reason="numba is not installed (newsfold[fast])")
    batch = [*texts, *TEXTS]
    assert kernels.kernels(kernels.WORTH)
    fast = fingerprint(batch, CONFIG)
    with kernels.without_kernels():
        plain = fingerprint(batch, CONFIG)
    for one, other in (
        (fast.signatures, plain.signatures),
        (fast.bands, plain.bands),
        (fast.anchors, plain.anchors),
    ):
        assert np.array_equal(one, other)
        assert one.dtype == other.dtype
    assert np.array_equal(fast.exact, plain.exact)
    assert np.array_equal(fast.shingled.keys, plain.shingled.keys)
