"""Two who place at the same time: the one sees what the other has not stored yet."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from dedup.model import Article
from pipelines import placing
from pipelines.placing import Placer, Rules, Submission
from storage.functions import Functions
from storage.index import Index
from storage.keys import Keys
from storage.line import Line
from storage.records import Body
from storage.underway import Underway


def invented(count: int, seed: int = 1) -> list[str]:
    draw = random.Random(seed)
    return [" ".join("".join(draw.choices("abdegiklmnorstu", k=7)) for _ in range(40)) for _ in range(count)]


def test_what_another_is_placing_is_compared(client: redis.Redis, write: Callable[..., Article]) -> None:
    now, whole = datetime.now(UTC), "\n".join(invented(6))
    teaser = whole[:280]

    def placer(shown_at: Keys) -> Placer:
        index = Index(client, Keys())
        index.underway = Underway(client, shown_at)
        return Placer(index, Rules())

    # Where the other shows what it is placing at another place, it is not seen.
    for other, expected in ((Keys("elsewhere"), "new"), (Keys(), "contained")):
        client.flushall()
        verdicts: list[str] = []

        def batches(other: Keys = other, verdicts: list[str] = verdicts) -> Iterator[Any]:
            yield [Submission(write("long", whole))], now
            yield [Submission(write("other", invented(1, 9)[0]))], now
            verdicts += [p.verdict for p in placer(other).place([Submission(write("short", teaser))], now)]

        list(placer(Keys()).place_all(batches()))
        assert verdicts == [expected]
    assert not client.keys("newsfold:underway")


def test_texts_come_back_as_they_were(client: redis.Redis) -> None:
    underway, body = Underway(client, Keys()), Body("Ein „Text“\n\nund noch einer", "o.example", (1, 2))
    functions = Functions(client, "newsfold")
    for asked in underway.ask_put({"a": body}):
        functions.run(asked)
    assert underway.get(["a", "b"]) == {"a": body}
    assert underway.get([]) == {}
    assert 0 < client.ttl("newsfold:underway") <= 60
    functions.run(underway.ask_take_away(["a"]))
    assert underway.get(["a"]) == {}


def test_what_is_stored_between_the_two_questions_is_compared(
    client: redis.Redis, write: Callable[..., Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text is not stored yet when it is asked for there, and not under way any more when it is asked for here."""
    whole, now = "\n".join(invented(6)), datetime.now(UTC)
    inserted, asked, linked = threading.Event(), threading.Event(), threading.Event()
    link, tell = placing._LanguageBatch.link, placing._LanguageBatch.tell

    def late(batch: placing._LanguageBatch, line: Line) -> None:
        if "long" in batch.ids:
            inserted.set()
            assert asked.wait(10)
        link(batch, line)

    def later(batch: placing._LanguageBatch, line: Line) -> None:
        if "short" in batch.ids:
            line.read_until(batch._texts)  # type: ignore[arg-type]
            asked.set()
            assert linked.wait(10)
        tell(batch, line)

    def place(name: str, text: str) -> str:
        [placed] = Placer(Index(client, Keys()), Rules()).place([Submission(write(name, text))], now)
        return placed.verdict

    def other() -> None:
        place("long", whole)
        linked.set()

    monkeypatch.setattr(placing._LanguageBatch, "link", late)
    monkeypatch.setattr(placing._LanguageBatch, "tell", later)
    thread = threading.Thread(target=other)
    thread.start()
    assert inserted.wait(10)
    assert place("short", whole[:280]) == "contained"
    thread.join(10)
