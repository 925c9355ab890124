"""Texts that no outlet should send: bounded time and memory, and a defined result for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest
import redis

from dedup.model import Article, Placement
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys
from storage.reader import Reader

Write = Callable[..., Article]
FERRY = "The night ferry ran aground in fog off Harrowmouth and all passengers were taken ashore by boats on Monday."


@pytest.fixture
def placer(client: redis.Redis) -> Placer:
    return Placer(Index(client, Keys()), Rules())


def put(placer: Placer, *articles: Article) -> list[Placement]:
    return placer.place([Submission(article) for article in articles], articles[0].seen)


@pytest.mark.parametrize("text", ["", " \t\n\u00a0", "...!", "\u200b\u00ad"])
def test_texts_without_words_are_each_their_own(placer: Placer, write: Write, text: str) -> None:
    first, second = put(placer, write("a", text), write("b", text))
    assert (first.verdict, second.verdict) == ("new", "new")
    assert first.group != second.group


def test_one_word_is_the_same_word_anywhere(placer: Placer, write: Write) -> None:
    first, second, other = put(placer, write("a", "Ferry."), write("b", "ferry!"), write("c", "Fog."))
    assert second.verdict == "exact"
    assert first.group == second.group != other.group


@pytest.mark.slow
def test_twenty_megabytes_take_seconds(placer: Placer, write: Write) -> None:
    text = " ".join(f"word{i}" for i in range(2_000_000))
    assert len(text) > 20_000_000
    begin = time.process_time()
    first, second = put(placer, write("a", text), write("b", text + " and more"))
    assert time.process_time() - begin < 20
    assert (first.group, second.verdict) == (second.group, "exact")


def test_one_word_repeated(placer: Placer, write: Write) -> None:
    first, second, third = put(
        placer, write("a", "spam " * 50_000), write("b", "spam " * 40_000), write("c", FERRY)
    )
    assert (first.group, second.verdict) == (second.group, "near-duplicate")
    assert third.group != first.group


@pytest.mark.parametrize(
    "text",
    [
        FERRY.replace(" ", "\x00", 3),
        FERRY + " \ud800 \udfff lone",
        "\u202e" + FERRY,
        "العبارة توقفت near הנמל " + FERRY,
    ],
)
def test_odd_characters_are_stored_and_found_again(
    placer: Placer, client: redis.Redis, write: Write, text: str
) -> None:
    first, second = put(placer, write("a", text), write("b", text))
    assert (first.group, second.verdict) == (second.group, "exact")
    assert len(Reader(client).articles(["a", "b"])) == 2


@pytest.mark.slow
def test_thirty_thousand_identical_texts_cost_as_much_at_last_as_at_first(
    client: redis.Redis, write: Write
) -> None:
    placer = Placer(Index(client, Keys()), Rules(tell_stories=False))
    template = write("a", FERRY)
    spent, groups = [], set()

    def batches() -> Iterator[tuple[list[Submission], datetime]]:
        for start in range(0, 30_000, 256):
            spent.append(time.process_time())
            yield [Submission(replace(template, id=f"a{start + i}")) for i in range(256)], template.seen

    for placed in placer.place_all(batches()):
        groups |= {placement.group for placement in placed}
    assert spent[-1] - spent[0] < 72
    quarter = len(spent) // 4
    assert spent[-1] - spent[-1 - quarter] < 2 * (spent[2 * quarter] - spent[quarter])
    assert groups == {put(placer, template)[0].group}
    for key in client.keys("newsfold:{en}:*:band:*"):
        assert max(map(len, client.hvals(key))) <= 64
