"""Quality of near-duplicate groups: synthetic reprints, real newswire, and different texts on one event.

`python -m benchmarks.reprints [--quick] [--json]`. Everything goes through the default configuration on a real
server: the synthetic reprints and the events as `newsfold ingest` takes them, the newswire through the placer.
datasketch's `MinHashLSH` (threshold 0.7, 128 permutations) groups the same texts in the same run, by every pair that
it returns and by those whose estimate reaches 0.7.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
import redis

from benchmarks.harness import DATA, load, machine, table
from benchmarks.lsh import THRESHOLD, lsh_components
from benchmarks.partition import score
from benchmarks.replay import told
from dedup.model import Article, Segment
from dedup.text import tokens
from pipelines.desk import Desk, DeskOptions
from pipelines.placing import Placer, Rules, Submission
from storage.embedded import EmbeddedServer
from storage.index import Index
from storage.keys import Keys
from storage.reader import Reader

SYNTHETIC = DATA / "reprints" / "synthetic_dev.jsonl.gz"
WIRE = DATA / "wire" / "reuters21578.jsonl.gz"
EVENTS = ("allsides_dev", "allsides_dated_dev", "ecbplus_dev")
SEEDS, QUICK_SEEDS, QUICK_WIRE = (1, 2, 3, 4, 5), (1,), 3_000


def groups_of(home: Path, rows: Sequence[dict[str, Any]], secret: str = "") -> list[str]:
    """The group of every row after one pass in this order on an empty server."""
    found = {article.id: article.group for article in told(home, rows, seed=secret)}
    return [found[str(row["id"])] for row in rows]


def crossed(found: Sequence[str], labels: Sequence[str]) -> float:
    """Share of texts in a group that is, for the most part, of another label."""
    by_group: dict[str, Counter[str]] = defaultdict(Counter)
    for group, label in zip(found, labels, strict=True):
        by_group[group][label] += 1
    return sum(c.total() - max(c.values()) for c in by_group.values()) / len(found)


def by_noise(rows: Sequence[dict[str, Any]], found: Sequence[str]) -> dict[int, float]:
    """Share of the copies of each level that are in their original's group."""
    home = {row["reprint"]: group for row, group in zip(rows, found, strict=True) if row["noise"] == 0}
    hits: dict[int, list[bool]] = defaultdict(list)
    for row, group in zip(rows, found, strict=True):
        if row["noise"]:
            hits[row["noise"]].append(group == home[row["reprint"]])
    return {level: sum(hit) / len(hit) for level, hit in sorted(hits.items())}


def synthetic(home: Path, seeds: Iterable[int]) -> dict[str, Any]:
    """Scores in file order, and how alike the results of shuffled orders are, all with one seed of the hashes, another in each run."""
    rows, secret = load(SYNTHETIC), token_hex(16)
    labels = [row["reprint"] for row in rows]
    found = groups_of(home, rows, secret)
    partitions = [dict(zip((row["id"] for row in rows), found, strict=True))]
    for seed in seeds:
        shuffled = random.Random(seed).sample(rows, len(rows))
        partitions.append(
            dict(zip((row["id"] for row in shuffled), groups_of(home, shuffled, secret), strict=True))
        )
    names = list(partitions[0])
    listed = [[partition[name] for name in names] for partition in partitions]
    scores = score(found, labels)
    return {
        "newsfold": {
            "ari": scores.ari, "pair_p": scores.pair_p, "pair_r": scores.pair_r,
            "noise": by_noise(rows, found), "crossed": crossed(found, labels),
        },
        "orders": {
            "seeds": len(partitions) - 1,
            "least_ari_between_two": min(score(a, b).ari for a, b in combinations(listed, 2)),
            "ari": [score(order, labels).ari for order in listed],
        },
        **{name: _peer_scores(rows, labels, verified) for name, verified in _PEERS},
    }  # fmt: skip


_PEERS = (("datasketch LSH", False), ("datasketch LSH, verified", True))


def _peer_scores(rows: Sequence[dict[str, Any]], labels: Sequence[str], verified: bool) -> dict[str, Any]:
    found = lsh_components([row["text"] for row in rows], verified)
    scores = score(found, labels)
    return {
        "ari": scores.ari, "pair_p": scores.pair_p, "pair_r": scores.pair_r,
        "noise": by_noise(rows, found), "crossed": crossed(found, labels),
    }  # fmt: skip


