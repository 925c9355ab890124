"""Calls of functions on any slot of a cluster: to all nodes at once, and again where a slot has moved or a node is gone."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from redis.connection import Connection
from redis.crc import key_slot
from redis.exceptions import ConnectionError as BrokenError
from redis.exceptions import ResponseError

from crawler.events import log_event
from storage.cluster import Cluster, Node
from storage.functions import COPIED, Call, Functions, T, is_missing
from storage.patience import Patience, patience_of

logger = logging.getLogger(__name__)


class Nodes:
    """Runs calls where their keys are.

    What was answered has been copied to a replica, where the node has one: a failover then loses nothing of it.
    """

    def __init__(self, cluster: Cluster, functions: Functions) -> None:
        self._cluster, self._functions = cluster, functions
        self._patience = patience_of(functions.client) or Patience(0, "the cluster")

    def run(self, calls: Sequence[Call[T]]) -> list[T]:
        """Make calls, in no order, and wait for all answers. Raises what a call failed with."""
        replies: dict[int, object] = {}
        while len(replies) < len(calls):
            try:
                self._patience.call_with_retry(
                    lambda: self._once(calls, replies), lambda *_: self._cluster.forget()
                )
            except ResponseError as error:
                if not is_missing(error):
                    raise
                self._load()
        return [self._functions.outcome(call, replies[number]) for number, call in enumerate(calls)]

    def has_copies(self, key: str) -> bool:
        """Whether the node of a key has a replica; as far as is known when no node answers."""
        try:
            return self._cluster.owner(key_slot(key.encode())).replicas > 0
        except BrokenError:
            return False

    def _once(self, calls: Sequence[Call[Any]], replies: dict[int, object]) -> None:
        """Ask every node for what is not answered yet; the first refusal is raised when all that were sent are read."""
        refused: ResponseError | None = None
        with ExitStack() as borrowed:
            asked = []
            for (node, copied), numbers in self._by_node(calls, replies).items():
                connection = borrowed.enter_context(self._cluster.connection(node))
                commands = [calls[number].command(self._functions.prefix) for number in numbers]
                self._send(connection, [*commands, *_wait(copied)])
                asked.append((connection, numbers, copied))
            for connection, numbers, copied in asked:
                answers = [_reply(connection) for _ in numbers]
                if copied:  # what a node answered that dies before it was copied is asked again
                    self._mind(_reply(connection))
                for number, answer in zip(numbers, answers, strict=True):
                    if isinstance(answer, ResponseError):
                        refused = refused or answer
                    else:
                        replies[number] = answer
        if refused:
            raise refused

    def _by_node(
        self, calls: Sequence[Call[Any]], replies: dict[int, object]
    ) -> dict[tuple[Node, bool], list[int]]:
        found: dict[tuple[Node, bool], list[int]] = defaultdict(list)
        for number, call in enumerate(calls):
            if number not in replies:
                owner = self._cluster.owner(key_slot(call.key.encode()))
                found[owner.node, owner.replicas > 0 and call.writes].append(number)
        return found

    def _send(self, connection: Connection, commands: Sequence[Sequence[Any]]) -> None:
        connection.send_packed_command(connection.pack_commands(commands))  # type: ignore[no-untyped-call]

    def _mind(self, copies: object) -> None:
        if copies == 0:  # its replica is gone, or slow: goes on as a node without one
            self._cluster.forget()
            log_event(logger, logging.WARNING, "redis.uncopied", seconds=COPIED / 1000)

    def _load(self) -> None:
        for node in self._cluster.masters():
            self._functions.load_into(self._cluster.client(node))


def _wait(copied: bool) -> list[tuple[Any, ...]]:
    return [("WAIT", 1, COPIED)] if copied else []


def _reply(connection: Connection) -> object:
    try:
        return connection.read_response()
    except ResponseError as error:
        return error
