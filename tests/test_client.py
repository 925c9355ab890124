"""`from newsfold import Stories`: reads a real server, follows its events at least once, and loads redis-py alone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, zip_longest
from typing import Any

import pytest
import redis

import newsfold
from dedup.model import Article
from newsfold import AsyncStories, ContractDiffers, Event, Stories
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FERRY = "The ferry Northern Pearl ran aground off Harrowmouth in thick fog. Rescue boats took 214 passengers ashore."
BRIDGE = (
    "Le pont de Valbrune est fermé après la découverte de fissures dans deux piles, a annoncé la préfecture."
)


@pytest.fixture
def url(client: redis.Redis) -> str:
    return f"unix://{client.connection_pool.connection_kwargs['path']}"


@pytest.fixture
def stories(url: str) -> Iterator[Stories]:
    with Stories(url) as reader:
        yield reader


@pytest.fixture
def filled(client: redis.Redis, write: Callable[..., Article]) -> None:
    """A story of two outlets in English, and later one of one outlet in French."""
    placer = Placer(Index(client, Keys()), Rules())
    english = [
        write(i, FERRY, "Ferry aground", outlet=f"{i}.example", url=f"https://{i}.example/ferry")
        for i in "ab"
    ]
    placer.place([Submission(a, (a.url,)) for a in english], NOW)
    french = write("c", BRIDGE, "Le pont fermé", outlet="c.example", lang="fr", url="https://c.example/pont")
    placer.place([Submission(french, (french.url,))], NOW + timedelta(minutes=5))


def add(client: redis.Redis, *numbers: int) -> None:
    for number in numbers:
        client.xadd(
            "newsfold:events", {"type": "story.updated", "story": f"s{number}", "at": "2026-11-24T12:00:00Z"}
        )


def told(events: Any) -> list[str]:
    return [event.story or f"{event.type} {event.lost}" for event in events]


# --- stories and articles


def test_latest_gives_what_grew_last_first_by_any_filter(stories: Stories, filled: None) -> None:
    assert [(s.lang, s.articles, s.outlets, s.groups) for s in stories.latest()] == [
        ("fr", 1, 1, 1),
        ("en", 2, 2, 1),
    ]
    assert [s.lang for s in stories.latest(1)] == ["fr"]
    assert [s.lang for s in stories.latest(lang="EN")] == ["en"]
    assert [s.lang for s in stories.latest(min_outlets=2)] == ["en"]
    assert [s.lang for s in stories.latest(outlet="a.example")] == ["en"]
    assert [s.lang for s in stories.latest(since=NOW + timedelta(minutes=1))] == ["fr"]
    assert stories.latest(min_groups=2) == ()


def test_a_story_has_types(stories: Stories, filled: None) -> None:
    (english,) = stories.latest(lang="en")
    assert (english.headline, english.url, english.first) == ("Ferry aground", "https://a.example/ferry", NOW)
    assert stories.get(english.id) == english
    first, second = stories.articles(english.id)
    assert (first.verdict, second.verdict, second.matched, second.similarity) == ("new", "exact", "a", 1.0)
    assert first.text == FERRY
    assert first.time == NOW
    assert stories.article("b") == second


def test_an_address_leads_to_its_story_however_it_is_spelled(stories: Stories, filled: None) -> None:
    found = stories.by_url("https://c.example/pont")
    assert found is not None
    assert found.lang == "fr"
    assert stories.by_url("https://C.example/pont?utm_source=x#top") == found
    assert stories.by_url("https://c.example/other") is None
    article = stories.article_by_url("https://a.example/ferry")
    assert article is not None
    assert article.id == "a"


def test_merged_ids_are_followed_and_what_is_gone_is_none(
    stories: Stories, client: redis.Redis, filled: None
) -> None:
    (english,) = stories.latest(lang="en")
    client.hset("newsfold:story:s2", mapping={"id": "s2", "merged_into": english.id})
    client.hset("newsfold:story:s1", mapping={"id": "s1", "merged_into": "s2"})
    client.hset("newsfold:story:loop", mapping={"id": "loop", "merged_into": "loop"})
    assert stories.get("s1") == english
    assert [a.id for a in stories.articles("s1")] == ["a", "b"]
    assert stories.get("none") is None
    assert stories.get("loop") is None
    assert stories.article("none") is None
    assert stories.articles("none") == ()


def test_what_an_operator_hid_is_not_among_the_latest(
    stories: Stories, client: redis.Redis, filled: None
) -> None:
    (english,) = stories.latest(lang="en")
    client.hset(f"newsfold:story:{english.id}", mapping={"hidden": "2026-11-24T13:00:00Z", "pinned": ""})
    assert [story.lang for story in stories.latest()] == ["fr"]
    hidden = stories.get(english.id)
    assert hidden is not None
    assert (hidden.hidden, hidden.pinned) == (NOW + timedelta(hours=1), None)


def test_a_contract_that_is_not_known_is_refused(stories: Stories, client: redis.Redis) -> None:
    client.hset("newsfold:schema", "contract", "2.0")
    with pytest.raises(ContractDiffers, match=r"contract 2\.0, and this client reads 1\."):
        stories.latest()


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_client_of_ones_own_speaks_either_protocol(url: str, filled: None, protocol: int) -> None:
    with redis.Redis.from_url(url, decode_responses=True, protocol=protocol) as client:
        stories = Stories(client=client)
        assert len(stories.latest()) == 2
        dead = iter(stories.follow("g", "dead", oldest=True, wait=0))
        assert next(dead).type == "story.created"
        assert len(list(stories.follow("g", "c", wait=0.01, claim_after=0.001))) == 6
        client.xtrim("newsfold:events", maxlen=0, approximate=False)
        add(client, 1)
        assert told(stories.follow("g", "c", wait=0)) == ["s1"]


def test_a_client_of_ones_own_must_decode(url: str) -> None:
    with redis.Redis.from_url(url) as client, pytest.raises(ValueError, match="decode_responses"):
        Stories(client=client)


# --- following


def test_events_come_with_what_they_name(stories: Stories, filled: None) -> None:
    first, second, *_ = stories.follow("g", "c", oldest=True, wait=0)
    assert (first.type, second.type, second.article) == ("story.created", "article.added", "a")
    assert (first.at, first.again, second.story) == (NOW, False, first.story)
    assert list(stories.follow("g", "c", wait=0)) == []


def test_a_new_group_begins_with_what_comes(stories: Stories, client: redis.Redis) -> None:
    add(client, 1)
    assert told(stories.follow("g", "c", wait=0)) == []
    add(client, 2)
    assert told(stories.follow("g", "c", wait=0)) == ["s2"]


def test_an_event_whose_loop_ended_is_given_again(stories: Stories, client: redis.Redis) -> None:
    add(client, *range(25))
    seen = []
    for event in stories.follow("g", "c", oldest=True, wait=0):
        seen.append(event.story)
        if len(seen) == 13:
            break
    rest = list(stories.follow("g", "c", wait=0))
    assert told(rest) == [f"s{n}" for n in range(12, 25)]
    assert [event.again for event in rest[:9]] == [True] * 8 + [False]


def test_what_a_dead_consumer_left_is_taken_over(stories: Stories, client: redis.Redis) -> None:
    add(client, 1, 2, 3)
    dead = stories.follow("g", "dead", oldest=True, wait=0)
    assert isinstance(dead, Iterator)
    next(dead), next(dead)
    assert told(stories.follow("g", "heir", wait=0, claim_after=60)) == []
    heir = list(stories.follow("g", "heir", wait=0.01, claim_after=0.001))
    assert sorted(told(heir)) == ["s2", "s3"]
    assert all(event.again for event in heir)
    assert client.xpending("newsfold:events", "g")["pending"] == 0


def test_two_consumers_share_a_group(stories: Stories, client: redis.Redis) -> None:
    add(client, *range(30))
    one, other = (stories.follow("g", name, oldest=True, wait=0) for name in ("one", "other"))
    seen = [event.story for pair in zip_longest(one, other) for event in pair if event]
    assert sorted(seen) == sorted(f"s{n}" for n in range(30))
    assert seen[:2] == ["s0", "s10"]


def test_trimmed_entries_are_a_gap_of_known_size(stories: Stories, client: redis.Redis) -> None:
    add(client, *range(5))
    assert len(list(stories.follow("g", "c", oldest=True, wait=0))) == 5
    add(client, *range(5, 20))
    client.xtrim("newsfold:events", maxlen=4, approximate=False)
    assert told(stories.follow("g", "c", wait=0)) == ["gap 11", "s16", "s17", "s18", "s19"]
    add(client, 20)
    client.xtrim("newsfold:events", maxlen=0, approximate=False)
    assert told(stories.follow("g", "c", wait=0)) == ["gap 1"]
    add(client, 21)
    assert told(stories.follow("g", "c", wait=0)) == ["s21"]


def test_events_trimmed_while_they_were_handled_are_a_gap(stories: Stories, client: redis.Redis) -> None:
    add(client, 1, 2, 3)
    next(iter(stories.follow("g", "c", oldest=True, wait=0)))
    client.xtrim("newsfold:events", maxlen=1, approximate=False)
    assert told(stories.follow("g", "c", wait=0)) == ["gap 2", "s3"]
    assert client.xpending("newsfold:events", "g")["pending"] == 0


def test_a_redis_that_began_anew_is_a_gap(stories: Stories, client: redis.Redis) -> None:
    add(client, 1)
    following = iter(stories.follow("g", "c", oldest=True, wait=5))
    assert next(following).story == "s1"
    client.flushall()
    add(client, 2)
    assert [next(following).type, next(following).story] == ["gap", "s2"]


def test_it_waits_for_what_comes(stories: Stories, client: redis.Redis) -> None:
    following = iter(stories.follow("g", "c", oldest=True, wait=10))

    async def both() -> Event:
        waiting = asyncio.create_task(asyncio.to_thread(next, following))
        await asyncio.sleep(0.1)
        add(client, 7)
        return await asyncio.wait_for(waiting, 5)

    assert asyncio.run(both()).story == "s7"


CONSUMER = """
import sys
from newsfold import Stories
for event in Stories(sys.argv[1]).follow("g", "c", oldest=True, wait=1):
    print(event.story, flush=True)