def exact_pairs(texts: Sequence[str]) -> dict[tuple[int, int], float]:
    """Every pair at or above the threshold, by counting what each text shares with each earlier one."""
    postings: dict[tuple[str, ...], list[int]] = defaultdict(list)
    sizes = np.zeros(len(texts), dtype=np.int64)
    pairs: dict[tuple[int, int], float] = {}
    for number, text in enumerate(texts):
        words = tokens(text)
        shingles = {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))} if words else set()
        sizes[number] = len(shingles)
        earlier = [postings[shingle] for shingle in shingles]
        if any(earlier):
            shared = np.bincount(
                np.concatenate([np.array(p, dtype=np.int64) for p in earlier if p]), minlength=number
            )
            jaccard = shared / (sizes[number] + sizes[: len(shared)] - shared)
            pairs.update({(int(i), number): float(jaccard[i]) for i in np.flatnonzero(jaccard >= THRESHOLD)})
        for posting in earlier:
            posting.append(number)
    return pairs


def wire(client: redis.Redis, most: int | None) -> dict[str, Any]:
    """Recall and precision on real newswire against all pairs compared exactly."""
    client.flushall()
    texts = [row["text"] for row in load(WIRE)][:most]
    now = datetime.now(UTC)
    articles = [
        Article(str(i), "", "", "en", "", (Segment("text", "paragraph", text),), now)
        for i, text in enumerate(texts)
    ]
    placer = Placer(Index(client, Keys()), Rules(tell_stories=False))
    placed = [
        placement
        for start in range(0, len(articles), 64)
        for placement in placer.place([Submission(a) for a in articles[start : start + 64]], now)
    ]
    groups = {a.id: a.group for a in Reader(client).all_articles()}
    pairs = exact_pairs(texts)
    said = [(int(p.matched), int(p.article)) for p in placed if p.verdict in ("exact", "near-duplicate")]
    return {
        "texts": len(texts),
        "pairs": len(pairs),
        "recall": sum(groups[str(a)] == groups[str(b)] for a, b in pairs) / max(1, len(pairs)),
        "declared": len(said),
        "precision": sum((min(p), max(p)) in pairs for p in said) / max(1, len(said)),
    }


def events(home: Path) -> dict[str, float]:
    """Share of texts on shared events that are grouped with another; some of them are real copies."""
    shares = {}
    for name in EVENTS:
        rows = load(DATA / "events" / f"{name}.jsonl.gz")
        found = groups_of(home, rows)
        shares[name] = crossed(found, [str(i) for i in range(len(found))])
    return shares


def measure(quick: bool) -> dict[str, Any]:
    """Everything, on a server in a folder of its own."""
    with tempfile.TemporaryDirectory() as home:
        try:
            desk = Desk(DeskOptions(home=Path(home)))
            return {
                "synthetic": synthetic(Path(home), QUICK_SEEDS if quick else SEEDS),
                "wire": wire(desk.client, QUICK_WIRE if quick else None),
                "events": {} if quick else events(Path(home)),
                "machine": machine(),
            }
        finally:
            EmbeddedServer(Path(home)).stop()


def report(found: dict[str, Any]) -> str:
    """The tables."""
    levels = [1, 2, 3, 4, 5]
    rows = [
        [name, *(f"{s[k]:.4f}" for k in ("ari", "pair_p", "pair_r")), *(f"{s['noise'][n]:.3f}" for n in levels),
         f"{s['crossed']:.2%}"]
        for name, s in found["synthetic"].items() if name != "orders"
    ]  # fmt: skip
    heads = [
        "synthetic reprints",
        "ARI",
        "pair P",
        "pair R",
        *(f"level {n}" for n in levels),
        "across labels",
    ]
    orders, real = found["synthetic"]["orders"], found["wire"]
    return "\n".join(
        [
            table(heads, rows),
            f"\nShuffled {orders['seeds']} times: least ARI between two results {orders['least_ari_between_two']:.4f}, "
            f"against the labels {min(orders['ari']):.4f} to {max(orders['ari']):.4f}",
            f"Newswire, {real['texts']:,} texts, {real['pairs']:,} pairs with Jaccard of .7 or more: recall "
            f"{real['recall']:.4f}; of {real['declared']:,} declared matches {real['precision']:.4f} have it",
            *(
                f"{name}: {share:.2%} of texts grouped with another"
                for name, share in found["events"].items()
            ),
            f"{found['machine']}",
        ]
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="one shuffled order, part of the newswire, no events"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    if not (SYNTHETIC.exists() and WIRE.exists()):
        print(f"{SYNTHETIC} or {WIRE} is not there: nothing was measured", file=sys.stderr)
        return
    found = measure(options.quick)
    print(json.dumps(found) if options.json else report(found))


if __name__ == "__main__":
    main()
