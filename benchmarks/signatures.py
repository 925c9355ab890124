"""Signatures a second on one core, beside datasketch and rensa, and where our own time goes.

    python -m benchmarks.signatures [--quick] [--json]

Reads Reuters-21578 under NEWSFOLD_DATA (default ../shared/data) and skips without it. All systems read the same
texts, take the same shingles of three words and make 128 rows with seed 1. The peers get their shingles
from the fastest plain Python we know, one text at a time, nothing kept; `words by str.split` is what rensa's
own examples do (punctuation then sticks to words). "From text" is all the work; "from shingles" starts from
strings or bytes for the peers, which hash them, and from 32-bit hashes for us and where a row says so. What
turns a peer's sketch into Python numbers is not counted. rensa's sketches are of another kind (see the notes
printed below the table), so its rows compare time, not results.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.harness import DATA, alternate, machine, percentile, pin, print_json, seconds, table
from benchmarks.signers import (
    ROWS,
    System,
    batches,
    datasketch_systems,
    our_shingles,
    our_signatures,
    our_text,
    rensa_systems,
    wire_texts,
)
from dedup.anchors import anchor_keys
from dedup.kernels import kernels, without_kernels
from dedup.shingles import shingle_batch, tokenise
from dedup.text import read_batch, token_bounds

QUICK_STEP, QUICK_ROUNDS, ROUNDS = 4, 3, 5
MOST_SINGLE = 2_000
OURS, FAST = "newsfold, batches of 64", "newsfold[fast], batches of 64"
PEERS = {
    "rensa": "one to three placements a shingle and fallbacks (fast similarity sketching), in Rust",
    "datasketch": "128 affine permutations of every shingle, as ours, bit for bit the same rows",
}


def compare(texts: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """Documents a second of every installed system, from text and from shingles, and our ratios to each."""
    systems = {**our_systems(), **rensa_systems(), **datasketch_systems()}
    from_text = alternate({name: _bind(way.from_text, texts) for name, way in systems.items()}, rounds)
    ready = {name: _bind(way.from_shingles, way.shingles(texts)) for name, way in systems.items()}
    from_shingles = alternate(ready, rounds)
    rows = {}
    for name in systems:
        rows[name] = {
            "text_docs_per_s": len(texts) / from_text[name],
            "shingles_docs_per_s": len(texts) / from_shingles[name],
        }
        for ours, key in ((OURS, "ours_is"), (FAST, "fast_is")):
            if ours in systems:
                rows[name][f"text_{key}"] = from_text[name] / from_text[ours]
                rows[name][f"shingles_{key}"] = from_shingles[name] / from_shingles[ours]
    return rows


def our_systems() -> dict[str, System]:
    """newsfold as it is installed, and with what numba compiles where that is installed."""

    def plainly(work: Callable[[Any], object]) -> Callable[[Any], object]:
        def run(on: Any) -> object:
            with without_kernels():
                return work(on)

        return run

    found = {OURS: System(plainly(our_text), our_shingles, plainly(our_signatures))}
    if kernels(sys.maxsize):
        found[FAST] = System(our_text, our_shingles, our_signatures)
    return found


def _bind(work: Callable[[Any], object], on: object) -> Callable[[], object]:
    return lambda: work(on)


def profile(texts: list[str], rounds: int) -> dict[str, float]:
    """Microseconds a document of each step of ours; hashing is what the other steps leave of `tokenise`."""
    parts = list(batches(texts))
    read = [read_batch(part) for part in parts]
    tokenised = [tokenise(part) for part in parts]
    shingled = [shingle_batch(batch) for batch in tokenised]
    spent = alternate(
        {
            "normalise": lambda: [read_batch(part) for part in parts],
            "tokenise": lambda: [token_bounds(classes) for _, classes, _ in read],
            "hash": lambda: [tokenise(part) for part in parts],
            "shingle": lambda: [shingle_batch(batch) for batch in tokenised],
            "sign": lambda: our_signatures(shingled),
            "anchors (for the fingerprint, not the signature)": lambda: [
                anchor_keys(batch) for batch in shingled
            ],
        },
        rounds,
    )
    spent["hash"] -= spent["normalise"] + spent["tokenise"]
    return {name: 1e6 * time / len(texts) for name, time in spent.items()}


def latencies(texts: list[str]) -> dict[str, float]:
    """Microseconds from one text to its signature, alone in its batch, each text once."""
    some = texts[: MOST_SINGLE + 1]
    taken = [1e6 * seconds(lambda text=text: our_text([text])) for text in some][1:]  # type: ignore[misc]
    return {"p50_us": percentile(taken, 0.5), "p99_us": percentile(taken, 0.99), "texts": float(len(taken))}


def lane_nanoseconds(small: int = 1_024, large: int = 4_096, rounds: int = 41) -> float:
    """Nanoseconds that numpy takes to multiply, add and compare one number in the first-level cache.

    From the difference of two lengths, so without the cost of a call: a limit that calls cannot reach.
    """
    times = alternate({str(size): _lanes(size) for size in (small, large)}, rounds)
    return 1e9 * (times[str(large)] - times[str(small)]) / (large - small) / 100


def _lanes(size: int) -> Callable[[], None]:
    values = np.arange(size, dtype=np.uint32)
    rows = np.empty_like(values)
    factor, summand = np.uint32(0x9E3779B1), np.uint32(0x7F4A7C15)

    def work() -> None:
        for _ in range(100):
            np.multiply(values, factor, out=rows)
            np.add(rows, summand, out=rows)
            np.minimum.reduce(rows)

    return work


def limit(texts: list[str], sign_us: float) -> dict[str, float]:
    """How far signing is from what numpy's arithmetic alone would take."""
    shingles = sum(len(part.hashes) for part in our_shingles(texts)) / len(texts)
    lane = lane_nanoseconds()
    return {
        "shingles_per_doc": shingles,
        "lane_operations_per_doc": 3 * shingles * ROWS,
        "limit_ns_per_element": lane,
        "limit_us_per_doc": lane * shingles * ROWS / 1e3,
        "sign_us_per_doc": sign_us,
        "share_of_limit": lane * shingles * ROWS / 1e3 / sign_us,
    }


