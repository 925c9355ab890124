"""Which texts tell one event: joining, crowded neighbourhoods, moves, splits and unions, without a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.halves import halves
from dedup.model import StoryDecision
from dedup.neighbourhood import Neighbourhood
from dedup.stories import decide_story
from dedup.terms import TermVector, count_terms, no_frequencies, weigh
from dedup.thresholds import StoryConfig, TermConfig

CONFIG = StoryConfig()
FERRY = (
    "Ferry Pearl runs aground off Harrowmouth with 214 aboard",
    "The ferry Pearl ran aground on rocks near Harrowmouth harbour, the coastguard said, and passengers were evacuated.",
)
FERRY_AGAIN = (
    "214 rescued as ferry hits rocks",
    "Passengers of the Pearl were taken off by lifeboats after the ferry struck rocks near Harrowmouth, coastguard says.",
)
BANK = (
    "Fellmoor bank collapses after run on deposits",
    "Regulators closed Fellmoor bank after customers withdrew deposits, the central bank said.",
)


class Stream:
    """A stream in which every text is a candidate of every later one."""

    def __init__(self, config: StoryConfig = CONFIG, seen: int = 1_000) -> None:
        self.config, self.seen = config, seen
        self.around = Neighbourhood.empty(40, 64)

    def tell(self, title: str, text: str) -> StoryDecision:
        vector = weigh(count_terms(title, text, "en", self.config.terms), no_frequencies(), self.config.terms)
        return self.put(vector.slots, vector.weights, vector)

    def put(
        self, slots: Sequence[int], weights: Sequence[float], vector: TermVector | None = None
    ) -> StoryDecision:
        array = np.array(weights, np.float32)
        array /= max(1e-9, np.linalg.norm(array))
        empty = TermVector((), np.zeros(0, np.uint16), np.zeros(0, np.float32))
        others = range(len(self.around.groups))
        own = self.around.add(f"g{len(others)}", 0, np.array(slots, np.uint16), array)
        return decide_story(
            own, vector or empty, others, self.around, self.seen, self.config, lambda s: f"s({s})"
        )

    def story(self, number: int) -> str:
        return self.around.stories[number]


def test_texts_on_one_event_share_a_story_and_say_by_what() -> None:
    stream = Stream()
    first, other, again = stream.tell(*FERRY), stream.tell(*BANK), stream.tell(*FERRY_AGAIN)
    assert not first.joined
    assert not other.joined
    assert first.story != other.story
    assert again.joined
    assert again.story == first.story
    assert again.group == "g0"
    assert {"pearl", "harrowmouth"} <= {term for term, _ in again.terms}
    assert all(share > 0 for _, share in again.terms)
    assert again.score >= CONFIG.similarity


def test_a_crowded_neighbourhood_asks_for_more() -> None:
    """The same likeness counts for less among many texts that are as near."""
    alone, crowd = Stream(), Stream(StoryConfig(similarity=2.0))
    for stream, others in ((alone, 1), (crowd, 12)):
        for n in range(others):
            stream.put([1, 2, 100 + 3 * n, 101 + 3 * n, 102 + 3 * n], [1, 1, 1, 1, 1])
    near, far = (stream.put([1, 2, 300, 301, 302], [1, 1, 1, 1, 1]) for stream in (alone, crowd))
    assert near.joined
    assert near.score > far.score + 0.1
    assert crowd.around.densities[-1] > alone.around.densities[-1]


def test_a_text_moves_to_the_story_that_it_fits_better() -> None:
    stream = Stream()
    for n in range(3):
        stream.put([1, 2, 3, 4, 80 + n], [1, 1, 1, 1, 0.3])
    stray = stream.put([3, 4, 20, 21, 22, 23], [1, 1, 1, 1, 1, 1])
    assert stray.joined
    assert stray.story == stream.story(0)
    found = stream.put([20, 21, 22, 23], [1, 1, 1, 1])
    assert [stream.story(n) for n in range(5)] == [stray.story] * 3 + [stream.story(4)] * 2
    assert stream.story(4) != stray.story
    assert {change.group for change in found.changes} >= {"g3"}


def test_one_bridge_does_not_unite_two_stories() -> None:
    stream = Stream()
    for n in range(4):
        stream.put([1, 2, 3, 10 + n], [1, 1, 1, 0.5])
    for n in range(4):
        stream.put([5, 6, 7, 30 + n], [1, 1, 1, 0.5])
    one, other = stream.story(0), stream.story(4)
    bridge = stream.put([1, 2, 3, 5, 6, 7], [1, 1, 1, 1, 1, 1])
    assert one != other
    assert [stream.story(n) for n in range(8)] == [one] * 4 + [other] * 4
    assert stream.story(8) in (one, other) or not bridge.joined


def test_a_story_of_two_events_falls_in_two() -> None:
    """Twins that share half their words: joined while few, parted when each side is like itself."""
    stream = Stream(StoryConfig(similarity=0.02, gain=1.0, leave=1.0))
    for n in range(3):
        stream.put([1, 2, 50, 51, 52, 90 + n], [1, 1, 1.3, 1.3, 1.3, 0.3])
        stream.put([1, 2, 60, 61, 62, 95 + n], [1, 1, 1.3, 1.3, 1.3, 0.3])
    sides = [stream.story(n) for n in range(6)]
    assert sides[0::2] == [sides[0]] * 3
    assert sides[1::2] == [sides[1]] * 3
    assert sides[0] != sides[1]


def test_two_stories_that_turn_out_one_are_united() -> None:
    never = StoryConfig(similarity=2.0)
    stream = Stream(never)
    for n in range(3):
        stream.put([1, 2, 3, 4, 40 + n], [1, 1, 1, 1, 0.2])
    assert len({stream.story(n) for n in range(3)}) == 3
    stream.config = CONFIG
    stream.put([1, 2, 3, 4], [1, 1, 1, 1])
    assert len({stream.story(n) for n in range(4)}) == 1


def test_a_round_up_joins_one_at_most() -> None:
    stream = Stream()
    for n in range(6):
        for m in range(2):
            stream.put([10 * n + 1, 10 * n + 2, 10 * n + 3, 200 + 2 * n + m], [1, 1, 1, 0.5])
    before = [stream.story(n) for n in range(12)]
    stream.put([10 * n + k for n in range(6) for k in (1, 2, 3)], [1] * 18)
    assert [stream.story(n) for n in range(12)] == before


def test_no_words_found_a_story_each() -> None:
    stream = Stream()
    assert not stream.tell("", "").joined
    assert not stream.tell("", "").joined
    assert stream.story(0) != stream.story(1)


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=8, unique=True), max_size=14))
def test_changes_told_lead_from_story_to_story(texts: list[list[int]]) -> None:
    """Who makes the changes in the order told ends where the neighbourhood is; and sizes add up."""
    stream, told = Stream(StoryConfig(similarity=0.05)), dict[str, str]()
    for number, slots in enumerate(texts):
        decision = stream.put(slots, [1.0] * len(slots))
        told[f"g{number}"] = decision.story
        for change in decision.changes:
            assert told[change.group] == change.left != change.story
            told[change.group] = change.story
        assert list(told.values()) == stream.around.stories
    assert {s: n for s, n in stream.around.size.items() if n} == Counter(stream.around.stories)


@pytest.mark.parametrize("sizes", [(2, 2), (3, 5), (8, 4)])
def test_halves_are_found(sizes: tuple[int, int]) -> None:
    one = np.arange(sum(sizes)) < sizes[0]
    likeness = np.where(one[:, None] == one[None], 0.5, 0.2).astype(np.float32)
    np.fill_diagonal(likeness, 0)
    sides = halves(likeness)
    assert (sides == one).all() or (sides == ~one).all()


def test_what_the_stream_says_often_weighs_less() -> None:
    config, frequencies = TermConfig(), no_frequencies()
    counted = count_terms("Harrowmouth", "Harrowmouth Fellmoor", "en", config)
    fresh = weigh(counted, frequencies, config).as_dict()
    for _ in range(500):
        frequencies.add(count_terms("", "Harrowmouth", "en", config))
    stale = weigh(counted, frequencies, config).as_dict()
    assert stale["harrowmouth"] < fresh["harrowmouth"]
    assert sum(w * w for w in stale.values()) == pytest.approx(1, abs=1e-5)
