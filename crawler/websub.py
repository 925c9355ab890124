"""WebSub as a subscriber (https://www.w3.org/TR/websub/): what is asked of hubs and what is believed of them. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

State = Literal["wanted", "asked", "active", "denied", "leaving"]

# A lease is renewed when so much of it is over; hubs answer late.
_RENEW_AT: Final = 0.8
_SHORTEST: Final = 300
_PATIENCE: Final = timedelta(minutes=10)
_DENIED_FOR: Final = timedelta(days=1)
_LONGEST_WAIT: Final = timedelta(days=1)
_TRIES_TO_LEAVE: Final = 5
_ALGORITHMS: Final = frozenset({"sha1", "sha256", "sha384", "sha512"})


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed's subscription. `token` is the secret part of the callback's address, `secret` signs what is pushed.

    `next` is when the hub is to be asked again, `until` when its lease ends.
    """

    feed: str
    hub: str
    topic: str
    token: str
    secret: str
    state: State = "wanted"
    next: datetime | None = None
    until: datetime | None = None
    failures: int = 0
    error: str = ""


def request_form(one: Subscription, callback: str, lease_seconds: int) -> dict[str, str]:
    """The form that is posted to the hub (5.1)."""
    mode = "unsubscribe" if one.state == "leaving" else "subscribe"
    form = {"hub.callback": callback, "hub.mode": mode, "hub.topic": one.topic}
    if mode == "subscribe":
        form |= {"hub.lease_seconds": str(lease_seconds), "hub.secret": one.secret}
    return form


def asked(one: Subscription, status: int, now: datetime) -> Subscription:
    """After the hub's answer to the form: 202 is the promise of a verification, all else a failure."""
    if 200 <= status < 300:
        state: State = "leaving" if one.state == "leaving" else "active" if one.state == "active" else "asked"
        # Where no verification comes, the hub is asked again.
        return replace(one, state=state, next=now + _wait(one.failures), error="")
    return failed(one, f"the hub {one.hub} answered HTTP {status}", now)


def failed(one: Subscription, error: str, now: datetime) -> Subscription:
    """After no usable answer of the hub: asked again later, twice as late each time."""
    return replace(one, next=now + _wait(one.failures), failures=min(one.failures + 1, 20), error=error)


def given_up(one: Subscription) -> bool:
    """Whether a hub that is to be left has had its tries; its lease ends by itself."""
    return one.state == "leaving" and one.failures >= _TRIES_TO_LEAVE


def _wait(failures: int) -> timedelta:
    return min(_PATIENCE * (1 << min(failures, 10)), _LONGEST_WAIT)


def verified(one: Subscription, query: Mapping[str, str], now: datetime) -> Subscription | None:
    """The subscription after a hub's verification of intent (5.3); None where it must be refused.

    Confirmed is only what was asked for: this topic, in the mode that is wanted. A denial (5.2) needs no challenge.
    """
    if query.get("hub.topic") != one.topic:
        return None
    mode = query.get("hub.mode")
    if mode == "denied":
        reason = query.get("hub.reason", "")[:200]
        return replace(
            one,
            state="denied",
            next=now + _DENIED_FOR,
            until=None,
            error=f"the hub denied it {reason}".strip(),
        )
    if not query.get("hub.challenge") or mode != ("unsubscribe" if one.state == "leaving" else "subscribe"):
        return None
    if mode == "unsubscribe":
        return replace(one, next=None, until=None)
    lease = query.get("hub.lease_seconds", "")
    seconds = max(_SHORTEST, int(lease) if lease.isascii() and lease.isdigit() and len(lease) < 10 else 0)
    return replace(
        one, state="active", until=now + timedelta(seconds=seconds), next=now + timedelta(seconds=seconds * _RENEW_AT),
        failures=0, error="",
    )  # fmt: skip


def is_signed(secret: str, body: bytes, header: str) -> bool:
    """Whether `X-Hub-Signature` is the body's HMAC under the secret (7.1); a method that is not known is no signature."""
    method, _, signature = header.partition("=")
    method = method.strip().lower()
    if method not in _ALGORITHMS or not signature.isascii():
        return False
    wanted = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    return hmac.compare_digest(wanted, signature.strip().lower())
