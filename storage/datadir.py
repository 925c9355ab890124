"""The folder of the embedded server: where its files lie, who holds it, who wrote it.

home/redis.log            what the server says
home/redis/               mode 0700
    redis.lock            locked by whoever starts the server, then by the server as long as it lives
    redis.sock            unless the path is too long: then under the temporary folder
    redis.pid             written by the server
    server.json           family and version that wrote the data, and the socket
    appendonlydir/        the data
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from storage.binary import Build
from storage.errors import DataRefused, ServerUnavailable

# sockaddr_un holds 104 bytes on macOS and 108 on Linux, with the final zero.
SOCKET_BYTES = 103
LOG_BYTES = 5_000_000
_LOG_PREFIX = re.compile(r"^\d+:\w \d.*? [#*.-] ")


@dataclass(frozen=True, slots=True)
class DataDir:
    """The places of one home's embedded server; asking for them creates nothing."""

    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "redis"

    @property
    def log(self) -> Path:
        return self.home / "redis.log"

    @property
    def pid_file(self) -> Path:
        return self.folder / "redis.pid"

    @property
    def lock(self) -> Path:
        return self.folder / "redis.lock"

    @property
    def label(self) -> Path:
        return self.folder / "server.json"

    def socket(self) -> Path:
        """Where the server listens, or will.

        When the path in the home is too long it is the one that was written down at the start, since
        the temporary folder is another one in cron than in a terminal.
        """
        near = self.folder / "redis.sock"
        if _fits(near):
            return near
        recorded = self._read_label().get("socket")
        far = Path(recorded) if isinstance(recorded, str) else far_socket(self.home)
        if os.path.lexists(far.parent):
            check_private(far.parent)
        return far

    def new_socket(self) -> Path:
        """Where a server that is now started shall listen: the recorded place may be gone."""
        near = self.folder / "redis.sock"
        return near if _fits(near) else far_socket(self.home)

    def prepare(self) -> None:
        """Make the folder, readable by its owner alone."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(self.folder.stat().st_mode) != 0o700:
            self.folder.chmod(0o700)

    def take(self) -> int | None:
        """A descriptor that holds the folder's lock, or None while a server or its starter has it.

        The descriptor is handed to the server, so the kernel says whether one is alive: it gives the
        lock back when the server's last process ends, be it by kill -9. Pid files cannot tell. Close
        the descriptor to let go; LOCK_UN would also take the lock away from the server.
        """
        return _locked(self.lock, fcntl.LOCK_EX)

    def held(self) -> bool:
        """Whether a server, or someone who starts one, has the folder."""
        if not self.lock.exists():
            return False
        # Shared, so that two who only ask do not take each other for a server.
        descriptor = _locked(self.lock, fcntl.LOCK_SH)
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is None

    def pid(self) -> int | None:
        """The pid that the server wrote down; meaningful only while the folder is held."""
        with suppress(OSError, ValueError):
            return int(self.pid_file.read_text())
        return None

    def written_by(self) -> Build | None:
        """The server that wrote the data last, or None where nothing was written."""
        label = self._read_label()
        if not label:
            return None
        try:
            major, minor, patch = map(int, str(label["version"]).split("."))
            return Build(str(label["flavour"]), (major, minor, patch))
        except (KeyError, ValueError):
            raise DataRefused(
                f"{self.label} does not say which server wrote the data beside it: "
                "put it right, or delete it if the server did not change since"
            ) from None

    def labelled(self) -> Build | None:
        """The same for showing: a label that says nothing is not an error."""
        with suppress(DataRefused):
            return self.written_by()
        return None

    def write_label(self, build: Build, socket: Path) -> None:
        """Say who writes from now on; before the start, so that no data lies under an older label."""
        version = ".".join(map(str, build.version))
        text = json.dumps({"flavour": build.flavour, "version": version, "socket": str(socket)})
        self.restore_label(text + "\n")

    def label_text(self) -> str | None:
        with suppress(FileNotFoundError):
            return self.label.read_text(encoding="utf-8", errors="replace")
        return None

    def restore_label(self, text: str | None) -> None:
        """Put back what `label_text` gave: a server that did not come up has written nothing."""
        if text is None:
            self.label.unlink(missing_ok=True)
            return
        fresh = self.label.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.label)

    def _read_label(self) -> dict[str, object]:
        text = self.label_text()
        if text is None:
            return {}
        with suppress(ValueError):
            if isinstance(label := json.loads(text), dict) and label:
                return label
        return {"unreadable": True}

    def open_log(self) -> int:
        """A descriptor at the log's end; a log that has grown large is put aside first."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        return os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def log_since(self, mark: int) -> list[str]:
        """What the server has said since the log had `mark` bytes, without pids and times."""
        with suppress(OSError), self.log.open("rb") as log:
            log.seek(mark)
            lines = log.read(64_000).decode(errors="replace").splitlines()
            return [_LOG_PREFIX.sub("", line).strip() for line in lines if line.strip()]
        return []

    def data_bytes(self) -> int:
        """The size of the data on disk; files that a rewrite removes meanwhile count nothing."""
        total = 0
        for path in (self.folder / "appendonlydir").glob("*"):
            with suppress(OSError):
                total += path.stat().st_size
        return total

    @contextmanager
    def plain_errors(self) -> Iterator[None]:
        """Turn what the system says about the home into one sentence."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise ServerUnavailable(f"newsfold cannot keep its data in {self.home}: {reason}") from error


def far_socket(home: Path) -> Path:
    """A short path for a home whose own path is too long, in a folder of this user."""
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16] + ".sock"
    places = [Path(base) / f"newsfold-{os.geteuid()}" / name for base in (tempfile.gettempdir(), "/tmp")]  # noqa: S108
    return next((path for path in places if _fits(path)), places[-1])


def make_private(folder: Path) -> None:
    """Make a folder that only this user can enter, where anyone may make folders."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    check_private(folder)


def check_private(folder: Path) -> None:
    """Refuse a folder in which somebody else could have put a socket of their own."""
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    if not private or found.st_uid != os.geteuid():
        raise ServerUnavailable(
            f"{folder} is not a private folder of this user: remove it, or give newsfold a home with a shorter path"
        )


def _locked(path: Path, kind: int) -> int | None:
    """A descriptor with the lock, without waiting for it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= SOCKET_BYTES
