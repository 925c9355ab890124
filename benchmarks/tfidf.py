"""The plain way to stories, to measure ours beside: one pass of TF-IDF, each text to its nearest cluster.

Words of title and text, lower case, without the commonest English ones; weights (1 + log tf) · log((1 + n) / df)
with the n texts seen so far, this one among them, and their document frequencies; vectors of length 1, frozen as they
were made. A text joins the cluster whose centroid (or whose nearest member) has the greatest cosine, where that
reaches the threshold, and founds one otherwise. With a window, clusters whose latest member is older are out of reach.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dedup.text import tokens

Nearest = Literal["centroid", "article"]
# One for every set and both ways: the best mean BCubed F1 over the event sets, in steps of .01.
THRESHOLD = 0.24
WINDOW_DAYS = 4.0
_DAY = 86_400.0
_STOP = frozenset(
    """
    a about after all also an and are as at be because been but by can could did do for from had has have he
    her his how i if in into is it its more new no not of on one or other our out over s said says she so
    some t than that the their them there they this to up us was we were what when where which who will with
    would you
    """.split()  # noqa: SIM905 - a list of a hundred strings is a hundred lines
)


@dataclass(frozen=True, slots=True)
class Text:
    """What the baseline sees of an article: its words, and when it appeared in seconds, where that is known."""

    words: tuple[str, ...]
    time: float | None = None

    @classmethod
    def of(cls, title: str, text: str, time: float | None = None) -> Text:
        """The words of a title and a text."""
        return cls(tuple(word for word in tokens(f"{title} {text}") if word not in _STOP), time)


class OnlineTfidf:
    """Clusters of a stream of texts, each decided when it comes."""

    def __init__(self, nearest: Nearest, threshold: float, window_days: float) -> None:
        self._nearest, self._threshold, self._window = nearest, threshold, window_days * _DAY
        self._frequency: Counter[str] = Counter()
        self._holders: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
        self._weights: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        self.labels: array[int] = array("q")
        self._squares: list[float] = []  # of each cluster's sum of vectors
        self._latest: list[float] = []

    def add(self, text: Text) -> int:
        """The cluster of the next text."""
        vector = self._vector(text.words)
        dots = self._dots(vector)
        cluster, sums = self._choose(dots, text.time)
        if cluster == len(self._squares):
            self._squares.append(0.0)
            self._latest.append(0.0)
        self._squares[cluster] += 1.0 + 2.0 * (float(sums[cluster]) if cluster < len(sums) else 0.0)
        self._latest[cluster] = max(self._latest[cluster], text.time or 0.0)
        for word, weight in vector.items():
            self._holders[word].append(len(self.labels))
            self._weights[word].append(weight)
        self.labels.append(cluster)
        return cluster

    def _vector(self, words: Iterable[str]) -> dict[str, float]:
        counts = Counter(words)
        self._frequency.update(counts.keys())
        idf = np.log((2.0 + len(self.labels)) / np.array([self._frequency[word] for word in counts]))
        weights = (1.0 + np.log(np.array(list(counts.values()), dtype=float))) * idf
        length = float(np.linalg.norm(weights)) or 1.0
        return dict(zip(counts, (weights / length).tolist(), strict=True))

    def _dots(self, vector: dict[str, float]) -> NDArray[np.float64]:
        """The cosine with every earlier text, by what each word's holders add to it."""
        dots = np.zeros(len(self.labels))
        for word, weight in vector.items():
            if word in self._holders:
                dots[np.frombuffer(self._holders[word], np.int64)] += weight * np.frombuffer(
                    self._weights[word]
                )
        return dots

    def _choose(self, dots: NDArray[np.float64], time: float | None) -> tuple[int, NDArray[np.float64]]:
        """The nearest cluster in reach, or the number of a new one; and each cluster's sum of cosines."""
        clusters = len(self._squares)
        if not clusters:
            return 0, dots
        labels = np.frombuffer(self.labels, np.int64)
        sums: NDArray[np.float64] = np.bincount(labels, dots, clusters).astype(np.float64)
        if self._nearest == "centroid":
            scores = sums / np.sqrt(self._squares)
        else:
            scores = np.zeros(clusters)
            np.maximum.at(scores, labels, dots)
        if time is not None:
            scores[np.abs(np.array(self._latest) - time) > self._window] = 0.0
        best = int(np.argmax(scores))
        return (best if scores[best] >= self._threshold else clusters), sums


def online_tfidf(texts: Sequence[Text], nearest: Nearest, threshold: float = THRESHOLD) -> list[int]:
    """One cluster a text, in the order of the stream."""
    clusters = OnlineTfidf(nearest, threshold, WINDOW_DAYS)
    return [clusters.add(text) for text in texts]
