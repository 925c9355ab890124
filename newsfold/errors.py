"""The errors of facing out; each is shown as one sentence on stderr, with exit code 2.

NewsfoldError
├── ConfigError    a key of the configuration that is unknown or out of range
├── UsageError     what was asked for does not exist or is ambiguous
├── InputError     a file to ingest that cannot be read
└── ProcessError   one of several processes of a run was killed
"""

from __future__ import annotations


class NewsfoldError(Exception):
    """Anything that the person at the terminal can put right."""


class ConfigError(NewsfoldError):
    """The configuration has an unknown key, or a value of the wrong type or out of range."""


class UsageError(NewsfoldError):
    """An id, URL or option that leads nowhere, or to more than one thing."""


class InputError(NewsfoldError):
    """A file could not be read as what it should be."""


class ProcessError(NewsfoldError):
    """One of the processes of a run has ended before its work."""
