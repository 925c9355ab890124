"""The tables of `benchmarks.stories`: what was measured, beside what is asked; what was not measured says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.harness import table
from benchmarks.story_sets import QUICK, TARGETS

_NOT = "not measured"
_FIGURES = {"bcubed_f1": "BCubed F1", "pair_f1": "pairwise F1"}
_SIZE, _LEAST_SPEED, _MOST_MS = 100_000, 1_000, 20


def report(found: Mapping[str, Any]) -> str:
    """Everything, one part after another."""
    pieces = [quality_table(found[part]) for part in ("published", "quality") if found[part]]
    if found["orders"]:
        pieces.append(orders_table(found["orders"]))
    if found["speed"]:
        pieces.append(speed_lines(found["speed"], found["memory"]))
    if not found["published"]:
        pieces.append(targets_table(found))
    pieces.append(f"server {found['server']}, {found['machine']}")
    return "\n\n".join(pieces)


def quality_table(sets: Mapping[str, Any]) -> str:
    """Every system on every set."""
    heads = ["set", "system", "clusters", "BCubed F1", "P", "R", "pairwise F1", "ARI"]
    names = ("bcubed_f1", "bcubed_p", "bcubed_r", "pair_f1", "ari")
    rows = []
    for name, one in sets.items():
        size = f"{name} ({one['articles']:,.0f} articles, {one['labels']:,.0f} labels)"
        for system, scores in one["systems"].items():
            figures = [f"{scores[figure]:.3f}" for figure in names]
            rows.append([size, system, f"{scores['clusters']:,.0f}", *figures])
            size = ""
    skipped = sum(one.get("left_out", 0) for one in sets.values())
    return table(heads, rows, left=2) + (
        f"\nArticles without a word, left out: {skipped:,}" if skipped else ""
    )


def orders_table(sets: Mapping[str, Any]) -> str:
    """Adjusted Rand index between two results."""
    heads = [
        "adjusted Rand index between",
        "same file twice",
        "two shuffles (least)",
        "1 and 4 workers (least)",
    ]
    heads += ["BCubed F1, 1 worker", "4 workers"]
    rows = [
        [
            f"{name} ({one['articles']:,} articles, {one['shuffles']} shuffles)", f"{one['same_file_twice']:.4f}",
            *(f"{one[k]['mean']:.4f} ({one[k]['least']:.4f})" for k in ("two_shuffles", "one_and_four_workers")),
            *(f"{one['bcubed_f1'][k]:.3f}" for k in ("one", "four")),
        ]
        for name, one in sets.items()
    ]  # fmt: skip
    return table(heads, rows)


def speed_lines(speed: Mapping[str, Any], memory: Mapping[str, float]) -> str:
    """Speed among active articles, and memory."""
    return "\n".join(
        [
            f"Among {speed['active']:,} active articles of {speed['stories']:,} stories: "
            f"{speed['articles_per_s']:,.0f} articles/s ({speed['worker_us']:,.0f} µs of processor time an article "
            f"in the worker, {speed['server_us']:,.0f} µs in the server); batches of 64 that come alone take "
            f"{speed['p50_ms']:.2f} ms an article, p99 {speed['p99_ms']:.2f} ms ({speed['batches']} batches); "
            f"the index was filled at {speed['filled_per_s']:,.0f} articles/s",
            f"Memory: {speed['article_bytes']:,.0f} B an article with all there is of it; of {memory['articles']:,} "
            f"articles, {memory['grouped_article_bytes']:,.0f} B an article in its group and "
            f"{memory['story_bytes']:,.0f} B a story ({memory['stories']:,} stories), together "
            f"{memory['article_bytes']:,.0f} B an article",
        ]
    )


def targets_table(found: Mapping[str, Any]) -> str:
    """What is asked, what was measured, and whether it is met."""
    rows = [*_quality_targets(found["quality"]), *_order_targets(found["orders"])]
    rows += _speed_targets(found["speed"] or {})
    rows.append(
        ["SemEval 2022, story score (benchmarks.similarity)", "Pearson ≥ .70, de-en ≥ .62", _NOT, _NOT]
    )
    return table(["target", "asked", "measured", "result"], rows)


def _quality_targets(sets: Mapping[str, Any]) -> list[list[str]]:
    rows = []
    for target in TARGETS:
        asked = f"{_FIGURES[target.figure]} ≥ {target.least:.2f}"
        if target.set in sets:
            value = sets[target.set]["systems"]["newsfold"][target.figure]
            rows.append([target.set, asked, f"{value:.3f}", _result(value >= target.least)])
        else:
            rows.append([target.set, asked, _NOT, _NOT])
    return rows


def _order_targets(sets: Mapping[str, Any]) -> list[list[str]]:
    asked = "ARI 1–4 workers ≥ of two shuffles"
    rows = []
    for name in sorted(sets.keys() - {QUICK}):  # so few articles tell nothing of workers
        one = sets[name]
        workers, shuffles = one["one_and_four_workers"]["mean"], one["two_shuffles"]["mean"]
        rows.append(
            [f"four workers, {name}", asked, f"{workers:.4f}, {shuffles:.4f}", _result(workers >= shuffles)]
        )
    return rows or [["four workers", asked, _NOT, _NOT]]


def _speed_targets(speed: Mapping[str, Any]) -> list[list[str]]:
    place = f"one worker, {_SIZE:,} active"
    asked = (f"articles/s ≥ {_LEAST_SPEED:,}", f"p99 < {_MOST_MS} ms an article")
    if speed.get("active", 0) < _SIZE:
        return [[place, one, _NOT, _NOT] for one in asked]
    rate, p99 = speed["articles_per_s"], speed["p99_ms"]
    return [
        [place, asked[0], f"{rate:,.0f}", _result(rate >= _LEAST_SPEED)],
        [place, asked[1], f"{p99:.2f}", _result(p99 < _MOST_MS)],
    ]


def _result(met: bool) -> str:
    return "met" if met else "missed"
