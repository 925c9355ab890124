"""A Docker engine for one test: dockerd with processes, mounts and network of its own, which end with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import images

PROGRAMS = {"dockerd": "docker.io", "docker": "docker.io", "docker-compose": "docker-compose", "ip": "iproute2", "iptables": "iptables"}  # fmt: skip
# An address for documents (RFC 5737), which the engine's machine has for what is not in a container.
OUTSIDE = "198.51.100.1"
START = rf"""
mount -t tmpfs tmpfs /run
ip link set lo up && ip address add {OUTSIDE}/32 dev lo
exec dockerd --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" -H "unix://$1/socket" \
  --add-runtime "lending=$1/runtime" --default-runtime lending
"""


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine: commands that speak to it, and commands on its network."""

    folder: Path
    process: subprocess.Popen[bytes]

    def run(self, *words: str, cwd: Path | None = None, **more: str) -> str:
        """What a command prints that has this engine as its Docker; it must succeed."""
        env = {**os.environ, "DOCKER_HOST": f"unix://{self.folder}/socket", "DOCKER_BUILDKIT": "0",
               "COMPOSE_DOCKER_CLI_BUILD": "0", **more}  # fmt: skip
        done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def take(self, *names: str) -> None:
        """Have an image of this machine under these names, so that none is fetched."""
        words = ["docker", "-H", f"unix://{self.folder}/socket", "import"]
        words += ["--change", f"ENV PATH=/{images.PREFIX}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "--change", "WORKDIR /data"]  # fmt: skip
        for name in names:
            subprocess.run([*words, "-", name], input=images.image(), capture_output=True, check=True)

    def beside(self, *words: str) -> list[str]:
        """The command line that runs a program on the machine of the engine, where its ports are published."""
        return ["nsenter", "--target", str(self.process.pid), "--net", *words]


def compose_words() -> list[str]:
    """`docker compose` as this machine has it: part of `docker`, or a program beside it."""
    part = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ["docker-compose"] if part.returncode else ["docker", "compose"]


def may_not() -> str | None:
    """What an engine lacks on this machine, or nothing."""
    missing = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
    if missing:
        return f"no Docker engine to start (Debian packages {', '.join(missing)})"
    if os.geteuid() != 0:
        return "a Docker engine of its own needs root"
    words = ["unshare", "--mount", "--net", "--pid", "--fork", "sh", "-c", "mount -t tmpfs tmpfs /run && iptables -t nat -L"]  # fmt: skip
    tried = subprocess.run(words, capture_output=True, text=True, check=False)
    return f"a Docker engine may not be started here: {tried.stderr.strip()}" if tried.returncode else None


def _useless(started: Engine) -> str:
    """What keeps an engine on this machine from running any container, of whatever image; nothing where it runs one."""
    until = time.monotonic() + 30
    while not (started.folder / "socket").exists():
        if started.process.poll() is not None or time.monotonic() > until:
            return (started.folder / "log").read_text()[-500:]
        time.sleep(0.05)
    try:
        started.take("trial")
        started.run("docker", "run", "--rm", "--publish", "127.0.0.1:8099:80", "trial", "true")
    except (AssertionError, subprocess.CalledProcessError) as error:
        return str(error)[-500:]
    return ""


@contextmanager
def engine() -> Iterator[Engine]:
    """An engine for as long as the block lasts, or a skip that says what is missing."""
    if why := may_not():
        pytest.skip(why)
    folder = Path(tempfile.mkdtemp(prefix="nf"))
    (folder / "runtime").write_text(images.runtime())
    (folder / "runtime").chmod(0o755)
    words = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-ec", START, "sh", str(folder)]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        running = Engine(folder, process)
        if why := _useless(running):
            pytest.skip(f"a Docker engine of its own does not work on this machine: {why}")
        yield running
        # Killed with the engine they would leave their control groups behind.
        running.run("docker", "rm", "--force", *running.run("docker", "ps", "--quiet").split())
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
