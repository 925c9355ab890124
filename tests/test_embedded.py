"""The embedded server, with real servers: what may be killed, raced or in the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from storage import embedded
from storage import probe as probing
from storage.datadir import DataDir
from storage.embedded import EmbeddedServer
from storage.errors import ServerUnavailable
from storage.probe import Answer
from tests.timing import within

ROOT = Path(__file__).parents[1]
STARTER = """
import sys
from pathlib import Path
from storage.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
print(server.ensure(), server.status().pid)
"""

MakeServer = Callable[[Path], EmbeddedServer]


@pytest.fixture
def make() -> Iterator[MakeServer]:
    """Servers that are stopped when the test ends, whatever it did to them."""
    homes: list[Path] = []

    def server_of(home: Path) -> EmbeddedServer:
        homes.append(home)
        return EmbeddedServer(home)

    yield server_of
    for home in homes:
        with suppress(OSError, ValueError):
            os.killpg(int((home / "redis" / "redis.pid").read_text()), signal.SIGCONT)
        with suppress(ServerUnavailable):
            EmbeddedServer(home).stop()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def server(make: MakeServer, home: Path) -> EmbeddedServer:
    return make(home)


def client_of(url: str) -> closing[redis.Redis]:
    return closing(redis.Redis.from_url(url))


def pid_of(server: EmbeddedServer) -> int:
    pid = server.status().pid
    assert pid is not None
    return pid


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    assert condition()


def kill(server: EmbeddedServer) -> None:
    """kill -9, and wait until the kernel has taken the server's files back."""
    os.kill(pid_of(server), signal.SIGKILL)
    wait_until(lambda: not server.status().running)


def ended(pid: int) -> bool:
    """Whether the process runs no more; whoever adopts it may take a while to bury it."""
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
    return not state or state.startswith("Z")


def test_starts_is_shared_and_stops(server: EmbeddedServer, home: Path) -> None:
    assert not server.status().running
    assert not home.exists(), "asking makes nothing"
    url = server.ensure()
    with client_of(url) as client:
        client.set("key", "value")
    pid = pid_of(server)
    assert EmbeddedServer(home).ensure() == url
    assert pid_of(server) == pid
    assert server.stop()
    assert ended(pid)
    assert not server.stop()
    assert not server.status().running


def test_status_says_what_runs(server: EmbeddedServer, home: Path) -> None:
    with client_of(server.ensure()) as client:
        client.mset({"a": "1", "b": "2"})
    status = server.status()
    assert (status.running, status.loading, status.keys) == (True, False, 2)
    assert status.flavour == "valkey"
    assert status.version is not None
    assert status.version.count(".") == 2
    assert status.memory_bytes
    assert status.data_bytes > 0
    assert status.log.read_text()
    server.stop()
    after = server.status()
    assert (after.flavour, after.version) == (status.flavour, status.version)
    assert after.data_bytes > 0
    assert after.pid is None


@pytest.mark.slow
def test_twenty_starters_make_one_server(server: EmbeddedServer, home: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(home)]
    starters = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(20)
    ]
    ends = [(starter.communicate(timeout=60), starter.returncode) for starter in starters]
    assert {code for _, code in ends} == {0}, ends
    assert len({out for (out, _), _ in ends}) == 1
    assert server.status().log.read_text().count("Ready to accept connections") == 1
    # Those who started it have ended, and it lives in a session of its own.
    pid = pid_of(server)
    assert os.getsid(pid) == pid


def test_acknowledged_writes_survive_a_stop(server: EmbeddedServer) -> None:
    acknowledged = 0
    url = server.ensure()

    def write() -> None:
        nonlocal acknowledged
        with (
            closing(redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0))) as client,
            suppress(redis.RedisError),
        ):
            while True:
                acknowledged = int(client.incr("count"))

    writer = threading.Thread(target=write)
    writer.start()
    wait_until(lambda: acknowledged > 50)
    assert server.stop()
    writer.join()
    with client_of(server.ensure()) as client:
        assert int(client.get("count") or 0) >= acknowledged > 0


def test_kill_nine_loses_nothing(server: EmbeddedServer) -> None:
    for expected in (1, 2, 3):
        with client_of(server.ensure()) as client:
            assert client.incr("count") == expected
        kill(server)
        assert not server.status().running


def test_a_stale_pid_file_means_nothing(server: EmbeddedServer, home: Path) -> None:
    server.ensure()
    kill(server)
    assert server.status().socket.is_socket(), "it is stale, too"
    # After a reboot the number belongs to somebody else; here, to this very test.
    (home / "redis" / "redis.pid").write_text(str(os.getpid()))
    assert not server.stop()
    assert server.status().pid is None
    server.ensure()
    assert pid_of(server) != os.getpid()


@pytest.mark.slow
def test_a_hanging_server_gets_no_second_one_and_can_be_stopped(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.ensure()
    pid = pid_of(server)
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(probing, "PROBE_SECONDS", 0.1)
    monkeypatch.setattr(embedded, "START_SECONDS", 0.2)
    monkeypatch.setattr(embedded, "STOP_SECONDS", {None: 0.2, signal.SIGTERM: 0.2, signal.SIGKILL: 5.0})
    with pytest.raises(ServerUnavailable, match=rf"pid {pid}\) holds .* but does not answer"):
        server.ensure()
    assert server.status().running
    assert server.stop()
    assert ended(pid)


def test_a_start_waits_for_a_stop(server: EmbeddedServer) -> None:
    first = server.ensure() and pid_of(server)
    stopper = threading.Thread(target=server.stop)
    stopper.start()
    while server.status().pid == first:
        time.sleep(0.001)
    with client_of(server.ensure()) as client:
        assert client.ping()
    stopper.join()
    assert pid_of(server) != first


def test_a_server_that_is_stopped_as_it_comes_up_is_started_again(
    server: EmbeddedServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def probe(socket: Path) -> Answer | None:
        nonlocal calls
        calls += 1
        if calls == 2:  # the start has been made, and nobody has seen its success
            wait_until(lambda: probing.probe(socket) is not None)
            os.kill(int((home / "redis" / "redis.pid").read_text()), signal.SIGKILL)
            wait_until(lambda: not DataDir(home).held())
        return probing.probe(socket)

    monkeypatch.setattr(embedded, "probe", probe)
    with client_of(server.ensure()) as client:
        assert client.ping()
    assert server.status().log.read_text().count("Ready to accept connections") == 2


def test_a_server_that_reads_its_data_is_waited_for(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([Answer(loading=True), Answer(loading=True), Answer()])
    monkeypatch.setattr(embedded, "probe", lambda socket: next(answers))
    server.ensure()
    assert next(answers, None) is None
    monkeypatch.setattr(embedded, "probe", lambda socket: Answer(loading=True))
    monkeypatch.setattr(embedded, "LOAD_SECONDS", 0.02)
    with pytest.raises(ServerUnavailable, match="still reading its data"):
        server.ensure()


def test_probing_nobody_takes_milliseconds(tmp_path: Path) -> None:
    assert within(0.2, lambda: probing.probe(tmp_path / "none.sock"), time.monotonic) is None
