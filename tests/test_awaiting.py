"""Several who place at once: who enters a text later decides when those before it are stored."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from benchmarks.cluster import running_cluster
from dedup.model import Article
from pipelines import awaiting, placing
from pipelines.placing import Placer, Rules, Submission
from storage.cluster import keys_of
from storage.connect import connect
from storage.functions import Functions
from storage.index import Index
from storage.keys import Keys, group_id
from storage.line import Line
from storage.reader import Reader
from storage.told import Telling

Write = Callable[..., Article]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
# The third is like the second, which is like the first, and not like the first.
TEXTS = {
    "first": "The ferry Pearl ran aground off Harrowmouth on Monday, the coastguard said.",
    "second": "The ferry Pearl ran aground off Harrowmouth; captain Tobias Wexley was questioned by Inspector Quillon.",
    "third": "Inspector Quillon questioned Tobias Wexley, captain, about whisky.",
    "fourth": "Whisky, said Inspector Quillon, was what Tobias Wexley, the captain, was questioned about.",
    "bank": "Depositors queued at the doors of the Fellmoor bank, which regulators closed.",
    "queue": "Regulators closed the Fellmoor bank while depositors queued at its doors.",
}


class DeathError(Exception):
    """A worker ends between entering its texts and storing them."""


class Workers:
    """Placers of one index, of which one can be stopped where it has entered its texts."""

    def __init__(self, client: redis.Redis, write: Write) -> None:
        self._client, self._write = client, write
        self.reader = Reader(client)

    def worker(self) -> Placer:
        return Placer(Index(self._client, keys_of(self._client)), Rules())

    def place(self, *names: str, worker: Placer | None = None) -> None:
        articles = [self._write(name, TEXTS[name], outlet=f"{name}.example") for name in names]
        (worker or self.worker()).place([Submission(article) for article in articles], NOW)

    def story(self, name: str) -> str:
        found = self.reader.article(name)
        assert found is not None
        return found.story

    def be_heard_of(self, name: str, seconds: float) -> None:
        """What one does who waits himself."""
        end, call = (
            time.monotonic() + seconds,
            Telling(Keys(), window=1).ask_await("en", (), [group_id(name)]),
        )
        while time.monotonic() < end:
            Functions(self._client, "newsfold").run(call)
            time.sleep(0.1)

    @contextmanager
    def entered(self, name: str, then: Callable[[], object]) -> Iterator[None]:
        """A worker has entered a text and does `then` before it stores it."""
        there, link = threading.Event(), placing._LanguageBatch.link

        def held(batch: placing._LanguageBatch, line: Line) -> None:
            if name in batch.ids:
                line.read_until(batch._teller._entered)  # type: ignore[arg-type]
                there.set()
                then()
            link(batch, line)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(placing._LanguageBatch, "link", held)
            thread = threading.Thread(target=self.place, args=(name,))
            thread.start()
            assert there.wait(10)
            yield
            thread.join(10)


@pytest.fixture
def workers(client: redis.Redis, write: Write) -> Workers:
    return Workers(client, write)


def follows(workers: Workers) -> None:
    """A text follows one that another worker entered before it and stores after that."""
    workers.place("first")
    with workers.entered("second", then=lambda: time.sleep(0.3)):
        workers.place("third")
    assert workers.story("second") == workers.story("first")
    assert workers.story("third") == workers.story("first")


def test_who_enters_later_follows_who_entered_before(workers: Workers) -> None:
    begin = time.monotonic()
    follows(workers)
    # The one waited as long as it took, the other for nobody.
    assert time.monotonic() - begin < 0.8


def test_who_does_not_wait_does_not_follow(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaiting, "_MOST_SECONDS", 0.0)
    with pytest.raises(AssertionError):
        follows(workers)


def test_one_after_the_other_they_are_one_story_as_well(workers: Workers) -> None:
    for name in ("first", "second", "third"):
        workers.place(name)
    assert len({workers.story(name) for name in ("first", "second", "third")}) == 1


def test_one_worker_never_waits(workers: Workers, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Telling, "ask_await", lambda *_: pytest.fail("it waits for itself"))
    batches = [
        (
            [
                Submission(write(f"{name}{number}", f"{text} Report {number}."))
                for name, text in TEXTS.items()
            ],
            NOW,
        )
        for number in range(6)
    ]
    assert len(list(workers.worker().place_all(batches))) == 6


def dies() -> None:
    raise DeathError


def leave(workers: Workers, *names: str) -> None:
    """A worker enters texts and dies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(placing._LanguageBatch, "link", lambda *_: dies())
        with suppress(DeathError):
            workers.place(*names)


