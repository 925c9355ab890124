"""One start of the embedded server: how it is configured, and why it ended if it did."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storage.binary import Binary, choose
from storage.datadir import DataDir, make_private
from storage.errors import DataRefused, ServerUnavailable

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "yes",  # the process that starts a server is not left with its zombie
    "appendonly": "yes",
    "appendfsync": "everysec",
    "rdbcompression": "no",  # of the file that the append-only file is rewritten to, over and over while articles come in
    "save": "",
    "maxmemory-policy": "noeviction",
}


@dataclass(frozen=True, slots=True)
class Launch:
    """What must be known of a start to undo and explain it."""

    place: DataDir
    binary: Binary
    former_label: str | None
    log_mark: int

    def came_up(self) -> bool:
        """Whether the server was ready once: then somebody has stopped it, and it may be started again."""
        return any(line.startswith("Ready to accept") for line in self.place.log_since(self.log_mark))

    def failure(self) -> DataRefused | ServerUnavailable:
        """Why the server has ended, in its own words; the label of the data is put back.

        The label cannot say everything: data may have been copied here without it.
        """
        self.place.restore_label(self.former_label)
        words = self.place.log_since(self.log_mark)
        foreign = next((line for line in words if line.startswith("Can't handle")), None)
        if foreign is not None:
            return DataRefused(
                f"{self.binary.build} cannot read the data in {self.place.folder} ({foreign}): "
                "start it with the server that wrote it, or move the folder away to begin anew"
            )
        last = words[-1] if words else "it said nothing"
        return ServerUnavailable(f"the server of {self.place.folder} ended at its start: {last}")


def launch(place: DataDir, lock: int) -> Launch:
    """Start a server, which keeps `lock` for as long as any of its processes lives.

    It returns when the server is in the background, not yet when it answers. Raises what `choose`
    does, and `Launch.failure` when the server refuses its settings.
    """
    binary = choose(place.folder, place.written_by())
    former = place.label_text()
    socket = place.new_socket()
    if socket.parent != place.folder:
        make_private(socket.parent)
    log = place.open_log()
    try:
        started = Launch(place, binary, former, os.fstat(log).st_size)
        place.pid_file.unlink(missing_ok=True)
        place.write_label(binary.build, socket)
        if not _spawn(_command(binary, place, socket), binary.environment(), place, lock, log):
            raise started.failure()
    finally:
        os.close(log)
    return started


def _command(binary: Binary, place: DataDir, socket: Path) -> list[str]:
    places = {
        "dir": str(place.folder),
        "unixsocket": str(socket),
        "pidfile": str(place.pid_file),
        "logfile": str(place.log),
    }
    settings = [part for name, value in (SETTINGS | places).items() for part in (f"--{name}", value)]
    return [str(binary.path), *settings]


def _spawn(command: list[str], environment: Mapping[str, str], place: DataDir, lock: int, log: int) -> bool:
    """Run the server until it has put itself into the background; False when it refused."""
    done = subprocess.run(  # noqa: S603 - a path that was looked up, and no shell
        command,
        cwd=place.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        close_fds=True,
        pass_fds=(lock,),
        check=False,
    )
    return done.returncode == 0