"""


@pytest.mark.slow
def test_a_killed_consumer_loses_nothing(client: redis.Redis, url: str) -> None:
    seen: list[str] = []
    for start in (0, 40, 80):
        add(client, *range(start, start + 40))
        with subprocess.Popen(
            [sys.executable, "-c", CONSUMER, url], stdout=subprocess.PIPE, text=True
        ) as one:
            assert one.stdout is not None
            seen += islice(one.stdout, 25)
            one.kill()
            seen += one.stdout.readlines()
    with Stories(url) as stories:
        seen += [event.story for event in stories.follow("g", "c", wait=0)]
    assert {line.strip() for line in seen} == {f"s{n}" for n in range(120)}


# --- the same with asyncio


def test_async_stories_give_the_same(stories: Stories, url: str, filled: None) -> None:
    async def ask() -> None:
        async with AsyncStories(url) as reader:
            latest = await reader.latest()
            assert latest == stories.latest()
            assert await reader.get(latest[1].id) == latest[1]
            assert await reader.articles(latest[1].id) == stories.articles(latest[1].id)
            assert await reader.by_url("https://c.example/pont") == latest[0]
            assert await reader.article_by_url("https://c.example/pont") == await reader.article("c")
            events = [event async for event in reader.follow("async", "c", oldest=True, wait=0)]
            assert events == list(stories.follow("sync", "c", oldest=True, wait=0))

    asyncio.run(ask())


def test_async_events_are_given_again(client: redis.Redis, url: str) -> None:
    add(client, 1, 2)

    async def first(events: AsyncIterator[Event]) -> str:
        async for event in events:
            return event.story
        return ""

    async def ask() -> list[str]:
        async with AsyncStories(url) as reader:
            seen = [await first(reader.follow("g", "c", oldest=True, wait=0))]
            return seen + told([event async for event in reader.follow("g", "c", wait=0)])

    assert asyncio.run(ask()) == ["s1", "s1", "s2"]


# --- what it loads

ALONE = """
import sys
class Guard:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top == "redis" or name in ALLOWED or name.startswith("newsfold.client"):
            return None
        raise ImportError(f"{name} is not redis-py")
ALLOWED = {"newsfold", "storage", "storage.keys", "storage.plain", "storage.contract"}
sys.meta_path.insert(0, Guard())
from newsfold import AsyncStories, Stories
with Stories(sys.argv[1]) as stories:
    print([s.lang for s in stories.latest()], stories.by_url("https://c.example/pont").lang)
"""


def test_it_needs_redis_py_alone(url: str, filled: None) -> None:
    done = subprocess.run([sys.executable, "-c", ALONE, url], capture_output=True, text=True, check=False)
    assert done.stdout == "['fr', 'en'] fr\n", done.stderr


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        newsfold.nothing  # noqa: B018
