"""A Redis Cluster on loopback, of the server program that newsfold would start: masters with a replica each."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import redis
from redis.crc import key_slot
from redis.exceptions import RedisError

from storage.binary import choose

SLOTS = 16_384
_PATIENCE = 30.0
_FAILOVER_MS = 1_000  # after so long without an answer a master counts as gone


@dataclass(slots=True)
class Server:
    """One node."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    client: redis.Redis

    @property
    def id(self) -> str:
        """Its name in the cluster."""
        return str(_text(self.client.execute_command("CLUSTER", "MYID")))  # type: ignore[no-untyped-call]

    @property
    def is_alive(self) -> bool:
        """Whether it was not ended."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End it at once, as by a power cut."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@dataclass(slots=True)
class RunningCluster:
    """The nodes: the first of them were masters when it began."""

    servers: list[Server] = field(default_factory=list)
    masters: int = 0

    @property
    def url(self) -> str:
        """For NEWSFOLD_REDIS_URL."""
        return "redis+cluster://" + ",".join(f"127.0.0.1:{one.port}" for one in self.servers)

    def living_masters(self) -> list[Server]:
        """Those that have slots now."""
        return [one for one in self.servers if one.is_alive and _role(one) == "master" and _has_slots(one)]

    def owner(self, key: str) -> Server:
        """The master that has a key's slot."""
        return next(one for one in self.living_masters() if _has(one, key_slot(key.encode())))

    def wait_for_owner(self, key: str) -> None:
        """Until a living master has a key's slot, after another was killed."""
        _until(
            lambda: any(_has(one, key_slot(key.encode())) for one in self.living_masters()),
            f"nobody has {key}",
        )

    def move(self, key: str, to: Server, *, at_once: int = 10, pause: float = 0.0) -> int:
        """Move the slot of a key to another master, as a resharding does; returns how many keys went."""
        slot, source, moved = key_slot(key.encode()), self.owner(key), 0
        _ask(to, "CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        _ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", to.id)
        while names := _ask(source, "CLUSTER", "GETKEYSINSLOT", slot, at_once):
            _ask(source, "MIGRATE", "127.0.0.1", to.port, "", 0, 5_000, "KEYS", *names)
            moved += len(names)
            time.sleep(pause)
        for one in (to, source, *self.living_masters()):
            _ask(one, "CLUSTER", "SETSLOT", slot, "NODE", to.id)
        return moved

    def wait_until_up(self) -> None:
        """Until every living node says that all slots are served."""
        living = [one for one in self.servers if one.is_alive]
        _until(lambda: all(_is_ok(one) for one in living), "the cluster is not up")


@contextmanager
def running_cluster(
    masters: int = 3, replicas: int = 1, settings: Sequence[str] = (), password: str = ""
) -> Iterator[RunningCluster]:
    """Start one, and end it with all that it keeps; `settings` are words for every server, `password` the default user's."""
    folder = Path(tempfile.mkdtemp(prefix="nfc"))
    found = RunningCluster(masters=masters)
    try:
        for number in range(masters * (1 + replicas)):
            found.servers.append(_start(folder / str(number), settings, password))
        _join(found)
        yield found
    finally:
        for one in found.servers:
            if one.is_alive:
                one.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, settings: Sequence[str], password: str) -> Server:
    folder.mkdir(parents=True)
    port, binary = _free_port(), choose(folder, None)
    words: list[str | os.PathLike[str]] = [
        binary.path, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "",
        "--appendonly", "no", "--cluster-enabled", "yes", "--cluster-node-timeout", str(_FAILOVER_MS),
        "--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0", "--logfile", str(folder / "log"),
        *settings,
    ]  # fmt: skip
    process = subprocess.Popen(words, env=binary.environment(), stdout=subprocess.DEVNULL)
    one = Server(port, folder, process, redis.Redis(port=port, password=password or None, socket_timeout=10))
    _until(lambda: bool(one.client.ping()), f"no server at port {port}")
    return one


def _free_port() -> int:
    """A port that is free, and the one that the cluster's bus has 10,000 above it."""
    while True:
        with socket.socket() as one, socket.socket() as other, suppress(OSError, OverflowError):
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            other.bind(("127.0.0.1", port + 10_000))
            return port


def _join(found: RunningCluster) -> None:
    """Give the masters equal parts of the slots, and each its replicas."""
    masters, replicas = found.servers[: found.masters], found.servers[found.masters :]
    for number, one in enumerate(masters):
        first, after = (SLOTS * at // len(masters) for at in (number, number + 1))
        _ask(one, "CLUSTER", "ADDSLOTSRANGE", first, after - 1)
        _ask(one, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
    for one in found.servers[1:]:
        _ask(one, "CLUSTER", "MEET", "127.0.0.1", masters[0].port)
    everyone = len(found.servers)
    _until(lambda: all(_known(one) == everyone for one in found.servers), "the nodes did not meet")
    for number, one in enumerate(replicas):
        master = masters[number % len(masters)].id
        _until(partial(_ask, one, "CLUSTER", "REPLICATE", master), "a replica does not know its master")
    found.wait_until_up()
    _until(lambda: all(_follows(one) for one in replicas), "a replica does not follow its master")


def _ask(server: Server, *words: object) -> Any:
    return server.client.execute_command(*words)  # type: ignore[no-untyped-call]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _role(server: Server) -> str:
    return str(server.client.info("replication")["role"])


def _has_slots(server: Server) -> bool:
    return any(node == f"127.0.0.1:{server.port}" for node in _owners(server).values())


def _owners(server: Server) -> dict[tuple[int, int], str]:
    rows = _ask(server, "CLUSTER", "SLOTS")
    return {(first, last): f"{_text(host)}:{port}" for first, last, (host, port, *_), *_ in rows}


def _has(server: Server, slot: int) -> bool:
    own = f"127.0.0.1:{server.port}"
    return any(first <= slot <= last and node == own for (first, last), node in _owners(server).items())


def _known(server: Server) -> int:
    return int(_facts(server)["cluster_known_nodes"])


def _is_ok(server: Server) -> bool:
    return _facts(server)["cluster_state"] == "ok"


def _facts(server: Server) -> dict[str, str]:
    told = _text(_ask(server, "CLUSTER", "INFO"))
    return dict(line.split(":", 1) for line in told.splitlines() if ":" in line)


def _follows(server: Server) -> bool:
    return server.client.info("replication").get("master_link_status") == "up"


def _until(done: Callable[[], object], what: str) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        with suppress(RedisError, OSError):
            if done():
                return
        if time.monotonic() > end:
            raise RuntimeError(what)
        time.sleep(0.05)
