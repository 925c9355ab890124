"""Batches on their way at once: the outcome is that of one after another, whatever breaks in between."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ResponseError

from dedup.model import Article
from dedup.similarity import overlap, overlaps, shingle_texts
from dedup.thresholds import MinHashConfig
from pipelines.placing import Placer, Rules, Submission
from storage.errors import SchemaMismatch
from storage.functions import Call
from storage.index import Index
from storage.keys import Keys
from storage.reader import Reader

Write = Callable[..., Article]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
Batches = list[list[Article]]


def prose(seed: int, words: int = 80) -> str:
    dice = random.Random(seed)
    return " ".join(f"w{dice.randrange(100_000)}" for _ in range(words))


@pytest.fixture
def batches(write: Write) -> Batches:
    """Eight batches in two languages: texts, copies with an outlet's footer, edited copies and cuts of any before."""
    dice, made = random.Random(5), []
    for number in range(96):
        text = prose(dice.randrange(40))
        words = text.split()
        how = dice.randrange(4)
        if how == 1:
            words[dice.randrange(80)] = "edited"
        if how == 2:
            words = words[: dice.randrange(30, 60)]
        outlet = f"{'ab'[dice.randrange(2)]}.example"
        footer = f"All rights at all times remain with {outlet} and its owners" if how == 3 else ""
        lang = "en" if dice.randrange(3) else "fr"
        when = NOW - timedelta(minutes=dice.randrange(600))
        made.append(
            write(f"n{number}", " ".join(words) + "\n" + footer, outlet=outlet, lang=lang, published=when)
        )
    return [made[i : i + 12] for i in range(0, 96, 12)]


def submitted(batches: Batches) -> Iterator[tuple[list[Submission], datetime]]:
    return (([Submission(a, (f"http://x.example/{a.id}",)) for a in batch], NOW) for batch in batches)


def stored(client: redis.Redis) -> list[tuple[str, ...]]:
    """All that was decided, and what was learnt of the outlets."""
    reader = Reader(client)
    articles = [(a.id, a.group, a.story, a.verdict, a.matched, str(a.skip)) for a in reader.all_articles()]
    phrases = [("phrase", lang, place, words) for lang, place, words, _ in reader.furniture("a.example")]
    return sorted(articles + phrases)


def one_by_one(client: redis.Redis, batches: Batches) -> list[tuple[str, ...]]:
    for batch, now in submitted(batches):
        Placer(Index(client, Keys()), Rules()).place(batch, now)
    return stored(client)


_EXPECTED: list[list[tuple[str, ...]]] = []


@pytest.fixture
def expected(client: redis.Redis, batches: Batches) -> list[tuple[str, ...]]:
    """What comes of the batches one by one, found out once: they are the same for every test."""
    if not _EXPECTED:
        _EXPECTED.append(one_by_one(client, batches))
        client.flushall()
    (found,) = _EXPECTED
    assert len({row[1] for row in found}) < 96
    assert any(row[0] == "phrase" for row in found)
    return found


def test_batches_under_way_at_once_end_as_one_after_another(
    client: redis.Redis, batches: Batches, expected: list[tuple[str, ...]]
) -> None:
    placed = list(Placer(Index(client, Keys()), Rules()).place_all(submitted(batches)))
    assert [[p.article for p in found] for found in placed] == [[a.id for a in batch] for batch in batches]
    assert stored(client) == expected
    again = list(Placer(Index(client, Keys()), Rules()).place_all(submitted(batches)))
    assert {p.verdict for found in again for p in found} == {"unchanged"}
    assert [row[:3] for row in stored(client)] == [row[:3] for row in expected]


def disturbed(
    batches: Batches, disturb: Callable[[], object]
) -> Iterator[tuple[Sequence[Submission], datetime]]:
    for number, batch in enumerate(submitted(batches)):
        if number in (2, 3, 6):
            disturb()
        yield batch


@pytest.mark.parametrize("what", ["connections", "library"])
def test_what_is_under_way_is_sent_again(
    client: redis.Redis, batches: Batches, expected: list[tuple[str, ...]], what: str
) -> None:
    def cut() -> None:
        client.client_kill_filter(_type="normal", skipme=True)

    disturb = cut if what == "connections" else client.function_flush
    placer = Placer(Index(client, Keys()), Rules())
    placed = list(placer.place_all(disturbed(batches, disturb)))
    assert sum(map(len, placed)) == 96
    assert stored(client) == expected


def test_an_article_of_the_batch_before_is_found_stored(client: redis.Redis, write: Write) -> None:
    first, changed = write("a", prose(1)), write("a", prose(1) + " " + prose(2, 30))
    batches = [[first, write("b", prose(3))], [first], [changed], [write("c", changed.body)]]
    placed = [
        p for found in Placer(Index(client, Keys()), Rules()).place_all(submitted(batches)) for p in found
    ]
    assert [p.verdict for p in placed] == ["new", "new", "unchanged", "revision", "exact"]
    assert placed[4].group == placed[0].group


def test_a_text_revised_by_another_worker_is_not_taken_from_memory(client: redis.Redis, write: Write) -> None:
    placer, other = (Placer(Index(client, Keys()), Rules()) for _ in range(2))
    text, revised = prose(4, 100), prose(5, 100)
    placer.place([Submission(write("a", text))], NOW)
    other.place([Submission(write("a", revised))], NOW)
    cut = " ".join(revised.split()[:40])
    (placed,) = placer.place([Submission(write("b", cut))], NOW)
    assert (placed.verdict, placed.matched) == ("contained", "a")


def test_the_oldest_texts_are_forgotten_and_fetched_again(
    client: redis.Redis, batches: Batches, expected: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.comparing._MOST_BYTES", 1)
    monkeypatch.setattr("storage.buckets._RECENT", 1)
    list(Placer(Index(client, Keys()), Rules()).place_all(submitted(batches)))
    assert stored(client) == expected


def test_nothing_to_place(client: redis.Redis) -> None:
    placer = Placer(Index(client, Keys()), Rules())
    assert placer.place([], NOW) == []
    assert list(placer.place_all([])) == []


def test_a_failure_is_raised_where_its_result_is_asked_for(client: redis.Redis, write: Write) -> None:
    def rebuilt(
        batches: Iterable[tuple[list[Submission], datetime]],
    ) -> Iterator[tuple[list[Submission], datetime]]:
        for number, batch in enumerate(batches):
            if number == 2:
                client.hset("newsfold:schema", "index", "other")
            yield batch

    batches = [[write(f"a{i}", prose(i))] for i in range(6)]
    with pytest.raises(SchemaMismatch):
        list(Placer(Index(client, Keys()), Rules()).place_all(rebuilt(submitted(batches))))
    index = Index(client, Keys())
    with index.line() as line:
        bad = line.send(Call("learn", "k", {}, int))
        good = line.send(index.ask_texts(["a0"], []))
        assert "a0" in good.result()[0]
        with pytest.raises(ResponseError):
            bad.result()
    assert client.ping()


texts = st.lists(st.text("ab cdé 猫。", max_size=60), min_size=2, max_size=6)


@given(texts, st.data())
def test_many_pairs_in_one_go_are_each_as_alone(texts: list[str], data: st.DataObject) -> None:
    shingled = shingle_texts(texts, MinHashConfig())
    pairs = data.draw(st.lists(st.tuples(*[st.sampled_from(shingled)] * 2), min_size=1, max_size=8))
    edges = data.draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    alone = [overlap(a, b, one_outlet=edge) for (a, b), edge in zip(pairs, edges, strict=True)]
    assert overlaps(pairs, edges) == alone
