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
from storage.index import Index
from storage.line import Line
from storage.reader import Reader

Write = Callable[..., Article]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
# The third is like the second, which is like the first, and not like the first.
TEXTS = {
    "first": "The ferry Pearl ran aground off Harrowmouth on Monday, the coastguard said.",
    "second": "The ferry Pearl ran aground off Harrowmouth; captain Tobias Wexley was questioned by Inspector Quillon.",
    "third": "Inspector Quillon questioned Tobias Wexley, captain, about whisky.",
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
    assert time.monotonic() - begin < 0.3 + awaiting._PATIENCE / 2


def test_who_does_not_wait_does_not_follow(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaiting, "_PATIENCE", 0.0)
    with pytest.raises(AssertionError):
        follows(workers)


def test_one_after_the_other_they_are_one_story_as_well(workers: Workers) -> None:
    for name in ("first", "second", "third"):
        workers.place(name)
    assert len({workers.story(name) for name in ("first", "second", "third")}) == 1


def test_one_worker_never_waits(workers: Workers, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaiting.Awaiting, "_untold", lambda *_: pytest.fail("it waits for itself"))
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


def test_a_dead_worker_is_not_waited_for_twice(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaiting, "_PATIENCE", 0.2)
    leave(workers, "first", "bank")
    worker, begin = workers.worker(), time.monotonic()
    workers.place("second", worker=worker)
    waited = time.monotonic() - begin
    assert 0.2 <= waited < 0.4
    workers.place("third", "queue", worker=worker)
    # The second text that was left costs little more: the patience is used up.
    assert time.monotonic() - begin - waited < 0.15
    workers.place("first", "bank")
    assert workers.story("first") == workers.story("second")


@pytest.mark.slow
def test_a_dead_worker_delays_a_run_by_a_second(workers: Workers) -> None:
    leave(workers, *TEXTS)
    begin = time.monotonic()
    worker = workers.worker()
    for name in TEXTS:
        workers.place(name, worker=worker)
    assert time.monotonic() - begin < awaiting._PATIENCE * (1 + awaiting._SHARE) + 0.5


@pytest.mark.slow
@pytest.mark.cluster
def test_they_follow_each_other_on_a_cluster(write: Write, tmp_path: Path) -> None:
    with running_cluster() as cluster, closing(connect(cluster.url, tmp_path)) as client:
        follows(Workers(client, write))
