"""Crawls of the demo newsroom that are killed, and what is there after one more crawl."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.scene import Done, Scene, as_lines, finish
from benchmarks.watching import Outcome, Watch, broken, likeness, outcome
from pipelines.clean import to_article
from pipelines.desk import Desk, DeskOptions
from pipelines.ingest import read_rows
from pipelines.placing import Submission
from storage.reader import Reader

# A crawl may make a few calls less than another: batches fall as the pages come. One in ten makes a third less.
_SPREAD = 15
# Kills a crawl, and says whether it did; called with what empties the server for another try.
Killing = Callable[[Callable[[], None]], bool]
# How long the kernel and the next crawl may take to see that a process is gone.
_SETTLE = 0.05


@dataclass(slots=True)
class Tally:
    """Kills of one kind: how many hit a crawl that was going on, and every way in which one was not survived."""

    kills: int = 0
    late: int = 0
    same_stories: int = 0
    least_likeness: float = 1.0
    looks: int = 0
    seconds: float = 0.0
    losses: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reference:
    """What crawls that nobody killed come to, their calls to Redis and their seconds.

    Stories depend on the order in which articles arrive; `likeness` is the least that two orders have in common.
    """

    outcomes: tuple[Outcome, ...]
    calls: int
    seconds: float
    likeness: float = 1.0

    def losses(self, found: Outcome) -> list[str]:
        """In what an outcome is like none that is right; stories may differ as two orders of arrival do."""
        wanted = self.outcomes[0]
        return [
            f"{part} differ: {_listed(one)} instead of {_listed(other)}"
            for part in ("articles", "groups", "feeds", "pages")
            if (one := getattr(found, part)) != (other := getattr(wanted, part))
        ] + ([f"stories differ: {_listed(found.stories)}"] if self.told(found) < self.likeness else [])

    def told(self, found: Outcome) -> float:
        """How like the stories of an outcome are to those that are right."""
        return max(likeness(found.stories, right.stories) for right in self.outcomes)


def reference(scene: Scene, rounds: int = 3, orders: int = 50) -> Reference:
    """Crawl some times undisturbed: the outcomes that are right, and how many moments there are to be killed at."""
    found, calls, seconds = [], [], []
    for _ in range(rounds):
        scene.client.flushall()
        calls.append(_checked(scene.fork("crawl")).calls)
        found.append(outcome(scene.client))
        scene.client.flushall()
        seconds.append(_checked(scene.run("crawl")).seconds)
        found.append(outcome(scene.client))
    right = Reference(tuple(dict.fromkeys(found)), min(calls), min(seconds))
    if any(Reference((one,), 0, 0, 0).losses(found[0]) for one in right.outcomes):
        raise RuntimeError("crawls that nobody killed do not agree: there is nothing to compare with")
    return replace(right, likeness=_least_likeness(scene, orders))


def _least_likeness(scene: Scene, orders: int, seed: int = 9) -> float:
    """The least that the stories of two orders of arrival have in common, of so many orders of what is stored now."""
    dice, now = random.Random(seed), datetime.now(UTC)
    with TemporaryDirectory() as folder:
        lines = as_lines(scene.client, Path(folder) / "articles.jsonl").read_bytes().splitlines()
    articles = [to_article(row.page, now, row.page.outlet) for row in read_rows(lines, lambda *_: None)]
    found = []
    for _ in range(orders):
        scene.client.flushall()
        dice.shuffle(articles)
        size, placer = dice.choice((1, 4, 16, 64)), Desk(DeskOptions(home=scene.home)).placer
        for first in range(0, len(articles), size):
            placer.place(
                [Submission(article, (article.url,)) for article in articles[first : first + size]], now
            )
        found.append(outcome(scene.client).stories)
    return min(likeness(one, other) for one, other in combinations(found, 2))


def moments(calls: int, count: int) -> list[int]:
    """So many moments, evenly over the calls of a crawl; every one of them where there are not more."""
    last = max(1, calls - _SPREAD)
    return sorted({round(1 + i * (last - 1) / max(1, count - 1)) for i in range(count)})


def kill_at(scene: Scene, right: Reference, at: Sequence[int]) -> Tally:
    """A crawl that kills itself before each of these calls to Redis, each from an empty server."""

    def killed(moment: int, empty: Callable[[], None]) -> bool:
        if scene.fork("crawl", moment=moment).code == -signal.SIGKILL:
            return True
        empty()
        return scene.fork("crawl", moment=moment * 2 // 3).code == -signal.SIGKILL

    return _each(scene, right, [partial(killed, moment) for moment in at])


def kill_at_random(scene: Scene, right: Reference, count: int, seed: int = 7) -> Tally:
    """A crawl that is killed after some time, from its first call to Redis to its end."""
    dice = random.Random(seed)

    def killed(delay: float, empty: Callable[[], None]) -> bool:
        # A machine that has become faster since the undisturbed crawls may be done before its moment.
        for earlier in (1.0, 2 / 3, 4 / 9):
            process, begin = scene.start("crawl"), time.monotonic()
            while not scene.client.exists("newsfold:feeds") and process.poll() is None:
                time.sleep(0.005)
            first = time.monotonic() - begin
            time.sleep(earlier * delay * max(0.1, right.seconds - first))
            process.kill()
            if finish(process, begin).code == -signal.SIGKILL:
                return True
            empty()
        return False

    return _each(scene, right, [partial(killed, dice.random()) for _ in range(count)])


def kill_server(scene: Scene, right: Reference, count: int, seed: int = 8) -> Tally:
    """The embedded server killed in mid-crawl; the crawl goes on with one that it starts, or ends with 2."""
    dice = random.Random(seed)

    def killed(delay: float, _: Callable[[], None]) -> bool:
        process, begin = scene.start("crawl"), time.monotonic()
        while not scene.client.exists("newsfold:feeds") and process.poll() is None:
            time.sleep(0.005)
        time.sleep(delay * max(0.1, right.seconds - (time.monotonic() - begin)))
        going_on = process.poll() is None
        os.kill(int(scene.client.info("server")["process_id"]), signal.SIGKILL)
        done = finish(process, begin)
        if done.code not in (0, 2):
            raise RuntimeError(f"the crawl ended with {done.code}: {done.err}")
        return going_on

    return _each(scene, right, [partial(killed, dice.random()) for _ in range(count)])


def _each(scene: Scene, right: Reference, killings: Sequence[Killing]) -> Tally:
    tally, begin = Tally(), time.monotonic()
    with Watch(scene.client) as watch:
        for number, killing in enumerate(killings):
            watch.empty()
            hit = killing(watch.empty)
            tally.kills += 1
            tally.late += not hit
            time.sleep(_SETTLE)
            tally.losses += [f"kill {number}: {sentence}" for sentence in broken(Reader(scene.client))]
            _checked(scene.fork("crawl"))
            after = outcome(scene.client)
            tally.losses += [f"kill {number}: {what}" for what in right.losses(after)]
            tally.same_stories += right.told(after) == 1.0
            tally.least_likeness = min(tally.least_likeness, right.told(after))
    tally.losses += watch.found
    tally.looks, tally.seconds = watch.looks, time.monotonic() - begin
    return tally


def _listed(part: object) -> str:
    return str(sorted(map(sorted, part)))[:2000] if isinstance(part, frozenset) else str(part)


def _checked(done: Done) -> Done:
    if done.code:
        raise RuntimeError(f"a crawl that nobody killed ended with {done.code}: {done.out}{done.err}")
    return done
