"""Text to group in Redis: documents a second, latency and memory at growing sizes, beside datasketch's LSH.

`python -m benchmarks.index [--quick] [--json]`. The documents are Reuters-21578, as often as it takes, each time
with every word spelled anew, so that a copy of the corpus has the reprints of the original and shares nothing
with the other copies. What is measured is `Placer.place` without stories: fingerprint, insert and read, verify, settle,
link, article stored. The index is filled by `Index.insert_and_read` alone.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import redis

from benchmarks.harness import DATA, machine, percentile, seconds, table
from dedup.fingerprint import fingerprint
from dedup.model import Article, Segment
from dedup.text import tokens
from dedup.thresholds import MinHashConfig
from pipelines.placing import Placer, Rules, Submission
from storage.connect import connect
from storage.embedded import EmbeddedServer
from storage.index import Index
from storage.keys import Keys

WIRE = DATA / "wire" / "reuters21578.jsonl.gz"
SIZES, QUICK_SIZES = (10_000, 100_000, 1_000_000), (2_000, 10_000)
BATCH, ROUNDS, ROUND_DOCS, SINGLES, PEER_DOCS = 64, 5, 2_048, 1_000, 300


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
            self._index.insert_and_read("en", list(zip(names, prints, strict=True)), self._now)
            self.size += len(texts)

    def place(self, count: int, batch: int = BATCH) -> list[float]:
        """Place fresh documents; the seconds that each batch took."""
        taken = []
        for start in range(0, count, batch):
            texts = list(islice(self._fresh, batch))
            submissions = [Submission(self._article(start + i, text)) for i, text in enumerate(texts)]
            taken.append(seconds(lambda s=submissions: self._placer.place(s, self._now)))  # type: ignore[misc]
            self.size += len(texts)
        return taken

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
    """Bytes of the record of an article and of its group, by a sample."""
    keys = list(islice(client.scan_iter(match="newsfold:article:*", count=1_000), 500))
    groups = list(islice(client.scan_iter(match="newsfold:group:*", count=1_000), 500))
    used = [[int(client.memory_usage(key) or 0) for key in found] for found in (keys, groups)]
    return sum(sum(sizes) / max(1, len(sizes)) for sizes in used)


def ours(client: redis.Redis, words: list[list[str]], sizes: tuple[int, ...]) -> list[dict[str, float]]:
    """Speed, latency and memory at each size."""
    subject, rows = Subject(client, words), []
    subject.place(BATCH)
    for size in sizes:
        subject.fill(size)
        memory = subject.memory()
        speeds = [ROUND_DOCS / sum(subject.place(ROUND_DOCS)) for _ in range(ROUNDS)]
        singles = [1e3 * spent for spent in subject.place(SINGLES, 1)]
        rows.append(
            {
                "documents": size,
                "docs_per_s": median(speeds),
                "p50_ms": percentile(singles, 0.5),
                "p99_ms": percentile(singles, 0.99),
                **memory,
            }
        )
    return rows


@contextmanager
def plain_server() -> Iterator[int]:
    """A server on a port, for a peer that knows no Unix sockets."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if not program:
        yield 0
        return
    with tempfile.TemporaryDirectory() as folder:
        running = subprocess.Popen(
            [program, "--port", "17391", "--save", "", "--dir", folder], stdout=subprocess.DEVNULL
        )
        time.sleep(1)
        try:
            yield 17391
        finally:
            running.terminate()
            running.wait()


def peer(words: list[list[str]]) -> float | None:
    """Documents a second of datasketch's MinHashLSH with Redis storage, query and insert, on an empty index."""
    from datasketch import MinHash, MinHashLSH

    with plain_server() as port:
        if not port:
            return None
        storage = {"type": "redis", "basename": b"peer", "redis": {"host": "127.0.0.1", "port": port}}
        lsh = MinHashLSH(threshold=0.7, num_perm=128, storage_config=storage)
        texts = list(islice(spelled(words, 0), PEER_DOCS * (ROUNDS + 1)))
        speeds = []
        for start in range(0, len(texts), PEER_DOCS):
            begin = time.perf_counter()
            for number, text in enumerate(texts[start : start + PEER_DOCS], start):
                found = text.split()
                minhash = MinHash(num_perm=128, seed=1, scheme="affine32")
                minhash.update_batch(
                    [" ".join(s).encode() for s in zip(found, found[1:], found[2:], strict=False)]
                )
                lsh.query(minhash)
                lsh.insert(str(number), minhash)
            speeds.append(PEER_DOCS / (time.perf_counter() - begin))
        return median(speeds[1:])


def measure(sizes: tuple[int, ...]) -> dict[str, Any]:
    """Everything, in one run; the embedded server lives in a folder of its own."""
    words = corpus()
    theirs = peer(words)
    with tempfile.TemporaryDirectory() as home:
        try:
            with connect(None, Path(home)) as client:
                client.config_set("appendonly", "no")
                rows = ours(client, words, sizes)
                records = article_bytes(client)
                server = client.info("server")
        finally:
            EmbeddedServer(Path(home)).stop()
    version = server.get("valkey_version") or server["redis_version"]
    return {
        "sizes": rows,
        "article_bytes": records,
        "datasketch": theirs,
        "server": version,
        "machine": machine(),
    }


def report(found: dict[str, Any]) -> str:
    """The tables."""
    theirs = found["datasketch"]
    heads = [
        "documents indexed",
        "docs/s",
        "× datasketch",
        "p50 ms",
        "p99 ms",
        "bands + prints, B",
        "anchors, B",
    ]
    rows = [
        [
            f"{row['documents']:,}", f"{row['docs_per_s']:,.0f}",
            f"{row['docs_per_s'] / theirs:.1f}" if theirs else "not measured",
            f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}",
            f"{row['bands'] + row['fingerprints']:,.0f}", f"{row['anchors']:,.0f}",
        ]
        for row in found["sizes"]
    ]  # fmt: skip
    beside = f"datasketch MinHashLSH on Redis, query and insert: {theirs:,.0f} docs/s" if theirs else (
        "datasketch was not measured: there is no redis-server on this machine"
    )  # fmt: skip
    return f"{table(heads, rows)}\n\n{beside}\narticle and group records: {found['article_bytes']:,.0f} B\n{found['server']=} {found['machine']}"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    if not WIRE.exists():
        print(f"{WIRE} is not there: nothing was measured", file=sys.stderr)
        return
    found = measure(QUICK_SIZES if options.quick else SIZES)
    print(json.dumps(found) if options.json else report(found))


if __name__ == "__main__":
    main()
