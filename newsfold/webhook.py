"""Sending webhooks as Standard Webhooks has them: signed, bounded in time, never redirected.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp

from newsfold.errors import UsageError

_PREFIX: Final = "whsec_"
_MAKE_ONE: Final = 'make one with: echo "whsec_$(openssl rand -base64 32)"'
# Bytes of a key, as the specification has it.
_LEAST: Final = 24
_MOST: Final = 64
_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Message:
    """A webhook to send: `id` stays the same whenever it is sent again."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the status (0 for no answer), why it failed ("" where it did not), and for how many seconds the
    receiver asked to wait."""

    status: int
    error: str = ""
    wait: int = 0


def secret_of(text: str) -> bytes:
    """The key of a secret, `whsec_` and base64; raises UsageError, which does not tell the secret."""
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_PREFIX) or not _LEAST <= len(key) <= _MOST:
        raise UsageError(f"the secret must be whsec_ and base64 of {_LEAST} to {_MOST} bytes; {_MAKE_ONE}")
    return key


def signed(message: Message, key: bytes, now: int) -> dict[str, str]:
    """The headers that say which message this is, when it was sent, and that it is ours."""
    said = f"{message.id}.{now}.".encode() + message.body
    signature = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
    return {"webhook-id": message.id, "webhook-timestamp": str(now), "webhook-signature": f"v1,{signature}"}


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends to one address that the operator trusts; no answer within `seconds` is a failure."""

    url: str
    key: bytes
    user_agent: str
    seconds: float = 10.0

    async def send(self, messages: Sequence[Message], now: int) -> list[Outcome]:
        """Send messages, a few at once, and say what came of each."""
        timeout = aiohttp.ClientTimeout(total=self.seconds)
        connector = aiohttp.TCPConnector(limit=_AT_ONCE, force_close=True)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            return list(await asyncio.gather(*(self._post(session, message, now) for message in messages)))

    async def _post(self, session: aiohttp.ClientSession, message: Message, now: int) -> Outcome:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self.user_agent,
            **signed(message, self.key, now),
        }
        try:
            async with session.post(
                self.url, data=message.body, headers=headers, allow_redirects=False
            ) as answer:
                return _outcome(answer.status, answer.headers.get("Retry-After", ""))
        except TimeoutError:
            return Outcome(0, f"no answer within {self.seconds:g} seconds")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(0, " ".join(str(error).split()) or type(error).__name__)


def _outcome(status: int, wait: str) -> Outcome:
    if 200 <= status < 300:
        return Outcome(status)
    seconds = int(wait) if wait.isascii() and wait.isdecimal() and len(wait) < 7 else 0
    what = "redirects, which are not followed" if 300 <= status < 400 else f"answered {status}"
    return Outcome(status, what, seconds)
