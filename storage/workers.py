"""Workers by their tokens: `host:process:random`."""

from __future__ import annotations

import os
import secrets
import socket


def new_token() -> str:
    """A token for this process."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_dead_here(token: str) -> bool:
    """Whether a worker's token is of this machine and its process is no more."""
    host, _, rest = token.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdecimal():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
