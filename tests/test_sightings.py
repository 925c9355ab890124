"""What a worker knows of outlets' latest articles, beside others that add to them."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import redis

from dedup.furniture import Sighting
from storage.functions import Functions
from storage.keys import Keys
from storage.outlets import Lesson, Outlets
from storage.sightings import LATEST

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = 86_400


def fresh(client: redis.Redis) -> Outlets:
    return Outlets(client, Keys(), retention=DAY)


def sighting(number: int) -> Sighting:
    return Sighting(f"a{number}", (f"head{number}", "said"), (f"tail{number}",), ())


def learn(client: redis.Redis, worker: Outlets, outlet: str, numbers: range) -> None:
    lessons = [Lesson(outlet, sighting(number)) for number in numbers]
    Functions(client, "newsfold").run(worker.ask_learn("en", lessons, NOW))


def test_who_reads_now_and_then_knows_what_one_knows_who_reads_for_the_first_time(
    client: redis.Redis,
) -> None:
    workers, number, random_ = [fresh(client) for _ in range(3)], 0, random.Random(5)
    for _ in range(120):
        outlet, count = random_.choice("abc"), random_.choice((0, 1, 1, 2, 4, 40))
        if count:
            learn(client, random_.choice(workers), outlet, range(number, number + count))
            number += count
        if random_.random() < 0.05:
            client.delete(f"{Keys().index('en')}latest:{outlet}")
        one = random_.choice(workers)
        asked = random_.sample("abc", 2)
        assert one.read("en", asked) == fresh(client).read("en", asked)
    learn(client, workers[0], "a", range(number, number + 40))
    assert [len(worker.read("en", ["a"])["a"].latest) for worker in workers] == [LATEST] * 3


def test_only_what_is_newer_is_fetched(client: redis.Redis) -> None:
    worker = fresh(client)
    learn(client, worker, "a", range(20))
    worker.read("en", ["a"])
    learn(client, fresh(client), "a", range(20, 22))
    call = worker.ask("en", ["a"])
    [[_, newer, whole]] = Functions(client, "newsfold").call(call.name, call.key, call.arguments)
    assert [one[:6] for one in newer] == [b'["a21"', b'["a20"']
    assert not whole


def test_a_list_that_was_lost_and_begins_as_the_known_one_does_is_read_anew(client: redis.Redis) -> None:
    worker = fresh(client)
    learn(client, worker, "a", range(10))
    worker.read("en", ["a"])
    client.flushall()
    learn(client, fresh(client), "a", range(9, 10))
    assert worker.read("en", ["a"])["a"].latest == (sighting(9),)
