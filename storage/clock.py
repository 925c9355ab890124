"""Clocks that are wrong: this machine's against the server's, and one that has gone back since the last run."""

from __future__ import annotations

import logging
from datetime import datetime

import redis

from crawler.events import log_event
from storage.errors import ClockWrong
from storage.functions import Functions
from storage.keys import Keys

logger = logging.getLogger(__name__)

# Half a lease as it is by default: beyond it workers would take each other's work for abandoned.
APART_SECONDS = 300
# Machines that are set by the network are together within a second; less than this is nothing to mend.
BACK_SECONDS = 120


def mind_clock(client: redis.Redis, keys: Keys, now: datetime) -> int:
    """By how many seconds the clock has gone back since anyone last wrote, 0 for not; what waits is moved with it.

    Else feeds that were polled while it was ahead would not be due until it is there again. Raises ClockWrong
    when it is far from the server's.
    """
    apart = int(now.timestamp()) - int(client.time()[0])
    if abs(apart) > APART_SECONDS:
        raise ClockWrong(
            f"this machine's clock is {_words(abs(apart))} {'ahead of' if apart > 0 else 'behind'} that of Redis: "
            "set one of them right"
        )
    call = {"now": int(now.timestamp()), "slack": BACK_SECONDS}
    back = int(Functions(client, keys.prefix).call("mind_clock", keys.feeds_due, call))
    if back:
        log_event(logger, logging.WARNING, "clock.back", seconds=back, since="the last run")
    return back


def _words(seconds: int) -> str:
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} seconds"
