"""The story benchmark: its streams, its spelled copies, its tables, and rows through a real server."""

from __future__ import annotations

import random
import re
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from benchmarks.harness import table
from benchmarks.lsh import lsh_components
from benchmarks.published import Published
from benchmarks.replay import told
from benchmarks.stories import OURS, partitions, published, scores_of
from benchmarks.story_orders import orders
from benchmarks.story_report import quality_table, targets_table
from benchmarks.story_sets import (
    ALL,
    DATED,
    ECB,
    QUICK,
    SETS,
    TARGETS,
    dated,
    first_stories,
    sample_stories,
    shuffled,
)
from benchmarks.story_speed import FRESH, Copies, Vocabulary, memory, parts, speed, unwrapped
from storage.embedded import EmbeddedServer

FERRY = "The ferry Corvina ran aground off Harrowmouth on {} with 212 passengers, the coastguard said."
BANK = "Regulators shut Fellmoor Savings bank on {} after depositors withdrew 40 million in Ellow."
ROWS: list[dict[str, Any]] = [
    {"id": f"{name}{number}", "story": name, "title": "", "text": text.format(day), "lang": "en"}
    for number, day in enumerate(("Monday", "Tuesday night", "its way home"))
    for name, text in (("ferry", FERRY), ("bank", BANK))
]


def test_orders_of_rows() -> None:
    rows = [{"id": str(i), "story": f"s{i // 3}"} for i in range(30)]
    assert shuffled(rows) == shuffled(rows)
    assert sorted(shuffled(rows), key=lambda r: int(r["id"])) == rows
    assert shuffled(rows, 7) != shuffled(rows, 8)
    assert first_stories(rows, 2) == rows[:6]
    one, two = (sample_stories(rows, 4, seed) for seed in (1, 2))
    assert len(one) == len(two) == 12
    assert {row["story"] for row in one} != {row["story"] for row in two}
    assert len(sample_stories(rows, 99, 1)) == 30


def test_dates_across_zones() -> None:
    rows = [{"published": "2021-04-22T06:15:00-07:00"}, {"published": "2021-04-22T12:00:00+00:00"}]
    assert dated(rows) == rows[::-1]


def test_every_target_is_of_a_set_that_is_measured() -> None:
    assert {target.set for target in TARGETS} <= {one.name for one in SETS}


def test_copies_exchange_words_that_are_as_common() -> None:
    rare = [f"word{n}" for n in range(40)]
    texts = [["The", " ", word.upper(), " ", str(1900 + n), "-"] for n, word in enumerate(rare)]
    exchange = Vocabulary(texts, share=0.5).copy(1)
    text = "The Word3 and WORD7, word3 in 1904 — a\nx"
    made = "".join(exchange[part] for part in parts(text))
    assert "".join(parts(text)) == text
    the, name, _, shout, word, _, year, *_ = re.findall(r"\w+", made)
    assert (the, name, shout.isupper()) == ("The", word.capitalize(), True)
    assert {exchange[word] for word in rare} == set(rare)
    assert year in {str(1900 + n) for n in range(40)}
    assert made.endswith(" — a\nx")


def test_paragraphs_of_the_wire() -> None:
    assert (
        unwrapped("Showers in\nthe zone.\n    The dry\nperiod.\n")
        == "Showers in the zone.\n    The dry period. "
    )


def test_copies() -> None:
    copies = Copies(
        [{"title": "", "text": f"word{i}"} for i in range(60)] + [{"title": None, "text": "\x03"}]
    )
    filling, fresh = list(islice(copies.filling(), 51)), list(islice(copies.fresh(), 12))
    ids = {row["id"] for row in (*filling, *fresh)}
    assert len(ids) == 63
    assert [row["id"] for row in fresh[8:]] == ["1-48", "1-54", "2-0", f"2-{FRESH}"]
    assert (filling[0]["id"], filling[50]["id"]) == ("1-1", "2-1")
    assert filling[0]["text"] != filling[50]["text"]


def test_lsh_components() -> None:
    near = [f"{FERRY.format(day)} {BANK}" for day in ("Monday", "Tuesday")]
    one, two, other, empty = lsh_components([*near, BANK, ""], verified=True)
    assert one == two
    assert len({one, other, empty}) == 3


def test_left_columns() -> None:
    assert table(["a", "b", "c"], [["xx", "yy", "zz"]], left=2).splitlines() == [
        "| a  | b  |  c |",
        "| -- | -- | -: |",
        "| xx | yy | zz |",
    ]


