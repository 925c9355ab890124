"""Workers as processes of their own, racing for one schedule on a real server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
import redis

from crawler.model import FeedSpec
from storage.keys import Keys
from storage.queue import FeedQueue
from storage.workers import is_dead_here, new_token

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
# Polls what it can get until nothing is due, and tells of each poll: feed, host, when it began and ended.
WORKER = """
import json, sys, time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import redis
from crawler.book import PollOutcome
from storage.keys import Keys
from storage.queue import FeedQueue
from storage.workers import new_token

queue = FeedQueue(redis.Redis(unix_socket_path=sys.argv[1]), Keys(), token=new_token(), lease=int(sys.argv[2]), apart=0)
while True:
    claim = queue.claim_feeds(3, datetime.now(UTC))
    if not claim.feeds and not claim.busy:
        break
    for feed in claim.feeds:
        begin = time.time()
        print("begun", feed.id, flush=True)
        time.sleep(float(sys.argv[3]))
        after = replace(feed, polled=datetime.now(UTC), interval=3600)
        outcome = PollOutcome("unchanged", 304, after, datetime.now(UTC) + timedelta(hours=1), "rate")
        end = time.time()  # the host is free for others before the answer is here
        stored = queue.finish_poll(feed, outcome, datetime.now(UTC))
        print(json.dumps([feed.id, feed.url.split("/")[2], begin, end, stored]), flush=True)
"""


def start(client: redis.Redis, lease: int, pause: float) -> subprocess.Popen[str]:
    socket = client.connection_pool.connection_kwargs["path"]
    words = [sys.executable, "-c", WORKER, socket, str(lease), str(pause)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def polls(output: str) -> list[tuple[str, str, float, float, bool]]:
    return [tuple(json.loads(line)) for line in output.splitlines() if line.startswith("[")]  # type: ignore[misc]


def test_workers_race_and_no_feed_is_polled_twice(client: redis.Redis) -> None:
    queue = FeedQueue(client, Keys(), token="test")
    ids = queue.add_feeds([FeedSpec(f"http://n{i % 40}.example/{i}") for i in range(200)], datetime.now(UTC))
    workers = [start(client, 60, 0.002) for _ in range(4)]
    found = [polls(worker.communicate(timeout=60)[0]) for worker in workers]
    every = [poll for one in found for poll in one]
    assert Counter(poll[0] for poll in every) == Counter(ids)
    assert all(stored for *_, stored in every)
    assert sum(bool(one) for one in found) >= 2  # it was a race
    by_host: dict[str, list[tuple[float, float, int]]] = {}
    for worker, one in enumerate(found):
        for _, host, begin, end, _ in one:
            by_host.setdefault(host, []).append((begin, end, worker))
    for times in by_host.values():
        times.sort()
        for (_, end, worker), (begin, _, other) in pairwise(times):
            assert worker == other or begin >= end, "two workers at one host"


def test_what_a_killed_worker_held_is_polled_by_another(client: redis.Redis) -> None:
    queue = FeedQueue(client, Keys(), token=new_token(), lease=2)
    ids = queue.add_feeds([FeedSpec(f"http://n{i}.example/") for i in range(3)], datetime.now(UTC))
    with start(client, 2, 30) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline().startswith("begun")
        killed.send_signal(signal.SIGKILL)
    assert queue.claim_feeds(9, datetime.now(UTC)).feeds == ()
    while not queue.any_due(datetime.now(UTC)):  # pytest's timeout ends it
        time.sleep(0.1)
    assert {poll[0] for poll in polls(start(client, 60, 0).communicate(timeout=60)[0])} == set(ids)
    assert queue.take_over(is_dead_here, datetime.now(UTC)) == 0
