"""Text to group in Redis: documents a second, latency and memory at growing sizes, beside datasketch's LSH.

`python -m benchmarks.index [--quick] [--json]`. The documents are Reuters-21578, as often as it takes, each time
with every word spelled anew, so that a copy of the corpus has the reprints of the original and shares nothing
with the other copies. What is measured is `Placer.place_all` without stories: fingerprint, insert and read, verify, settle,
link, article stored; single documents go through `Placer.place`. The index is filled by `Index.insert_and_read` alone.

The peer is `datasketch.MinHashLSH` with Redis storage, query and insert, on a server of the same build, over the same
kind of socket. It has its turn beside every round of ours, so that what slows the machine slows both; its index is empty
at first.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from statistics import median
from typing import Any

import redis

from benchmarks.harness import DATA, machine, percentile, seconds, table
from benchmarks.server import Cost, cost, server
from dedup.fingerprint import fingerprint
from dedup.model import Article, Segment
from dedup.text import tokens
from dedup.thresholds import MinHashConfig
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys

WIRE = DATA / "wire" / "reuters21578.jsonl.gz"
SIZES, QUICK_SIZES = (10_000, 100_000, 1_000_000), (2_000, 10_000)
BATCH, ROUNDS, ROUND_DOCS, SINGLES, PEER_DOCS = 64, 7, 4_096, 1_000, 300


def corpus() -> list[list[str]]:
    """The words of every text."""
    with gzip.open(WIRE, "rt", encoding="utf-8") as lines:
        return [tokens(json.loads(line)["text"]) for line in lines]


def spelled(words: list[list[str]], copy: int) -> Iterator[str]:
    """The corpus with every word spelled anew."""
    return (" ".join([f"{word}{copy}" for word in text]) for text in words)


def stream(words: list[list[str]], first: int) -> Iterator[str]:
    """Documents without end, from a copy of the corpus that no other stream has."""
    copy = first
    while True:
        yield from spelled(words, copy)
        copy += 1


class Subject:
    """The index under test and the documents that fill it."""

    def __init__(self, client: redis.Redis, words: list[list[str]]) -> None:
        self.client, self.size = client, 0
        self._index = Index(client, Keys())
        self._placer = Placer(self._index, Rules(tell_stories=False))
        self._filler, self._fresh = stream(words, 1), stream(words, 100_000)
        self._now = datetime.now(UTC)

    def fill(self, size: int) -> None:
        """Index documents until there are `size`."""
        while self.size < size:
            texts = list(islice(self._filler, min(BATCH, size - self.size)))
            names = [f"f{self.size + i:012d}" for i in range(len(texts))]
            prints = fingerprint(texts, MinHashConfig())
            self._index.insert_and_read("en", names, prints, self._now)
            self.size += len(texts)

    def documents(self, count: int) -> list[Submission]:
        """Fresh documents to place."""
        texts = islice(self._fresh, count)
        return [Submission(self._article(number, text)) for number, text in enumerate(texts)]

    def round(self) -> Cost:
        """What one round costs, in batches."""
        documents = self.documents(ROUND_DOCS)
        batches = [(documents[i : i + BATCH], self._now) for i in range(0, ROUND_DOCS, BATCH)]
        spent = cost(self.client, ROUND_DOCS, lambda: deque(self._placer.place_all(batches), maxlen=0))
        self.size += ROUND_DOCS
        return spent

    def latencies(self) -> list[float]:
        """Milliseconds that each of many documents takes that come alone."""
        taken = [
            seconds(lambda s=[document]: self._placer.place(s, self._now))  # type: ignore[misc]
            for document in self.documents(SINGLES)
        ]
        self.size += SINGLES
        return [1e3 * spent for spent in taken]

    def _article(self, number: int, text: str) -> Article:
        identity = f"p{self.size:06d}{number:06d}"
        return Article(identity, "", "", "en", "", (Segment("text", "paragraph", text),), self._now)

    def memory(self) -> dict[str, float]:
        """Bytes a document of the parts of the index."""
        sizes = {"bands": 0.0, "anchors": 0.0, "fingerprints": 0.0}
        for name, kind in (("bands", "band"), ("anchors", "anchor"), ("fingerprints", "print")):
            for key in self.client.scan_iter(match=f"newsfold:{{en}}:*:{kind}:*"):
                sizes[name] += int(self.client.memory_usage(key, samples=5_000) or 0)
        return {name: size / self.size for name, size in sizes.items()}


def article_bytes(client: redis.Redis) -> float:
    """Bytes of the records of a typical article that is a group by itself, by the medians of a sample."""
    kinds: dict[str, list[int]] = defaultdict(list)
    for kind in ("article", "group"):
        for key in islice(client.scan_iter(match=f"newsfold:{kind}:*", count=1_000), 1_000):
            kinds[kind + str(key.count(b":"))].append(int(client.memory_usage(key, samples=0) or 0))
    return sum(median(sizes) for sizes in kinds.values())


class Peer:
    """datasketch's MinHashLSH with Redis storage."""

    def __init__(self, client: redis.Redis, words: list[list[str]]) -> None:
        from datasketch import MinHashLSH

        where = {"unix_socket_path": client.connection_pool.connection_kwargs["path"]}
        storage = {"type": "redis", "basename": b"peer", "redis": where}
        self._lsh = MinHashLSH(threshold=0.7, num_perm=128, storage_config=storage)
        self._client, self._texts, self._count = client, stream(words, 200_000), 0

    def round(self) -> Cost:
        """What one round costs, each document queried and inserted."""
        texts = list(islice(self._texts, PEER_DOCS))
        return cost(self._client, PEER_DOCS, lambda: deque(map(self._place, texts), maxlen=0))

    def _place(self, text: str) -> None:
        from datasketch import MinHash

        words = text.split()
        minhash = MinHash(num_perm=128, seed=1, scheme="affine32")
        minhash.update_batch([" ".join(s).encode() for s in zip(words, words[1:], words[2:], strict=False)])
        self._lsh.query(minhash)
        self._lsh.insert(str(self._count), minhash)
        self._count += 1