def measured(**sets: float) -> dict[str, Any]:
    quality = {name: {"systems": {OURS: {"bcubed_f1": v, "pair_f1": v}}} for name, v in sets.items()}
    return {"quality": quality, "orders": {}, "speed": None}


def cells(found: dict[str, Any], start: str) -> list[list[str]]:
    lines = targets_table(found).splitlines()
    return [[c.strip() for c in line.split("|")[2:5]] for line in lines if line.startswith(f"| {start}")]


def test_targets_say_what_was_not_measured() -> None:
    found = measured(**{DATED: 0.80, ECB: 0.95})
    assert [row[2] for row in cells(found, DATED)] == ["missed", "met"]
    assert [row[2] for row in cells(found, ECB)] == ["met", "met"]
    assert [row[1:] for row in cells(found, ALL)] == [["not measured", "not measured"]]
    assert [row[2] for row in cells(found, "one worker")] == ["not measured", "not measured"]


def test_targets_of_speed_need_the_whole_index() -> None:
    small = {"active": 1_500, "articles_per_s": 5e3, "p99_ms": 1.0}
    found = measured() | {"speed": small}
    assert [row[2] for row in cells(found, "one worker")] == ["not measured", "not measured"]
    found["speed"] = {**small, "active": 100_000, "p99_ms": 20.0}
    assert [row[2] for row in cells(found, "one worker")] == ["met", "missed"]


def test_targets_of_workers() -> None:
    def between(four: float) -> dict[str, Any]:
        return {"two_shuffles": {"mean": 0.9}, "one_and_four_workers": {"mean": four}}

    found = measured() | {"orders": {"X": between(0.95), "Y": between(0.85), QUICK: between(0.5)}}
    assert [row[2] for row in cells(found, "four workers")] == ["met", "missed"]


def test_quality_table() -> None:
    scores = scores_of({OURS: [1, 1, 2]}, ["a", "a", "b"])
    text = quality_table({"X": {"articles": 3, "labels": 2, "left_out": 1, "systems": scores}})
    assert "| X (3 articles, 2 labels) | newsfold |        2 |     1.000 |" in text
    assert text.endswith("Articles without a word, left out: 1")


def test_rows_through_a_server(home: Path) -> None:
    made = partitions(home, ROWS)
    assert all(len(found) == len(ROWS) for found in made.values())
    assert scores_of(made, [row["story"] for row in ROWS])[OURS]["bcubed_f1"] == 1.0
    assert len(told(home, ROWS[:2])) == 2  # the pass before it is gone


def test_published_set_by_language(home: Path) -> None:
    rows = (*({**row, "lang": "en"} for row in ROWS), {**ROWS[0], "id": "de", "lang": "de", "text": "Fähre"})
    given = Published(rows, (*(row["story"] for row in ROWS), "ferry"), 0)
    found = published(home, "N", given, "group")
    assert {name: (one["articles"], one["labels"]) for name, one in found.items()} == {
        "N, de": (1, 1),
        "N, en": (6, 2),
    }
    assert found["N, en"]["systems"][OURS]["bcubed_p"] == 1.0
    assert "online TF-IDF, articles" not in found["N, en"]["systems"]  # which makes no groups


@pytest.mark.slow
def test_orders_and_workers(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.story_orders.WORKERS", 2)
    found = orders(home, ROWS, shuffles=2, crowds=1)
    assert found["articles"] == 6
    assert found["same_file_twice"] == found["two_shuffles"]["least"] == 1.0
    assert 0.0 <= found["one_and_four_workers"]["least"] <= 1.0


@pytest.mark.slow
def test_a_worker_that_fails_is_told(home: Path) -> None:
    with pytest.raises(RuntimeError, match="workers ended with"):
        told(home, [{"id": "x"}, *ROWS], 2)
    assert EmbeddedServer(home).status().running


@pytest.mark.slow
def test_speed_and_memory(home: Path) -> None:
    words = [
        "".join(draw.choices("abdegiklmnorstu", k=7)) for draw in [random.Random(1)] for _ in range(4_400)
    ]
    rows = [{"title": f"Item {i}", "text": " ".join(words[40 * i : 40 * i + 40])} for i in range(110)]
    found = speed(home, rows, 128, 1, 64, 2)
    assert (found["active"], found["batches"]) == (128, 2)
    assert found["articles_per_s"] > 0
    sizes = memory(home, rows, 128)
    assert 500 < sizes["grouped_article_bytes"] < 50_000
    told = sizes["grouped_article_bytes"] + sizes["story_bytes"] * sizes["stories"] / 128
    assert sizes["article_bytes"] == pytest.approx(told)
    assert 64 < sizes["stories"] <= 128
