"""Whole crawls of the demo newsroom with workers and servers killed, Redis in trouble, signals; `benchmarks.faults` does more."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from benchmarks.kills import Reference, kill_at, kill_server, moments, reference
from benchmarks.scene import Scene, scene
from benchmarks.signalled import crawl_signalled
from benchmarks.troubles import CASES, crawl_through

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stage() -> Iterator[Scene]:
    with scene() as made:
        yield made


@pytest.fixture(scope="module")
def right(stage: Scene) -> Reference:
    return reference(stage, 1, orders=12)


def test_a_worker_killed_between_two_calls_loses_nothing(stage: Scene, right: Reference) -> None:
    tally = kill_at(stage, right, moments(right.calls, 6)[3:])
    assert (tally.losses, tally.late) == ([], 0)
    assert tally.looks > 0


def test_a_server_killed_in_mid_crawl_loses_nothing(stage: Scene, right: Reference) -> None:
    assert kill_server(stage, right, 1).losses == []


@pytest.mark.parametrize(
    ("name", "lasting", "code"),
    [("away", 1.5, 0), ("out of memory", None, 2), ("restarted empty", None, None)],
)
def test_a_redis_in_trouble_is_waited_for_or_ends_the_run(
    stage: Scene, right: Reference, name: str, lasting: float | None, code: int | None
) -> None:
    case = next(case for case in CASES if case.name == name)
    verdict = crawl_through(stage, right, case, lasting, wait=60 if lasting else 1)
    assert verdict.losses == ()
    assert code is None or verdict.code == code
    if code is not None:
        assert "Redis at redis://127.0.0.1:" in verdict.said


def test_sigterm_ends_a_crawl_cleanly(stage: Scene, right: Reference) -> None:
    ended = crawl_signalled(stage, right, [signal.SIGTERM])
    assert (ended.code, ended.losses) == (143, ())
    assert ended.seconds < 10


def test_of_runs_at_one_time_one_crawls_and_the_others_say_so(stage: Scene) -> None:
    stage.client.flushall()
    begin = time.monotonic()
    runs = [stage.start("crawl") for _ in range(4)]
    said = [process.communicate(timeout=60) for process in runs]
    assert time.monotonic() - begin < 60
    assert [process.returncode for process in runs] == [0] * 4
    assert sum("13 polled" in out for out, _ in said) == 1
    assert sum("going on already" in err for _, err in said) >= 1
