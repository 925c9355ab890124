"""Waiting for a server that is away, busy, full or read-only: what passes is waited for, what does not ends the run.

Every call may be made again, also one whose answer was lost, because every mutating call is idempotent.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterDownError,
    MovedError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as BrokenError
from redis.exceptions import TimeoutError as LateError
from redis.retry import Retry

from crawler.events import log_event
from storage.denied import denied
from storage.errors import NotAllowed, ServerUnavailable
from storage.sentinel import NoMaster
from storage.tls import tls_fault

T = TypeVar("T")

logger = logging.getLogger(__name__)

# The pauses between tries: twice as long each time, from the first to the longest.
_FIRST, _LONGEST = 0.05, 2.0
# Several threads wait for one server; one of them says so, and again now and then.
_TOLD_EVERY = 15.0
_CODE = re.compile(r"(?:^|: )(BUSY|MISCONF|NOREPLICAS)\b")
# What a function is told of a key that was moved away while its slot is (redis/src/script.c).
_NOT_HERE = "access a non local key in a cluster node"
_REFUSED: dict[type[Exception], str] = {
    OutOfMemoryError: "has no memory left (maxmemory)",
    ReadOnlyError: "is a replica and takes no writes",
    ClusterDownError: "is down as a cluster, or a replica without its master",
    TryAgainError: "is moving keys to another node",
    MovedError: "has handed its keys to another node",  # before AskError, which it is one of
    AskError: "is moving keys to another node",
    BusyLoadingError: "is still reading its data",
    AuthenticationError: "does not accept this user and password",
    AuthorizationError: "does not accept this user and password",
    LateError: "does not answer in time",
}
_CODES = {
    "BUSY": "is busy with a script",
    "MISCONF": "cannot write its data to disk",
    "NOREPLICAS": "has too few replicas to write",
}
_FINAL = (AuthenticationError, AuthorizationError)


def trouble(error: BaseException, user: str = "") -> str:
    """What is wrong with the server, as the end of a sentence; "" where the error is not about the server's state."""
    if isinstance(error, NoMaster):
        return str(error)
    for kind, words in _REFUSED.items():
        if isinstance(error, kind):
            return words
    if isinstance(error, BrokenError | OSError):
        return tls_fault(error) or f"does not answer: {' '.join(str(error).split()).rstrip('.')}"
    if _NOT_HERE in str(error):
        return _REFUSED[AskError]
    code = _CODE.search(str(error))
    return _CODES[code[1]] if code else denied(error, user)


def _is_final(error: BaseException) -> bool:
    """Whether waiting would not help."""
    return isinstance(error, _FINAL) or bool(isinstance(error, BrokenError) and tls_fault(error))


class Patience(Retry):
    """redis-py's way to try again, for one client and all of its threads.

    Waits up to `seconds` for the server called `name`, trying again all the while, and says so in the log; then
    raises ServerUnavailable, and waits no more until the server is back. `revive` starts a server that is gone, `user`
    is whom the server knows us as.
    """

    def __init__(
        self, seconds: float, name: str, revive: Callable[[], object] | None = None, user: str = ""
    ) -> None:
        super().__init__(NoBackoff(), -1, (RedisError, OSError))
        self.seconds, self.name, self._revive, self.user = seconds, name, revive, user
        self._over = threading.Event()
        self._spent = False
        self._told = 0.0
        self._last = f"{name} is not waited for any more"

    def __deepcopy__(self, memo: object) -> Patience:
        """The same: redis-py copies it for every connection, but they are to give up together."""
        return self

    def give_up(self) -> None:
        """End the waits of all threads, and from now on fail every call at once."""
        self._over.set()

    def call_with_retry(
        self,
        do: Callable[[], T],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> T:
        """Do it until the server does; `fail` puts a connection away. Raises ServerUnavailable."""
        tries, begin = 0, time.monotonic()
        while True:
            if self._over.is_set():
                raise ServerUnavailable(self._last)
            try:
                answer = do()
            except (RedisError, OSError) as error:
                words = trouble(error, self.user)
                if not words or (is_retryable and not is_retryable(error)):
                    raise
                if denied(error):
                    raise NotAllowed(f"{self.name} {words}") from error
                tries += 1
                fail(error, tries) if with_failure_count else fail(error)
                self._wait(error, words, tries, begin)
            else:
                self._spent = False
                if tries:
                    self._tell_end(time.monotonic() - begin)
                return answer

    def _wait(self, error: Exception, words: str, tries: int, begin: float) -> None:
        waited = time.monotonic() - begin
        left = self.seconds - waited
        if left <= 0 or self._spent or self._over.is_set() or _is_final(error):
            after = f", after {waited:.0f} s of waiting" if waited >= 1 else ""
            self._spent, self._last = True, f"{self.name} {words}{after}"
            raise ServerUnavailable(self._last) from error
        if tries > 1:  # a connection that broke and is there again at once is nothing to tell
            self._tell(words, left)
        self._over.wait(min(_FIRST * 2 ** min(tries - 1, 10), _LONGEST, left))
        if (
            self._revive
            and isinstance(error, BrokenError | OSError)
            and not isinstance(error, BusyLoadingError)
        ):
            self._revive()

    def _tell(self, words: str, left: float) -> None:
        now = time.monotonic()
        if not self._told or now - self._told > _TOLD_EVERY:
            self._told = now
            reason = f"{self.name} {words}"
            log_event(logger, logging.WARNING, "redis.waiting", reason=reason, seconds_left=round(left))

    def _tell_end(self, waited: float) -> None:
        if self._told:
            self._told = 0.0
            log_event(logger, logging.WARNING, "redis.back", server=self.name, waited=round(waited, 1))


def patience_of(client: redis.Redis) -> Patience | None:
    """The patience of a client that `storage.connect` made."""
    found = client.connection_pool.connection_kwargs.get("retry")
    return found if isinstance(found, Patience) else None


def give_up(client: redis.Redis) -> None:
    """End all that a client waits for, also answers of a server that is silent, and fail every call from now on."""
    if patience := patience_of(client):
        patience.give_up()
    cluster = client.connection_pool.connection_kwargs.get("cluster")
    pools = (client.connection_pool, *(cluster.pools() if cluster else ()))
    for connection in [one for pool in pools for one in tuple(pool._in_use_connections)]:
        sock = getattr(connection, "_sock", None)
        with suppress(OSError):
            if sock is not None:  # its thread reads on it, and finds it ended
                sock.shutdown(socket.SHUT_RDWR)
