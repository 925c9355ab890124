"""Bodies read in processes of their own, and the batches in which they and other questions travel."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest

from crawler.batches import Batcher
from crawler.book import FeedState
from crawler.errors import FeedError, NotAFeed
from crawler.readers import Readers
from crawler.reading import Reading
from crawler.sifting import Sifted

URL = "https://n.example/feed.xml"
RSS = "<rss version='2.0'><channel><title>{0}</title><item><guid>g{0}</guid><title>T{0}</title></item></channel></rss>"


def reading(number: int = 0) -> Reading:
    return Reading(FeedState("f", URL), RSS.format(number).encode(), URL)


@dataclass(frozen=True, slots=True)
class Deadly(Reading):
    """A body that its process dies of."""

    def run(self) -> Sifted:
        os._exit(1)


def with_readers(alone: int, play: Callable[[Readers], Awaitable[None]]) -> None:
    async def run() -> None:
        readers = Readers(1, alone=alone)
        try:
            await play(readers)
        finally:
            await readers.close()

    asyncio.run(run())


@pytest.mark.slow
def test_bodies_are_read_in_processes_of_their_own() -> None:
    async def play(readers: Readers) -> None:
        html, empty = (Reading(FeedState("f", URL), body, URL) for body in (b"<html></html>", b""))
        asked = [reading(n) for n in range(40)]
        found = await asyncio.gather(*map(readers.read, [*asked, html, empty]), return_exceptions=True)
        assert found[:40] == [one.run() for one in asked]
        assert [type(one) for one in found[40:]] == [NotAFeed, FeedError]

    with_readers(0, play)


@pytest.mark.slow
def test_a_process_that_dies_fails_one_body_alone() -> None:
    async def play(readers: Readers) -> None:
        bad = Deadly(FeedState("f", URL), b"x", "https://bad.example/")
        asked: list[Reading] = [reading(n) for n in range(30)]
        asked[11] = bad
        found = await asyncio.gather(*map(readers.read, asked), return_exceptions=True)
        assert str(found[11]) == "https://bad.example/ broke the reading process"
        assert [*found[:11], *found[12:]] == [reading(n).run() for n in range(30) if n != 11]
        (lane,) = readers._lanes
        assert lane._process is not None
        lane._process.kill()
        assert await readers.read(reading(7)) == reading(7).run()

    with_readers(0, play)


@pytest.mark.slow
def test_the_first_bodies_are_read_here_and_so_are_others_while_the_process_starts() -> None:
    async def play(readers: Readers) -> None:
        (lane,) = readers._lanes
        for number in range(4):
            assert await readers.read(reading(number)) == reading(number).run()
        assert lane._pipe is None  # asked to start by the fourth, and not waited for
        for _ in range(600):
            if lane._pipe is not None:
                break
            await asyncio.sleep(0.05)
        assert lane._process is not None
        assert lane._process.is_alive()
        assert await readers.read(reading(9)) == reading(9).run()

    with_readers(3, play)


class Working:
    """What a batcher calls; remembers how large batches were and how many calls were under way at most."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.under_way = self.most = 0
        self._lock = threading.Lock()

    def __call__(self, asked: Sequence[int]) -> list[int]:
        with self._lock:
            self.sizes.append(len(asked))
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        time.sleep(random.random() / 500)
        with self._lock:
            self.under_way -= 1
        if 13 in asked:
            raise ValueError("thirteen")
        return [10 * one for one in asked]


@pytest.mark.parametrize("turns", [1, 2])
def test_every_question_is_answered_whenever_it_is_asked(turns: int) -> None:
    work = Working()

    async def play() -> list[int]:
        batcher = Batcher(work, most=4, wait=0.001, turns=turns)

        async def one(number: int) -> int:
            await asyncio.sleep(random.random() / 10)
            return await batcher.ask(number)

        return await asyncio.wait_for(asyncio.gather(*(one(n) for n in range(100, 400))), 30)

    assert asyncio.run(play()) == [10 * n for n in range(100, 400)]
    assert 1 <= min(work.sizes) <= max(work.sizes) <= 4  # not for nothing where another turn took all
    assert work.most <= turns


def test_a_batch_that_fails_fails_for_all_of_it_and_for_no_other() -> None:
    async def play() -> list[object]:
        batcher = Batcher(Working(), most=2, wait=0.001)
        return await asyncio.gather(*map(batcher.ask, [12, 13, 14, 15]), return_exceptions=True)

    first, second, *others = asyncio.run(play())
    assert [str(first), str(second), *others] == ["thirteen", "thirteen", 140, 150]


def test_who_asked_and_left_holds_up_nobody() -> None:
    async def play() -> int:
        batcher = Batcher(Working(), wait=0.01)
        left = asyncio.ensure_future(batcher.ask(1))
        await asyncio.sleep(0)
        left.cancel()
        return await batcher.ask(2)

    assert asyncio.run(play()) == 20
