"""Following the events stream as one consumer of a group: at least once, across restarts, with gaps told.

What is read is pending until it is acknowledged. A consumer begins with what it itself left unacknowledged, takes over
what others have left for long, and then reads on. Entries that were trimmed before the group read them are a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from redis.exceptions import ResponseError

from newsfold.client.asking import Ask, Asking, all_well
from newsfold.client.model import Event, event_of

_BATCH = 10
# After so many batches in a row it is looked for what other consumers have left.
_BATCHES = 50


class Following:
    """One consumer's place in the stream; `claim_after` in seconds is when another's unacknowledged events are taken over."""

    def __init__(self, stream: str, group: str, consumer: str, *, oldest: bool, claim_after: float) -> None:
        self._stream, self._group, self._consumer = stream, group, consumer
        self._oldest, self._idle = oldest, max(1, int(claim_after * 1000))
        self._own: str | None = "0"
        self._claim = "0-0"
        self._batches = 0
        self._last = "$"
        self._behind: tuple[str, int] | None = None

    def open(self) -> Asking[None]:
        """Make the group where it is not there: at the stream's end, or at its oldest entry."""
        # Two words in one, as redis-py names the commands whose replies it reads.
        (info,) = yield Ask([("XINFO STREAM", self._stream)])
        added, length = (0, 0) if isinstance(info, ResponseError) else _counts(info)
        start, read = ("0", added - length) if self._oldest else ("$", added)
        yield from self._create(start, read)

    def _create(self, start: str, read: int) -> Asking[None]:
        command = ("XGROUP CREATE", self._stream, self._group, start, "MKSTREAM", "ENTRIESREAD", read)
        (made,) = yield Ask([command])
        if isinstance(made, Exception) and "BUSYGROUP" not in str(made):
            raise made

    def more(self) -> Asking[list[Event]]:
        """The next events to handle; empty where there are none now."""
        if self._own is not None and (events := (yield from self._left_behind())):
            return events
        self._batches += 1
        if self._batches >= _BATCHES and (events := (yield from self._take_over())):
            return events
        return (yield from self._new()) or (yield from self._take_over())

    def _left_behind(self) -> Asking[list[Event]]:
        """What this consumer read before and did not acknowledge."""
        (reply,) = yield Ask([self._read(str(self._own))])
        if isinstance(reply, ResponseError) and "NOGROUP" in str(reply):
            self._own = None  # the group is made again with the next new entries
            return []
        (reply,) = all_well([reply])
        entries = list(_entries(reply))
        self._own = entries[-1][0] if entries else None
        return (yield from self._given(entries))

    def _take_over(self) -> Asking[list[Event]]:
        """What a consumer, dead by all appearances, read and did not acknowledge."""
        self._batches = 0
        command = (
            "XAUTOCLAIM",
            self._stream,
            self._group,
            self._consumer,
            self._idle,
            self._claim,
            "COUNT",
            _BATCH,
        )
        (reply,) = all_well((yield Ask([command])))
        self._claim, claimed = reply[0], reply[1]
        gone = [(identity, None) for identity in (reply[2] if len(reply) > 2 else ())]
        return (yield from self._given([*_pairs(claimed), *gone]))

    def _given(self, entries: list[tuple[str, Mapping[str, str] | None]]) -> Asking[list[Event]]:
        """Events that were given before; those that are in the stream no more are acknowledged, and are a gap."""
        gone = [identity for identity, fields in entries if fields is None]
        if gone:
            all_well((yield Ask([("XACK", self._stream, self._group, *gone)])))
        gap = [Event(id=gone[0], type="gap", lost=len(gone))] if gone else []
        return gap + [event_of(i, fields, again=True) for i, fields in entries if fields is not None]

    def _new(self) -> Asking[list[Event]]:
        """New entries, after the gap before them; in one step, so that nothing is trimmed between looking and reading."""
        commands = [("XINFO STREAM", self._stream), ("XINFO GROUPS", self._stream), self._read(">")]
        stream, groups, reply = yield Ask(commands, atomic=True)
        if isinstance(reply, ResponseError) and "NOGROUP" in str(reply):
            yield from self._create(
                "0", 0
            )  # Redis began anew: all there is is news, and what was before is lost
            return [Event(id="0-0", type="gap")]
        stream, groups, reply = all_well([stream, groups, reply])
        self._last = str(stream["last-generated-id"])
        gap = _gap(stream, next(group for group in groups if group["name"] == self._group))
        events = [event_of(i, fields or {}, again=False) for i, fields in _entries(reply)]
        # Reading moves the group past a gap; where nothing is left to read, `done` must.
        self._behind = (self._last, _counts(stream)[0]) if gap and not events else None
        return gap + events

    def wait(self, seconds: float) -> Asking[None]:
        """Until there is something new, or so many seconds."""
        block = max(1, int(seconds * 1000))
        all_well((yield Ask([("XREAD", "COUNT", 1, "BLOCK", block, "STREAMS", self._stream, self._last)])))

    def done(self, event: Event) -> Asking[None]:
        """Acknowledge an event that was handled."""
        if event.type == "gap" and self._behind:
            last, added = self._behind
            command = ("XGROUP SETID", self._stream, self._group, last, "ENTRIESREAD", added)
            all_well((yield Ask([command])))
        elif event.type != "gap":
            all_well((yield Ask([("XACK", self._stream, self._group, event.id)])))

    def _read(self, start: str) -> tuple[str | int, ...]:
        who = ("XREADGROUP", "GROUP", self._group, self._consumer, "COUNT", _BATCH)
        return (*who, "STREAMS", self._stream, start)


def _counts(info: Mapping[str, Any]) -> tuple[int, int]:
    return int(info["entries-added"]), int(info["length"])


def _order(identity: str) -> tuple[int, ...]:
    return tuple(map(int, identity.split("-")))


def _gap(stream: Mapping[str, Any], group: Mapping[str, Any]) -> list[Event]:
    """The gap between the last entry that the group was given and the first that is still there."""
    first = stream["first-entry"][0] if stream["first-entry"] else str(stream["last-generated-id"])
    given = str(group["last-delivered-id"])
    if _order(given) >= _order(first):
        return []
    added, length = _counts(stream)
    read = group.get("entries-read")
    lost = None if read is None else added - int(read) - length
    return [] if lost is not None and lost <= 0 else [Event(id=given, type="gap", lost=lost)]


def _entries(reply: Any) -> Iterable[tuple[str, Mapping[str, str] | None]]:
    """The entries of a read of one stream, however the client's protocol shapes it."""
    for _, found in reply.items() if isinstance(reply, Mapping) else reply or ():
        for entry in found:
            # RESP3, as redis-py gives it where it is asked for by number, has one list more.
            yield from _pairs([entry] if isinstance(entry, tuple) else entry)


def _pairs(entries: Any) -> Iterable[tuple[str, Mapping[str, str] | None]]:
    for identity, fields in entries:
        yield identity, (fields or None)
