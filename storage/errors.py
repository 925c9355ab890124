"""The errors of remembering: every one is one sentence that an operator can act on.

StorageError
├── ServerUnavailable   the server does not answer, did not start, or is too old
│   └── NotAllowed      its access control does not let our user do something
├── ServerNotFound      there is no server program to start
├── DataRefused         the data was written by a newer server, or by another family's
├── SchemaMismatch      the data was written under other rules than this program has
├── BackupRefused       a file is no backup, or none that can be put back
├── CorrectionRefused   what was to be put right is not there, or cannot be put so
├── HistoryGone         the events that a question goes back to were dropped
├── ClockWrong          this machine's clock and the server's are far apart
├── ServerEmptied       the server lost all it held in mid-run
└── LeaseLost           the work has been given to another worker meanwhile
"""

from __future__ import annotations


class StorageError(Exception):
    """Anything that keeps newsfold from remembering or recalling."""


class ServerUnavailable(StorageError):  # noqa: N818 - these read as what they say
    """The server cannot be used; the sentence has its URL (password masked) or its folder, and why."""


class NotAllowed(ServerUnavailable):
    """The server's access control refuses a command or key; the sentence names it and the user."""


class ServerNotFound(StorageError):  # noqa: N818
    """No server program was found to start; the sentence says how to get one."""


class DataRefused(StorageError):  # noqa: N818
    """The server program at hand cannot read the data; the sentence says which one wrote it."""


class SchemaMismatch(StorageError):  # noqa: N818
    """What Redis holds was written with another layout or other parameters; the sentence has both."""


class HistoryGone(StorageError):  # noqa: N818
    """The events stream does not reach back as far as what was asked for."""


class ClockWrong(StorageError):  # noqa: N818
    """Leases, due times and the retention would be wrong by what the sentence says."""


class ServerEmptied(StorageError):  # noqa: N818
    """The server was restarted without its data, or flushed, while a run went on."""


class LeaseLost(StorageError):  # noqa: N818
    """A lease ran out and another worker holds the work, so this worker's result must not be stored."""


class CorrectionRefused(StorageError):  # noqa: N818
    """An operator's correction cannot be made; nothing was changed."""


class BackupRefused(StorageError):  # noqa: N818
    """A file is no whole backup, or was made by a newer newsfold; nothing was changed."""
