"""Calls of functions sent ahead of the answers to earlier ones, so that worker and server work at the same time."""

from __future__ import annotations

from collections import deque
from typing import Any, Generic

from redis.exceptions import ConnectionError as BrokenError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as LateError

from storage.functions import Call, Functions, T, is_missing
from storage.patience import trouble


class Ticket(Generic[T]):
    """A call that was sent; `result` waits for its answer, once the answers to earlier ones are in."""

    def __init__(self, line: Line, call: Call[T]) -> None:
        self._line, self._call = line, call
        self.command = call.command(line.functions.prefix)
        self.reply: object = None
        self.answered = False

    def result(self) -> T:
        """The answer. Raises what the call failed with."""
        self._line.read_until(self)
        return self._line.functions.outcome(self._call, self.reply)


class Line:
    """Calls in the order they are sent, on one connection, many under way at a time.

    The server carries them out in this order, so that a later one sees what an earlier one wrote, while the
    worker goes on without waiting. When the connection breaks or the server refuses a call for now, all that are
    not answered are sent again, which is safe because every function is idempotent.
    """

    def __init__(self, functions: Functions) -> None:
        self._pool, self.functions = functions.client.connection_pool, functions
        self._connection = self._pool.get_connection()
        self._waiting: deque[Ticket[Any]] = deque()
        self._broken = False

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._waiting:  # replies to come must not meet the connection's next user
            self._connection.disconnect()  # type: ignore[no-untyped-call]
        self._pool.release(self._connection)

    def send(self, call: Call[T]) -> Ticket[T]:
        """Send a call; the server carries it out when its turn comes."""
        ticket = Ticket(self, call)
        self._waiting.append(ticket)
        if not self._broken:
            try:
                self._send(ticket)
            except (BrokenError, LateError):
                self._break()
        return ticket

    def _send(self, ticket: Ticket[Any]) -> None:
        packed = self._connection.pack_command(*ticket.command)  # type: ignore[no-untyped-call]
        self._connection.send_packed_command(packed)  # type: ignore[no-untyped-call]

    def _break(self, *_: object) -> None:
        self._connection.disconnect()  # type: ignore[no-untyped-call]
        self._broken = True

    def read_until(self, wanted: Ticket[Any]) -> None:
        """Take answers off the line up to the wanted one."""
        while not wanted.answered:
            reply = self._connection.retry.call_with_retry(self._read, self._break)
            if isinstance(reply, ResponseError) and is_missing(reply):
                self._send_again_with_library()
                continue
            ticket = self._waiting.popleft()
            ticket.reply, ticket.answered = reply, True

    def _read(self) -> object:
        if self._broken:
            self._send_again()
        try:
            return self._connection.read_response()
        except ResponseError as error:
            if trouble(error):  # it was not carried out: all that follows is sent again, in its order
                raise
            return error

    def _send_again(self) -> None:
        for ticket in self._waiting:
            self._send(ticket)
        self._broken = False

    def _send_again_with_library(self) -> None:
        """What was sent after the first that missed the library missed it as well."""
        self._break()
        self.functions.load()
