"""What a soak calls a loss, of samples made here: growth, keys that stay, and what is late for no reason of the machine's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.soak import Samples, _found

SECONDS, DAY, DAYS = 60.0, 10.0, 1.0


def steady(_: float) -> float:
    return 1.0


def samples(
    redis: Callable[[float], float] = steady, worker: Callable[[float], float] = steady, crawl: float = 1.0
) -> Samples:
    """A minute of crawls that take so long, with memory by the time; every third crawl brings nothing."""
    moments = [n / 2 for n in range(int(2 * SECONDS))]
    ends = [crawl * n for n in range(int(SECONDS / crawl))]
    return Samples(
        redis=[(t, int(4e6 * redis(t)), 600) for t in moments],
        worker=[(t, int(2.4e8 * worker(t)) if n % 3 else 200_000_000, n % 3) for n, t in enumerate(ends)],
        late=[1.0, 2.0],
    )


def losses(found: Samples, lasting: list[str] | None = None) -> list[str]:
    said: list[str] = _found(found, lasting or [], SECONDS, DAY, DAYS)["losses"]
    return said


def test_what_goes_up_and_down_with_the_day_is_no_loss() -> None:
    assert losses(samples(lambda t: 1 + t % DAY / DAY)) == []


def test_what_is_never_forgotten_is_one() -> None:
    """A day's share stays each day: two more beside those that are there."""
    assert losses(samples(lambda t: 1 + t / DAY)) == ["redis grew by 50%"]
    assert losses(samples(worker=lambda t: 1 + t / DAY)) == ["worker grew by 53%"]
    assert losses(samples(), ["page:1"]) == ["page:1 does not expire"]


def test_over_more_days_less_growth_is_one() -> None:
    grown = Samples(
        redis=[(float(t), 4_000_000 + 480_000 * (t >= 400), 600) for t in range(600)],
        worker=[(float(t), 240_000_000, 1) for t in range(600)],
        late=[0.0],
    )
    assert _found(grown, [], 600.0, 20.0, 5.0)["losses"] == ["redis grew by 12%"]


@pytest.mark.parametrize(
    ("crawl", "late", "said"),
    [
        (1.0, 3.0, []),
        (1.0, 5.0, ["a poll was 5 s late, more than 3.0 s"]),
        (4.0, 9.0, []),
        (4.0, 10.0, ["a poll was 10 s late, more than 9.0 s"]),
        (12.0, 25.0, ["a crawl took 12 s, more than a day"]),
    ],
)
def test_a_poll_may_be_as_late_as_two_crawls_take(crawl: float, late: float, said: list[str]) -> None:
    found = samples(crawl=crawl)
    found.late = [late]
    assert losses(found) == said