def row(subject: Subject, peer: Peer, rounds: int) -> dict[str, float]:
    """Speed of both, latency and memory at one size; a first round is not counted."""
    memory = subject.memory()
    pairs = [(subject.round(), peer.round()) for _ in range(rounds + 1)][1:]
    ours, theirs = (Cost(*map(median, zip(*side, strict=True))) for side in zip(*pairs, strict=True))
    ratios = sorted(other.clock / own.clock for own, other in pairs)
    singles = subject.latencies()
    return {
        "docs_per_s": 1e6 / ours.clock,
        "worker_us": ours.worker,
        "server_us": ours.server,
        "datasketch": 1e6 / theirs.clock,
        "datasketch_worker_us": theirs.worker,
        "datasketch_server_us": theirs.server,
        "ratio": median(ratios),
        "least_ratio": ratios[0],
        "most_ratio": ratios[-1],
        "p50_ms": percentile(singles, 0.5),
        "p99_ms": percentile(singles, 0.99),
        **memory,
    }


def measure(sizes: tuple[int, ...], rounds: int) -> dict[str, Any]:
    """Everything, in one run."""
    words = corpus()
    with server() as client, server() as other:
        subject, peer, rows = Subject(client, words), Peer(other, words), []
        for size in sizes:
            subject.fill(size)
            rows.append({"documents": size, **row(subject, peer, rounds)})
        about = client.info("server")
        records = article_bytes(client)
    return {
        "sizes": rows,
        "article_bytes": records,
        "server": about.get("valkey_version") or about["redis_version"],
        "machine": machine(),
    }


_HEADS = (
    "documents indexed", "docs/s", "worker + server, µs", "datasketch, docs/s", "worker + server, µs", "ratio",
    "least to most", "p50 ms", "p99 ms", "bands + prints, B", "anchors, B",
)  # fmt: skip


def report(found: dict[str, Any]) -> str:
    """The tables."""
    rows = [
        [
            f"{row['documents']:,}", f"{row['docs_per_s']:,.0f}", f"{row['worker_us']:.0f} + {row['server_us']:.0f}",
            f"{row['datasketch']:,.0f}", f"{row['datasketch_worker_us']:,.0f} + {row['datasketch_server_us']:,.0f}",
            f"× {row['ratio']:.1f}", f"{row['least_ratio']:.1f}–{row['most_ratio']:.1f}",
            f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}",
            f"{row['bands'] + row['fingerprints']:,.0f}", f"{row['anchors']:,.0f}",
        ]
        for row in found["sizes"]
    ]  # fmt: skip
    about = f"server {found['server']}, {found['machine']}"
    return f"{table(_HEADS, rows)}\n\narticle and group records: {found['article_bytes']:,.0f} B\n{about}"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    if not WIRE.exists():
        print(f"{WIRE} is not there: nothing was measured", file=sys.stderr)
        return
    found = measure(QUICK_SIZES, 3) if options.quick else measure(SIZES, ROUNDS)
    print(json.dumps(found) if options.json else report(found))


if __name__ == "__main__":
    main()
