"""How the likeness of two texts follows people's judgement, and which texts of other languages are linked.

`python -m benchmarks.similarity [--quick] [--json]` reads the labelled pairs of SemEval-2022 task 8 (a part of
them, in the data folder). Beside it, on the same pairs in the same run: cosine of TF-IDF vectors. "related" is
measured on the pairs of two languages that people judged, and on every text of one language against the English
ones: these have nothing to do with each other but for the few on one event by chance, which are counted as wrong.
`--quick` takes part of those.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.harness import machine, percentile, print_json, table
from benchmarks.pairs import (
    OTHER,
    PAIRS,
    SAME,
    Pair,
    Scores,
    best_threshold,
    f1_same,
    facts_of,
    load_pairs,
    pearson,
    tfidf_cosines,
)
from dedup.bridges import Bridge, bridge_keys, index_keys, related
from dedup.likeness import likeness
from dedup.thresholds import BridgeConfig

KINDS = ("original", "machine-translated", "backtranslated")
STRANGERS, QUICK_STRANGERS = 500, 100  # texts a language, against as many English ones
Facts = Sequence[tuple[Any, Any]]


def correlations(pairs: Sequence[Pair], scores: dict[str, Scores]) -> list[dict[str, Any]]:
    """Pearson and F1 of each score by kind, and by languages within the kind."""
    rows = []
    for kind in KINDS:
        of_kind = np.array([pair.kind == kind for pair in pairs])
        langs = ["-".join(pair.langs) for pair in pairs]
        here = sorted({lang for lang, chosen in zip(langs, of_kind, strict=True) if chosen})
        for name in ("all", *here):
            mask = of_kind if name == "all" else of_kind & np.array([lang == name for lang in langs])
            rows.append({"kind": kind, "langs": name, **_figures(pairs, scores, mask)})
    return rows


def _figures(pairs: Sequence[Pair], scores: dict[str, Scores], mask: np.ndarray[Any, Any]) -> dict[str, Any]:
    """One row; each F1 is at its score's best threshold over the whole set, one for all languages and kinds."""
    chosen = [pair for pair, take in zip(pairs, mask, strict=True) if take]
    figures: dict[str, Any] = {"pairs": len(chosen)}
    for name, values in scores.items():
        figures[name] = {
            "pearson": pearson(values[mask], chosen),
            "f1": f1_same(values[mask], chosen, best_threshold(values, pairs)),
        }
    return figures


def judged_links(pairs: Sequence[Pair], facts: Facts) -> dict[str, Any]:
    """What of the judged pairs of two languages is linked, and what of the same events a look-up can find."""
    across = [(p, a.bridges, b.bridges) for p, (a, b) in zip(pairs, facts, strict=True) if p.across]
    linked = {True: 0, False: 0}
    total, found = {True: 0, False: 0}, 0
    for pair, one, other in across:
        if SAME < pair.overall < OTHER:
            continue
        same = pair.overall <= SAME
        total[same] += 1
        linked[same] += related(one, other)
        found += same and not set(index_keys(one)).isdisjoint(index_keys(other))
    return {
        "same": total[True], "other": total[False],
        "recall": linked[True] / total[True], "other_linked": linked[False] / total[False],
        "precision": linked[True] / max(1, linked[True] + linked[False]),
        "found_by_index_keys": found / total[True],
    }  # fmt: skip


def strangers(pairs: Sequence[Pair], facts: Facts, most: int) -> list[dict[str, Any]]:
    """False links between texts that are not a pair: each language against English, originals where there are any."""
    texts: dict[str, dict[str, tuple[int, tuple[Bridge, ...]]]] = {}
    for number, (pair, both) in enumerate(zip(pairs, facts, strict=True)):
        for lang, text, fact in zip(pair.langs, pair.texts, both, strict=True):
            if pair.kind == "original" or lang in ("it", "ru", "zh"):
                texts.setdefault(lang, {}).setdefault(text, (number, fact.bridges))
    english = list(texts.pop("en").values())[:most]
    return [
        {"langs": f"{lang}-en", **_stray_links(list(found.values())[:most], english)}
        for lang, found in sorted(texts.items())
    ]


def _stray_links(
    texts: Sequence[tuple[int, tuple[Bridge, ...]]], english: Sequence[tuple[int, tuple[Bridge, ...]]]
) -> dict[str, int]:
    compared = [(one, other) for number, one in texts for pair, other in english if number != pair]
    return {"compared": len(compared), "linked": sum(related(one, other) for one, other in compared)}


def speed(pairs: Sequence[Pair]) -> dict[str, float]:
    """Microseconds of `bridge_keys` for 300 words of English and of German, words met before: median and least."""
    times: list[float] = []
    for lang in ("en", "de"):
        found = [
            text for pair in pairs for text, of in zip(pair.texts, pair.langs, strict=True) if of == lang
        ]
        text = " ".join(" ".join(found[:8]).split()[:300])
        for _ in range(300):
            start = time.perf_counter()
            bridge_keys("", text, lang, None)
            times.append((time.perf_counter() - start) * 1e6)
    return {"median": percentile(times, 0.5), "least": min(times)}


def measure(quick: bool) -> dict[str, Any]:
    """Everything, on the labelled pairs."""
    pairs = load_pairs()
    facts = [facts_of(pair) for pair in pairs]
    scores = {
        "newsfold": np.array([likeness(one, other) for one, other in facts]),
        "TF-IDF": tfidf_cosines(pairs),
    }
    return {
        "correlations": correlations(pairs, scores),
        "judged": judged_links(pairs, facts),
        "strangers": strangers(pairs, facts, QUICK_STRANGERS if quick else STRANGERS),
        "bridge_keys_us": speed(pairs),
        "threshold": BridgeConfig().threshold,
        "machine": machine(),
    }


def report(found: dict[str, Any]) -> str:
    """The tables."""
    names = ("newsfold", "TF-IDF")
    rows = [
        [f"{row['kind']} {row['langs']}", str(row["pairs"]),
         *(f"{row[name][figure]:.3f}" for figure in ("pearson", "f1") for name in names)]
        for row in found["correlations"]
    ]  # fmt: skip
    judged, stray = found["judged"], found["strangers"]
    compared, linked = (sum(row[key] for row in stray) for key in ("compared", "linked"))
    links = [
        [r["langs"], f"{r['compared']:,}", str(r["linked"]), f"{1000 * r['linked'] / r['compared']:.3f}"]
        for r in stray
    ]
    took = found["bridge_keys_us"]
    return "\n".join(
        [
            table(["pairs", "n", *(f"{figure} {name}" for figure in ("Pearson", "F1") for name in names)], rows),
            f"\nAcross languages, linked at {found['threshold']}: {judged['recall']:.3f} of {judged['same']} pairs judged "
            f"one event ({judged['found_by_index_keys']:.3f} share a key to be looked up by), "
            f"{judged['other_linked']:.3f} of {judged['other']} judged another; precision {judged['precision']:.3f}\n",
            table(["every text against English ones", "compared", "linked", "in 1,000"], links),
            f"\nTogether {linked} of {compared:,}. 300 words to bridges: {took['median']:.0f} µs (least {took['least']:.0f})",
            f"{found['machine']}",
        ]
    )  # fmt: skip


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer texts that are not a pair")
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
