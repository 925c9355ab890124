"""Choose the numbers of `LikenessConfig` on the labelled pairs, and say what they are worth on pairs not chosen by.

`python -m benchmarks.train_likeness [--quick] [--json]`. Every setting of a coarse grid is tried; the best has the
highest mean of the Pearson correlations of three groups of pairs (originals in one language, originals in two,
all pairs in two) and of all originals together. Cross-validation chooses on four fifths of the pairs and measures
on the fifth left out; pairs that share a text are left out together, so that no text is on both sides.
`--quick` takes one division into fifths in place of five.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import print_json, table
from benchmarks.pairs import PAIRS, Pair, Scores, facts_of, load_pairs, pearson
from dedup.likeness import TextFacts, likeness
from dedup.thresholds import LikenessConfig

WORD_SHARES, TOPIC_WEIGHTS, ACROSS_SCALES = (0.0, 0.2, 0.4, 0.6, 1.0), (1.0, 1.5, 2.0), (1.0, 1.5, 2.0, 2.5)
FOLDS, DIVISIONS = 5, 5
Mask = NDArray[np.bool_]


def settings() -> Iterator[LikenessConfig]:
    """Every setting of the grid."""
    for share, topic, scale in itertools.product(WORD_SHARES, TOPIC_WEIGHTS, ACROSS_SCALES):
        yield LikenessConfig(word_share=share, topic_weight=topic, across_scale=scale)


def score_table(pairs: Sequence[Pair]) -> dict[LikenessConfig, Scores]:
    """The scores of all pairs under every setting; those in one language do not hang on the scale."""
    facts = [facts_of(pair) for pair in pairs]
    across = np.array([pair.across for pair in pairs])
    within: dict[LikenessConfig, Scores] = {}
    between: dict[float, Scores] = {}
    for setting in settings():
        plain = replace(setting, across_scale=1.0)
        if plain not in within:
            within[plain] = _scores(facts, ~across, plain)
        if setting.across_scale not in between:
            between[setting.across_scale] = _scores(facts, across, setting)
    return {s: within[replace(s, across_scale=1.0)] + between[s.across_scale] for s in settings()}


def _scores(facts: Sequence[tuple[TextFacts, TextFacts]], wanted: Mask, setting: LikenessConfig) -> Scores:
    return np.array(
        [likeness(*both, setting) if take else 0.0 for both, take in zip(facts, wanted, strict=True)]
    )


def groups(pairs: Sequence[Pair]) -> dict[str, Mask]:
    """The groups of pairs that are measured."""
    original = np.array([pair.kind == "original" for pair in pairs])
    across = np.array([pair.across for pair in pairs])
    return {
        "originals": original,
        "originals in one language": original & ~across,
        "originals in two languages": original & across,
        "all in two languages": across,
        "all in one language": ~across,
    }


CHOSEN_BY = ("originals", "originals in one language", "originals in two languages", "all in two languages")


def choose(table_of: dict[LikenessConfig, Scores], pairs: Sequence[Pair], among: Mask) -> LikenessConfig:
    """The setting with the highest mean correlation among some pairs."""
    masks = [mask & among for name, mask in groups(pairs).items() if name in CHOSEN_BY]
    chosen = [[pair for pair, take in zip(pairs, mask, strict=True) if take] for mask in masks]
    worth = {
        setting: fmean(pearson(scores[mask], some) for mask, some in zip(masks, chosen, strict=True))
        for setting, scores in table_of.items()
    }
    return max(worth, key=lambda setting: worth[setting])


def divisions(pairs: Sequence[Pair], times: int) -> Iterator[list[Mask]]:
    """Divisions of the pairs into fifths; pairs that share a text stay together."""
    family = _families(pairs)
    for seed in range(times):
        fold = {name: random.Random(f"{seed} {name}").randrange(FOLDS) for name in set(family)}
        yield [np.array([fold[name] == part for name in family]) for part in range(FOLDS)]


def _families(pairs: Sequence[Pair]) -> list[int]:
    first: dict[str, int] = {}
    parent = list(range(len(pairs)))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    for number, pair in enumerate(pairs):
        for text in pair.texts:
            parent[root(number)] = root(first.setdefault(text, number))
    return [root(number) for number in range(len(pairs))]


def cross_validate(
    table_of: dict[LikenessConfig, Scores], pairs: Sequence[Pair], times: int
) -> dict[str, list[float]]:
    """The correlation of each group over pairs scored by what was chosen without them, for each division."""
    found: dict[str, list[float]] = {name: [] for name in groups(pairs)}
    for folds in divisions(pairs, times):
        scores = np.zeros(len(pairs))
        for left_out in folds:
            scores[left_out] = table_of[choose(table_of, pairs, ~left_out)][left_out]
        for name, mask in groups(pairs).items():
            found[name].append(
                pearson(scores[mask], [p for p, take in zip(pairs, mask, strict=True) if take])
            )
    return found


def measure(quick: bool) -> dict[str, Any]:
    """The best setting of all pairs, the one in use, and what cross-validation says."""
    pairs = load_pairs()
    table_of = score_table(pairs)
    best, default = choose(table_of, pairs, np.ones(len(pairs), dtype=np.bool_)), LikenessConfig()
    validated = cross_validate(table_of, pairs, 1 if quick else DIVISIONS)

    def row(setting: LikenessConfig) -> dict[str, float]:
        return {
            name: pearson(table_of[setting][mask], [p for p, take in zip(pairs, mask, strict=True) if take])
            for name, mask in groups(pairs).items()
        }

    return {
        "settings": len(table_of),
        "best": {"setting": asdict(best), "pearson": row(best)},
        "in_use": {"setting": asdict(default), "pearson": row(default)},
        "cross_validated": {name: {"mean": fmean(v), "least": min(v)} for name, v in validated.items()},
    }


def report(found: dict[str, Any]) -> str:
    """The tables."""
    rows = [
        [name, *(f"{found[which]['pearson'][name]:.3f}" for which in ("in_use", "best")),
         f"{validated['mean']:.3f}", f"{validated['least']:.3f}"]
        for name, validated in found["cross_validated"].items()
    ]  # fmt: skip
    heads = ["Pearson", "in use", f"best of {found['settings']}", "cross-validated", "least"]
    chosen = [f"{which.replace('_', ' ')}: {found[which]['setting']}" for which in ("in_use", "best")]
    return "\n".join([table(heads, rows), "", *chosen])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one division into fifths")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    if not PAIRS.exists():
        print(f"{PAIRS} is not there: nothing was measured", file=sys.stderr)
        return
    found = measure(options.quick)
    if options.json:
        print_json(found)
    else:
        print(report(found))


if __name__ == "__main__":
    main()
