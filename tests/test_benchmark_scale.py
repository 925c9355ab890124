"""The benchmark of scale: kinds of keys, the arithmetic of the projection, its tables, and a small run of each part."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.replay import Row
from benchmarks.scale_ingest import ingest_rates
from benchmarks.scale_memory import kind_of, memory_by_kind
from benchmarks.scale_report import projected, report
from benchmarks.scale_workers import worker_rates
from storage.connect import connect
from storage.embedded import EmbeddedServer
from storage.keys import Keys


def test_every_kind_of_key() -> None:
    keys, clustered = Keys(), Keys("{newsfold}")
    for one in (keys, clustered):
        assert kind_of(one.article("a")) == "article records"
        assert kind_of(one.story_outlets("s")) == "stories"
        assert kind_of(one.buckets("en", "i") + "band:1") == "buckets of bands"
        assert kind_of(one.index("en") + "terms:1") == "postings of terms"
        assert kind_of(one.events) == "lists, events and others"
    assert kind_of(clustered.shard("en", "i", 3) + "anchor:1") == "buckets of anchors"


def test_the_arithmetic() -> None:
    steps = dict(projected(8.64, 2_000, 1_000, 5_000))
    assert steps["articles/s: mean"] == "100.0"
    assert steps["at the peak (× 3)"] == "300"
    assert steps["cores that place (peak × 2,000 µs ÷ 0.6)"] == "1.0"
    assert steps["Redis for time, nodes' worth (peak × 1,000 µs ÷ 0.6)"] == "0.50"
    assert steps["GB for 30 days"] == "1,296"
    assert steps["feeds (20 new articles a day each)"] == "432,000"


def found() -> dict[str, Any]:
    worker = {"workers": 1, "articles_per_s": 400.0, "worker_us": 2_000.0, "server_us": 1_000.0}
    ingest = {"processes": 1, "articles_per_s": 400.0, "processes_us": 2e3, "server_us": 1e3, "start_s": 2.0}
    return {
        "machine": {"cores": 2, "cpu": "x", "python": "3"},
        "memory": {"articles": 10, "article_bytes": 5e3, "kinds": {"groups": {"keys": 3, "bytes": 2e4}}},
        "workers": {"one Redis": [worker, {**worker, "workers": 2, "articles_per_s": 600.0}]},
        "ingest": [ingest, {**ingest, "processes": 2, "articles_per_s": 650.0}],
    }


def test_the_report() -> None:
    text = report(found())
    assert "× 1.50 |     2,000 |     1,000 |       1.80 |" in text
    assert "2 processes, against twice one's rate: 81% (80 % asked on two cores: met)" in text
    assert "could do × 1.67" in text
    assert "| all that the server allocated          |      |        5,000 |         5.00 |" in text


def invented() -> Iterator[Row]:
    draw = random.Random(1)
    for number in range(10_000):
        words = " ".join("".join(draw.choices("abdegiklmnorstu", k=7)) for _ in range(30))
        yield {"id": str(number), "title": f"Item {number}", "text": words, "lang": "en"}


@pytest.mark.slow
def test_small_runs_of_each_part(home: Path) -> None:
    EmbeddedServer(home).ensure()
    fresh = invented()
    one, two = worker_rates(None, home, fresh, (1, 2), 1, 64)
    assert (one["workers"], two["workers"]) == (1, 2)
    assert min(one["worker_us"], two["server_us"], two["articles_per_s"]) > 0
    (row,) = ingest_rates(None, home, fresh, (2,), 1, 64)
    assert (row["processes"], row["start_s"] > 0) == (2, True)
    with connect(None, home) as client:
        kinds = memory_by_kind(client)
    assert kinds["article records"]["keys"] == (64 + 128) + (64 + 2 * 128) + 512 + (512 + 64)
    assert kinds["article records"]["bytes"] > 64 * 300
