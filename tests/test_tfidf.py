"""The online TF-IDF baseline: what it joins, what the window keeps apart, and the same arithmetic done slowly."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from benchmarks.tfidf import Nearest, OnlineTfidf, Text, online_tfidf

DAY = 86_400.0
FERRY = ("Ferry aground off Harrowmouth", "Ferry runs aground near Harrowmouth harbour")
BANK = ("Fellmoor bank collapses", "Regulator closes Fellmoor bank")


def test_events_apart_and_together() -> None:
    texts = [Text.of(title, "") for title in (FERRY[0], BANK[0], FERRY[1], BANK[1])]
    for nearest in ("centroid", "article"):
        assert online_tfidf(texts, nearest) == [0, 1, 0, 1]


def test_window() -> None:
    texts = [Text.of(FERRY[0], "", 0.0), Text.of("Snow", "", DAY), Text.of(FERRY[1], "", 3 * DAY)]
    late = [*texts[:2], Text.of(FERRY[1], "", 9 * DAY)]
    assert online_tfidf(texts, "centroid") == [0, 1, 0]
    assert online_tfidf(late, "centroid") == [0, 1, 2]


def test_window_counts_from_the_latest_member() -> None:
    texts = [Text.of(FERRY[i % 2], "", 3 * i * DAY) for i in range(4)]
    assert online_tfidf([Text.of("Snow", "", 0.0), *texts], "article") == [0, 1, 1, 1, 1]


def test_texts_without_words() -> None:
    assert online_tfidf([Text.of("", ""), Text.of("The", "of it"), Text.of("", "")], "centroid") == [0, 1, 2]


@pytest.mark.parametrize("nearest", ["centroid", "article"])
def test_as_the_plain_definition(nearest: Nearest) -> None:
    """The same decisions as vectors in dicts, every text compared with every cluster."""
    draw = random.Random(3)
    texts = [
        Text(tuple(draw.choices([f"w{i}" for i in range(30)], k=12)), draw.random() * 8 * DAY)
        for _ in range(120)
    ]
    found = OnlineTfidf(nearest, 0.35, 4.0)
    assert [found.add(text) for text in texts] == _slowly(texts, nearest, 0.35)


def _slowly(texts: list[Text], nearest: Nearest, threshold: float) -> list[int]:
    held: Counter[str] = Counter()
    clusters: list[list[tuple[dict[str, float], float]]] = []
    labels = []
    for number, text in enumerate(texts):
        counts = Counter(text.words)
        held.update(counts.keys())
        raw = {w: (1 + math.log(c)) * math.log((2 + number) / held[w]) for w, c in counts.items()}
        length = math.sqrt(sum(v * v for v in raw.values()))
        vector = {w: v / length for w, v in raw.items()}
        scores = [_similarity(vector, members, nearest, text.time or 0.0) for members in clusters]
        best = max(range(len(scores)), key=lambda i: (scores[i], -i), default=-1)
        if best < 0 or scores[best] < threshold:
            best = len(clusters)
            clusters.append([])
        clusters[best].append((vector, text.time or 0.0))
        labels.append(best)
    return labels


def _similarity(
    vector: dict[str, float], members: list[tuple[dict[str, float], float]], nearest: Nearest, time: float
) -> float:
    if abs(max(when for _, when in members) - time) > 4 * DAY:
        return 0.0
    dots = [sum(v * other.get(w, 0.0) for w, v in vector.items()) for other, _ in members]
    if nearest == "article":
        return max(dots)
    total: Counter[str] = Counter()
    for other, _ in members:
        total.update(other)
    return sum(dots) / math.sqrt(sum(v * v for v in total.values()))
