"""Scores of partitions, against values made by hand and the definitions spelled out item by item and pair by pair."""

from __future__ import annotations

from itertools import combinations
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.partition import f1, score

LABELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=14)


def test_by_hand() -> None:
    """{a b c} {d e} of the truth, found as {a b} {c d e}."""
    scores = score([1, 1, 2, 2, 2], ["x", "x", "x", "y", "y"])
    assert scores.bcubed_p == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3) / 5)
    assert scores.bcubed_r == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert (scores.pair_p, scores.pair_r, scores.pair_f1) == (0.5, 0.5, 0.5)
    assert scores.ari == pytest.approx((2 - 1.6) / (4 - 1.6))


def test_all_alone_and_all_together() -> None:
    truth = ["x", "x", "y", "y"]
    alone, together = score(range(4), truth), score([0] * 4, truth)
    assert (alone.bcubed_p, alone.bcubed_r, alone.pair_f1, alone.ari) == (1.0, 0.5, 0.0, 0.0)
    assert (together.bcubed_p, together.bcubed_r, together.pair_r, together.ari) == (0.5, 1.0, 1.0, 0.0)


def test_f1_of_nothing() -> None:
    assert f1(0.0, 0.0) == 0.0
    assert f1(1.0, 0.5) == pytest.approx(2 / 3)


@given(LABELS)
def test_definitions(labels: list[tuple[int, int]]) -> None:
    found, truth = [a for a, _ in labels], [b for _, b in labels]
    scores, items = score(found, truth), range(len(labels))
    shares = []
    for i in items:
        ours = {j for j in items if found[j] == found[i]}
        theirs = {j for j in items if truth[j] == truth[i]}
        shares.append((len(ours & theirs) / len(ours), len(ours & theirs) / len(theirs)))
    assert scores.bcubed_p == pytest.approx(sum(p for p, _ in shares) / len(items))
    assert scores.bcubed_r == pytest.approx(sum(r for _, r in shares) / len(items))
    pairs = [(found[i] == found[j], truth[i] == truth[j]) for i, j in combinations(items, 2)]
    both, ours, theirs = (sum(map(rule, pairs)) for rule in (all, lambda p: p[0], lambda p: p[1]))
    assert scores.pair_p == pytest.approx(both / ours if ours else 1.0)
    assert scores.pair_r == pytest.approx(both / theirs if theirs else 1.0)
    expected = ours * theirs / comb(len(items), 2)
    if (ours + theirs) / 2 != expected:
        assert scores.ari == pytest.approx((both - expected) / ((ours + theirs) / 2 - expected))


@given(LABELS)
def test_names_do_not_matter(labels: list[tuple[int, int]]) -> None:
    found, truth = [a for a, _ in labels], [b for _, b in labels]
    assert score([f"s{a}" for a in found], truth) == score(found, truth)
    assert score(truth, truth).bcubed_f1 == pytest.approx(1.0)
    assert score(found, truth).ari == pytest.approx(score(truth, found).ari)
