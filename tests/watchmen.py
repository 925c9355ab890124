"""A master, a replica and three sentinels on loopback, as processes of redis-server."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tests.redises import free_port, start

DOWN_MS = 700


@dataclass
class Watch:
    """The processes by port; the first of `servers` began as master."""

    folder: Path
    servers: tuple[int, int]
    sentinels: tuple[int, ...]
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)

    def url(self, *, scheme: str = "redis", users: str = "", tail: str = "", name: str = "news") -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinels)
        return f"{scheme}+sentinel://{users}{hosts}/{name}{tail}"

    def server(self, port: int) -> redis.Redis:
        """A client of one of the servers, without patience."""
        return redis.Redis(port=port, socket_timeout=2, retry=Retry(NoBackoff(), 0), **self.options)  # type: ignore[arg-type]

    def sentinel(self, port: int) -> redis.Redis:
        return redis.Redis(port=port, socket_timeout=2, decode_responses=True)

    def kill(self, port: int) -> None:
        """As a machine dies."""
        process = self.running.pop(port)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def master(self) -> int:
        """The port of the master, as the sentinels have it."""
        return int(
            self.sentinel(self.sentinels[0]).execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "news")[1]
        )


def until(holds: Callable[[], object], seconds: float = 20) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(RedisError):
            if holds():
                return
        time.sleep(0.02)
    raise TimeoutError


@contextmanager
def watched_over(
    *, servers: str = "", sentinels: str = "", of_master: str = "", replica: str = "", **options: object
) -> Iterator[Watch]:
    """A watch; settings of all servers, of all sentinels, of the sentinels about the master, of the replica alone."""
    ports = [free_port() for _ in range(5)]
    folder = Path(tempfile.mkdtemp(prefix="nf"))
    watch = Watch(folder, (ports[0], ports[1]), tuple(ports[2:]), options=dict(options))
    common = "repl-diskless-sync-delay 0\nrepl-ping-replica-period 1\nmin-replicas-max-lag 3\n" + servers
    try:
        for port in watch.servers:
            follows = f"replicaof 127.0.0.1 {ports[0]}\n{replica}" if port != ports[0] else ""
            listens = common.replace("PORT", str(port)) if "tls-port" in common else f"port {port}\n{common}"
            watch.running[port] = start(folder, port, f"appendonly no\n{listens}\n{follows}")
        until(lambda: watch.server(ports[0]).info("replication")["connected_slaves"] == 1)
        for port in watch.sentinels:
            text = (
                sentinels.replace("PORT", str(port))
                if "tls-port" in sentinels
                else f"port {port}\n{sentinels}"
            )
            about = (
                f"sentinel monitor news 127.0.0.1 {ports[0]} 2\nsentinel down-after-milliseconds news {DOWN_MS}\n"
                f"sentinel failover-timeout news 5000\n{of_master}"
            )
            watch.running[port] = start(folder, port, f"{text}\n{about}", "--sentinel")
        if "tls-port" not in sentinels and "requirepass" not in sentinels:
            until(lambda: all(_knows_all(watch.sentinel(port)) for port in watch.sentinels))
        yield watch
    finally:
        for process in watch.running.values():
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _knows_all(sentinel: redis.Redis) -> bool:
    found = sentinel.execute_command("SENTINEL MASTER", "news")
    return int(found["num-other-sentinels"]) == 2 and int(found["num-slaves"]) == 1