def measure(texts: list[str], rounds: int) -> dict[str, Any]:
    """Everything, as one object."""
    core = pin()
    with without_kernels():
        steps = profile(texts, rounds)
    fast = profile(texts, rounds) if kernels(sys.maxsize) else {}
    systems = compare(texts, rounds)
    measured = [peer for peer in PEERS if any(name.startswith(peer) for name in systems)]
    return {
        "machine": {**machine(), "pinned_to_core": core},
        "versions": {name: version(name) for name in ("numpy", *measured)},
        "not_installed": [peer for peer in PEERS if peer not in measured],
        "texts": len(texts),
        "rounds": rounds,
        "systems": systems,
        "single": latencies(texts),
        "profile_us_per_doc": steps,
        "fast_profile_us_per_doc": fast,
        "limit": limit(texts, steps["sign"]),
    }


def report(found: Mapping[str, Any]) -> str:
    """The figures as Markdown tables."""
    one = found["single"]
    fast = found["fast_profile_us_per_doc"]
    steps = [
        [name, f"{spent:.2f}", f"{fast[name]:.2f}" if fast else "–"]
        for name, spent in found["profile_us_per_doc"].items()
    ]
    return "\n".join(
        [
            _conditions(found),
            *(f"{peer} is not installed." for peer in found["not_installed"]),
            "",
            _comparison(found["systems"]),
            "",
            *(f"{peer}: {PEERS[peer]}." for peer in PEERS if peer in found["versions"]),
            "",
            f"One text alone: p50 {one['p50_us']:.0f} µs, p99 {one['p99_us']:.0f} µs ({one['texts']:.0f} texts).",
            "",
            table(["our step, µs a document", "numpy", "[fast]"], steps),
            "",
            _distance(found["limit"]),
        ]
    )


def _conditions(found: Mapping[str, Any]) -> str:
    about = found["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return (
        f"{found['texts']:,} texts of Reuters-21578, medians of {found['rounds']} alternating rounds; "
        f"{about['cpu']}, Python {about['python']}, {versions}"
    )


def _comparison(systems: Mapping[str, Mapping[str, float]]) -> str:
    ratios = {"newsfold is": "ours_is", "[fast] is": "fast_is"}
    kinds = {"text → signature, docs/s": "text", "shingles → signature, docs/s": "shingles"}
    heads = ["one core", *(head for kind in kinds for head in (kind, *ratios))]
    rows = [
        [
            name,
            *(
                cell
                for kind in kinds.values()
                for cell in (
                    f"{row[f'{kind}_docs_per_s']:,.0f}",
                    *(
                        f"× {row[f'{kind}_{key}']:.2f}" if f"{kind}_{key}" in row else "–"
                        for key in ratios.values()
                    ),
                )
            ),
        ]
        for name, row in systems.items()
    ]
    return table(heads, rows)


def _distance(limit: Mapping[str, float]) -> str:
    return (
        f"Signing a document is {limit['lane_operations_per_doc']:,.0f} lane operations "
        f"({limit['shingles_per_doc']:.1f} shingles × {ROWS} × multiply, add, compare). In first-level "
        f"cache, calls not counted, numpy takes {limit['limit_us_per_doc']:.2f} µs for them; "
        f"we take {limit['sign_us_per_doc']:.2f} µs: {limit['share_of_limit']:.0%} of the limit's speed."
    )


def main(arguments: list[str] | None = None) -> int:
    """Print the tables, or JSON; 0 also where the data is missing, with a sentence saying so."""
    parser = argparse.ArgumentParser(prog="benchmarks.signatures", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help=f"every {QUICK_STEP}th text, fewer rounds")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    texts = wire_texts()[:: QUICK_STEP if options.quick else 1]
    if not texts:
        print(f"skipped: no wire/reuters21578.jsonl.gz under {DATA} (set NEWSFOLD_DATA)", file=sys.stderr)
        return 0
    found = measure(texts, QUICK_ROUNDS if options.quick else ROUNDS)
    if options.json:
        print_json(found)
    else:
        print(report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
