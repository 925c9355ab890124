"""The private server that newsfold starts when no Redis URL is configured.

One lock decides everything: whoever takes it may start a server and hands the lock over to it, so a
folder never has two servers, whatever was killed and whenever (see `DataDir.take`).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from storage.datadir import DataDir
from storage.errors import ServerUnavailable
from storage.launch import Launch, launch
from storage.probe import Answer, ask_to_stop, probe

START_SECONDS = 10.0  # measured: 20-50 ms; the rest is for a machine that swaps
LOAD_SECONDS = 120.0  # a server reads some 100 MB of its data a second
# A server that was asked to stop syncs its file first; one that ignores SIGTERM too hangs.
STOP_SECONDS = {None: 15.0, signal.SIGTERM: 5.0, signal.SIGKILL: 5.0}
UNTOLD_SECONDS = 0.5  # a server that could not be reached may be ending by itself


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What is known of the embedded server, running or not; None where nobody could say."""

    running: bool
    loading: bool
    pid: int | None
    flavour: str | None
    version: str | None
    socket: Path
    log: Path
    uptime_seconds: int | None
    memory_bytes: int | None
    keys: int | None
    data_bytes: int


class EmbeddedServer:
    """The one server of a home: started when needed, shared by all processes, outliving each."""

    def __init__(self, home: Path) -> None:
        self._dir = DataDir(home.expanduser().resolve())

    def ensure(self) -> str:
        """The URL of the running server, which is started if there is none.

        Any number of processes may call it at once. It returns when the server has read its data.
        Raises ServerUnavailable, ServerNotFound or DataRefused.
        """
        with self._dir.plain_errors():
            started: Launch | None = None
            for answer in self._answers():
                if answer is not None and not answer.loading:
                    break
                if answer is None:
                    started = self._start_if_free(started)
            return "unix://" + quote(str(self._dir.socket()))

    def stop(self) -> bool:
        """Stop the server, and return whether there was one.

        No acknowledged write is lost: at SHUTDOWN and at SIGTERM the server writes and syncs its
        append-only file first; NOSAVE only forbids an RDB file besides it, and is the one form that
        a server busy with a script accepts.
        """
        with self._dir.plain_errors():
            if not self._dir.held():
                return False
            pid = self._settled_pid()
            for way, seconds in STOP_SECONDS.items():
                told = self._tell(way, pid)
                if self._gone(pid, seconds if told else UNTOLD_SECONDS):
                    return True
        raise ServerUnavailable(f"the server of {self._dir.folder} (pid {pid}) does not stop")

    def status(self) -> ServerStatus:
        """How the server is, without starting it, waiting for it or making any file."""
        with self._dir.plain_errors():
            answer = probe(self._dir.socket())
            running = answer is not None or self._dir.held()
            build = (answer and answer.build) or self._dir.labelled()
            return ServerStatus(
                running=running,
                loading=answer is not None and answer.loading,
                pid=(answer and answer.pid) or (self._dir.pid() if running else None),
                flavour=build.flavour if build else None,
                version=".".join(map(str, build.version)) if build else None,
                socket=self._dir.socket(),
                log=self._dir.log,
                uptime_seconds=answer.uptime_seconds if answer else None,
                memory_bytes=answer.memory_bytes if answer else None,
                keys=answer.keys if answer else None,
                data_bytes=self._dir.data_bytes(),
            )

    def _answers(self) -> Iterator[Answer | None]:
        """What the socket says, again and again, until patience ends."""
        begin, limit, pause = time.monotonic(), START_SECONDS, 0.002
        while True:
            answer = probe(self._dir.socket())
            limit = LOAD_SECONDS if answer is not None and answer.loading else limit
            yield answer
            if time.monotonic() - begin > limit:
                raise self._impatient(answer)
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)

    def _start_if_free(self, started: Launch | None) -> Launch | None:
        """Start a server if nobody holds the folder; somebody else's start is waited for."""
        self._dir.prepare()
        lock = self._dir.take()
        if lock is None:
            return started
        try:
            # The lock was the server's and is free, so it has ended.
            if started is not None and not started.came_up():
                raise started.failure()
            return launch(self._dir, lock)
        finally:
            os.close(lock)

    def _impatient(self, answer: Answer | None) -> ServerUnavailable:
        pid = self._dir.pid()
        if answer is not None:
            return ServerUnavailable(
                f"the server of {self._dir.folder} (pid {pid}) is still reading its data: try again later"
            )
        return ServerUnavailable(
            f"a server (pid {pid}) holds {self._dir.folder} but does not answer at {self._dir.socket()}: "
            "stop that process"
        )

    def _settled_pid(self) -> int | None:
        """The pid of the server that holds the folder, also when it is only just starting."""
        for _ in range(100):
            answer = probe(self._dir.socket())
            pid = (answer and answer.pid) or self._dir.pid()
            if pid is not None or not self._dir.held():
                return pid
            time.sleep(0.02)
        return None

    def _tell(self, way: signal.Signals | None, pid: int | None) -> bool:
        """Ask for the end, by command or by signal; False when that reached nobody."""
        if way is None:
            return ask_to_stop(self._dir.socket())
        if pid is None or not self._is_server(pid):
            return not self._dir.held()
        # The group, for a process that rewrites the file holds the lock, too. While one of a group
        # lives, its number is not given to another process, so this cannot hit a stranger.
        with suppress(ProcessLookupError):
            os.killpg(pid, way)
        return True

    def _is_server(self, pid: int) -> bool:
        """Whether the pid is ours to signal: in another container's folder it means another process."""
        if not Path("/proc/self").exists():  # macOS
            return True
        with suppress(OSError):
            return os.fsencode(self._dir.socket()) in Path(f"/proc/{pid}/cmdline").read_bytes()
        return False

    def _gone(self, pid: int | None, seconds: float) -> bool:
        """Wait until the folder is free, or is another server's already."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            successor = pid is not None and self._dir.pid() not in (pid, None)
            if successor or not self._dir.held():
                return True
            time.sleep(0.005)
        return False