@pytest.mark.slow
def test_a_worker_that_died_is_waited_for_until_it_is_silent_for_a_second(workers: Workers) -> None:
    leave(workers, *TEXTS)
    begin = time.monotonic()
    worker = workers.worker()
    for name in TEXTS:
        workers.place(name, worker=worker)
    assert time.monotonic() - begin < 1.5
    assert workers.story("third") == workers.story("first")


@pytest.mark.slow
def test_what_one_left_who_died_before_costs_nothing(workers: Workers) -> None:
    leave(workers, "first", "bank")
    time.sleep(1.1)
    begin = time.monotonic()
    workers.place("second", "queue")
    assert time.monotonic() - begin < 0.5
    workers.place("first", "bank")
    assert workers.story("first") == workers.story("second")
    assert workers.story("bank") == workers.story("queue")


@pytest.mark.slow
def test_who_waits_for_another_is_waited_for_himself(workers: Workers) -> None:
    """Each of three enters after the one before, and the first takes longer than it could be silent."""
    workers.place("first")
    with workers.entered("second", then=lambda: workers.be_heard_of("second", 1.5)):
        third = threading.Thread(target=workers.place, args=("third",))
        third.start()
        time.sleep(0.3)
        workers.place("fourth")
        third.join(10)
    assert {workers.story(name) for name in ("second", "third", "fourth")} == {workers.story("first")}


def test_what_is_linked_is_not_waited_for(workers: Workers, client: redis.Redis) -> None:
    workers.place(*TEXTS)
    assert client.zcard(f"{Keys().index('en')}entering") == 0
    leave(workers, "first")
    assert client.zcard(f"{Keys().index('en')}entering") == 0, "it is known"


@pytest.mark.slow
@pytest.mark.cluster
def test_they_follow_each_other_on_a_cluster(write: Write, tmp_path: Path) -> None:
    with running_cluster() as cluster, closing(connect(cluster.url, tmp_path)) as client:
        follows(Workers(client, write))


def test_a_text_whose_words_changed_is_not_left_among_those_entering(
    workers: Workers, client: redis.Redis, write: Write
) -> None:
    workers.place("first")
    changed = write(
        "first", f"{TEXTS['first']} Forty people were taken off by helicopter.", outlet="first.example"
    )
    workers.worker().place([Submission(changed)], NOW)
    assert client.zcard(f"{Keys().index('en')}entering") == 0


@pytest.mark.slow
def test_two_do_not_wait_for_each_other_when_one_takes_up_what_another_left(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one has seen the dead worker's text, the other enters that again and sees the first one's."""
    workers.place("first")
    leave(workers, "second")
    time.sleep(1.1)
    third_is_in, second_is_in = threading.Event(), threading.Event()
    meet = placing._LanguageBatch.meet

    def held(batch: placing._LanguageBatch, line: Line) -> None:
        line.read_until(batch._teller._entered)  # type: ignore[arg-type]
        if "third" in batch.ids:
            third_is_in.set()
            assert second_is_in.wait(10)
        else:
            second_is_in.set()
        meet(batch, line)

    monkeypatch.setattr(placing._LanguageBatch, "meet", held)
    begin = time.monotonic()
    third = threading.Thread(target=workers.place, args=("third",))
    third.start()
    assert third_is_in.wait(10)
    workers.place("second")
    third.join(10)
    assert time.monotonic() - begin < 2.0


@pytest.mark.slow
def test_what_one_left_who_died_is_not_waited_for_until_a_clock_put_back_catches_up(
    workers: Workers, client: redis.Redis
) -> None:
    workers.place("first")
    leave(workers, "second")
    key = f"{Keys().index('en')}entering"
    for group, heard in client.zrange(key, 0, -1, withscores=True):
        client.zadd(key, {group: heard + 3_600_000})
    begin = time.monotonic()
    workers.place("third")
    assert time.monotonic() - begin < 1.0
    assert client.zcard(key) == 0
