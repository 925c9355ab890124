"""What a server's access control does not let its user do, from the words of Redis 7.0 to 8 and Valkey."""

from __future__ import annotations

import re

# 7.0 says "this user", later ones the name; of a command in a function 7.0 says only that one was refused.
_NAMED = re.compile(r"(?i:this user|user (\S+)) has no permissions to run the '([^']+)' command")
_UNNAMED = "user executing the script can't run this command"
_KEY = re.compile(
    r"(?i)no permissions to access (?:a|one of the|the) (?:'[^']*' )?key|can't access at least one of"
)
_CHANNEL = re.compile(r"(?i)no permissions to access (?:a|one of the|the) (?:'[^']*' )?channel")
_PIPED = re.compile(r"Command # \d+ \((\S+)")
_SCRIPT = re.compile(r"script: nf_(\w+)_[0-9a-f]{8}\b")


def denied(error: BaseException, user: str = "") -> str:
    """The end of a sentence that names the command and the user; "" where the error is about something else."""
    text = str(error)
    named = _NAMED.search(text)
    if named:
        what = f"run {named[2].replace('|', ' ').upper()}"
    elif _UNNAMED in text:
        what = "run a command"
    elif _KEY.search(text):
        what = "reach a key that it uses"
    elif _CHANNEL.search(text):
        what = "reach a channel"
    else:
        return ""
    who = (named and named[1]) or user
    piped, script = _PIPED.search(text), _SCRIPT.search(text)
    within = f" in newsfold's function {script[1]}" if script else ""
    if piped and not named and not script:
        within = f" in {piped[1].upper()}"
    return f"does not let {f'user {who}' if who else 'this user'} {what}{within}: docs/operations.md has all that it needs"
