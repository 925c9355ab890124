"""Ingesting from several files by several processes: the same groups, nothing lost, taken up where it ended."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import termios
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import redis

from newsfold.intake.files import LINES, sources
from newsfold.intake.ledger import Ledger
from storage.embedded import EmbeddedServer
from storage.keys import Keys
from storage.positions import Position, Positions
from tests.running import Done, run

SYLLABLES = ("ka", "lo", "mer", "sun", "tiv", "ar", "den", "pol", "gri", "sha", "vo", "nek")


def texts(count: int, seed: int = 1) -> list[str]:
    """Invented texts that have nothing in common."""
    draw = random.Random(seed)
    return [
        " ".join("".join(draw.choices(SYLLABLES, k=3)) for _ in range(40)).capitalize() + "."
        for _ in range(count)
    ]


def rows(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Texts, each followed by a reprint of another outlet; every tenth line names no article and comes twice."""
    made: list[dict[str, Any]] = []
    for number, text in enumerate(texts(count, seed)):
        made.append(
            {"id": f"{seed}-{number}", "text": text, "lang": "en", "outlet": f"o{number % 7}.example"}
        )
        made.append(
            {**made[-1], "id": f"{seed}-{number}-b", "outlet": "b.example", "text": text + " Reprint."}
        )
        if number % 10 == 0:
            made += [{"text": f"{text} Unnamed.", "lang": "en"}] * 2
    return made


def write(path: Path, given: Sequence[dict[str, Any] | str]) -> Path:
    lines = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in given).encode()
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    return path


def start(home: Path, *words: str | Path, **env: str) -> subprocess.Popen[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("NEWSFOLD_")}
    return subprocess.Popen(
        [sys.executable, "-m", "newsfold", *map(str, words)],
        env={**clean, "NEWSFOLD_HOME": str(home), "NEWSFOLD_INDEX_SEED": "test", **env},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ingest(home: Path, *words: str | Path, code: int = 0) -> tuple[dict[str, int], str]:
    """A whole run: here where it needs no processes of its own."""
    if "--processes" in words:
        process = start(home, "ingest", "--json", *words)
        out, err = process.communicate(timeout=100)
        done = Done(process.returncode, out, err)
    else:
        done = run(home, "ingest", "--json", *map(str, words), NEWSFOLD_INDEX_SEED="test")
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return (json.loads(done.stdout) if done.stdout else {}), done.stderr


def groups(home: Path) -> set[frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in run(home, "export").stdout.splitlines():
        found[(row := json.loads(line))["group"]].add(row["id"])
    return {frozenset(ids) for ids in found.values()}


def wait_for_positions(home: Path, lines: int) -> None:
    """Until a run has remembered that so many lines are placed."""
    socket, end = EmbeddedServer(home).status().socket, time.monotonic() + 60
    with redis.Redis(unix_socket_path=str(socket)) as client:
        while time.monotonic() < end:
            names = [key for key in client.keys("newsfold:ingested:*") if not key.endswith(b":lines")]
            if sum(json.loads(client.get(name) or "{}").get("lines", 0) for name in names) >= lines:
                return
            time.sleep(0.01)
    raise AssertionError("nothing was placed")


def children(pid: int) -> list[int]:
    """The placing processes of a command."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in found if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


def alive(pids: Sequence[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def wait_until_read(pipe: int) -> None:
    """Until nothing that was written is left in a pipe, and for so long as the lines of one read may take."""
    end = time.monotonic() + 60
    while int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder):
        assert time.monotonic() < end
        time.sleep(0.01)
    time.sleep(1)


@pytest.fixture
def running(home: Path) -> Path:
    """A data folder whose server runs."""
    EmbeddedServer(home).ensure()
    return home


class TestLedger:
    def ledger(self, client: redis.Redis, *, again: bool = False) -> tuple[Ledger, Positions, list[str]]:
        told: list[str] = []
        positions = Positions(client, Keys(), 60)
        return Ledger(positions, told.append, lambda _: None, again=again), positions, told

    def test_a_position_goes_forward_over_what_is_placed(self, client: redis.Redis) -> None:
        ledger, positions, _ = self.ledger(client)
        assert ledger.begin("a", "key") == Position()
        for chunk in (1, 2, 3):
            ledger.hand_out("a", chunk, 10, 100 * chunk)
            ledger.number(chunk, [])
        ledger.done(2)
        assert (ledger.out, positions.read("key")) == (3, Position())
        ledger.done(1)
        assert (ledger.out, positions.read("key")) == (1, Position(200, 20))
        ledger.end("a")
        assert not positions.read("key").whole
        ledger.done(3)
        assert positions.read("key") == Position(300, 30, whole=True)
        assert 0 < client.ttl(Keys().ingested("key")) <= 60

    def test_equal_lines_are_numbered_in_the_order_of_the_file(self, client: redis.Redis) -> None:
        ledger, positions, _ = self.ledger(client)
        ledger.begin("a", "key")
        one, two = b"1" * 8, b"2" * 8
        for chunk in (1, 2, 3):
            ledger.hand_out("a", chunk, 10, 100 * chunk)
        assert ledger.number(2, [one, two, one]) == {}
        assert ledger.unread == 2
        assert ledger.number(1, [one]) == {1: [1], 2: [2, 1, 3]}
        ledger.done(1)
        ledger.done(2)
        assert positions.read("key") == Position(200, 20, 4)
        after, _, _ = self.ledger(client)
        assert after.begin("a", "key") == Position(200, 20, 4)
        after.hand_out("a", 1, 10, 300)
        assert after.number(1, [two, one]) == {1: [2, 4]}

    def test_again_forgets(self, client: redis.Redis) -> None:
        _, positions, _ = self.ledger(client)
        positions.write("key", Position(5, 1, whole=True), [])
        ledger, _, told = self.ledger(client, again=True)
        assert ledger.begin("a", "key") == Position()
        ledger.hand_out("a", 1, 1, 5)
        ledger.bad(1, 7, "why")
        assert told == ["a, line 7: why; skipped"]
        assert ledger.skipped == 1


def test_sources_are_told_apart(tmp_path: Path) -> None:
    one, two = write(tmp_path / "1", ["x"]), write(tmp_path / "2", ["x"])
    found = sources([str(one), str(two), str(one), "-"])
    assert [source.name for source in found] == [str(one), str(two), "-"]
    assert found[0].key != found[1].key
    assert found[2].key == ""
    before = found[0].key
    write(one, ["x", "y"])
    assert sources([str(one)])[0].key != before


@pytest.mark.slow
class TestIngest:
    def test_several_processes_make_the_groups_of_one(self, tmp_path: Path, running: Path) -> None:
        given = rows(250)
        files = [
            write(tmp_path / "large.jsonl", given[:400]),
            write(tmp_path / "packed.jsonl.gz", given[400:]),
            *(write(tmp_path / f"{n}.jsonl", [*rows(5, n), "{bad"]) for n in range(2, 8)),
        ]
        found, err = ingest(running, *files, "--processes", "3")
        assert (found["read"], found["skipped"]) == (len(given) + 6 * len(rows(5)), 6)
        assert [err.count(f"{n}.jsonl, line {len(rows(5, n)) + 1}: it is not JSON") for n in range(2, 8)] == [
            1
        ] * 6
        many = groups(running)
        with redis.Redis(unix_socket_path=str(EmbeddedServer(running).status().socket)) as client:
            client.flushall()
        assert ingest(running, *files)[0] == found
        assert groups(running) == many

    def test_a_file_is_read_once_until_it_changes(self, tmp_path: Path, running: Path) -> None:
        file = write(tmp_path / "a.jsonl.gz", rows(20))
        total = len(rows(20))
        assert ingest(running, file)[0]["read"] == total
        assert ingest(running, file)[0] == {"read": 0, "skipped": 0, "before": total}
        assert ingest(running, file, "--again")[0] == {
            "read": total,
            "skipped": 0,
            "before": 0,
            "unchanged": total,
        }
        write(file, rows(21))
        found, _ = ingest(running, file, "--processes", "2")
        assert (found["before"], found["unchanged"], found["read"]) == (0, total, len(rows(21)))

    @pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
    @pytest.mark.parametrize("processes", ["1", "2"])
    def test_killed_and_run_again(self, tmp_path: Path, running: Path, name: str, processes: str) -> None:
        given = rows(700)
        file = write(tmp_path / name, given)
        several = ["--processes", processes] if processes != "1" else []
        process = start(running, "ingest", file, *several)
        wait_for_positions(running, 3 * LINES)
        beside = children(process.pid)
        process.kill()
        process.communicate()
        found, _ = ingest(running, file, *several)
        assert found["before"] >= 3 * LINES
        assert found["before"] + found["read"] == len(given)
        assert found.get("unchanged", 0) <= (8 * int(processes) + 1) * LINES
        assert not alive(beside)
        sizes = Counter(map(len, groups(running)))
        assert sizes == {
            2: 630,
            4: 70,
        }  # a text, its reprint, and of every tenth two lines that name no article

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_told_to_end(self, tmp_path: Path, running: Path, number: signal.Signals) -> None:
        given = rows(700)
        file = write(tmp_path / "a.jsonl", given)
        process = start(running, "ingest", file, "--json", "--processes", "2")
        wait_for_positions(running, LINES)
        beside, begin = children(process.pid), time.monotonic()
        for pid in (process.pid, *beside):  # as a terminal and a service do
            os.kill(pid, number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, time.monotonic() - begin < 10) == (128 + number, True), err
        assert "what was read is stored, run it again" in err
        assert not alive(beside)
        after, _ = ingest(running, file, "--processes", "2")
        assert after["before"] == json.loads(out)["read"]
        assert "unchanged" not in after
        assert after["before"] + after["read"] == len(given)

    def test_one_process_dies(self, tmp_path: Path, running: Path) -> None:
        given = rows(700)
        file = write(tmp_path / "a.jsonl", given)
        process = start(running, "ingest", file, "--json", "--processes", "2")
        wait_for_positions(running, LINES)
        os.kill(children(process.pid)[0], signal.SIGKILL)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 2
        assert err == (
            "newsfold: an ingesting process was killed (SIGKILL), perhaps for want of memory; "
            "what was placed is stored, run it again for the rest\n"
        )
        after, _ = ingest(running, file)
        assert after["before"] > 0
        assert after["before"] + after["read"] == len(given)
        assert json.loads(out)["read"] < len(given)
        assert Counter(map(len, groups(running))) == {2: 630, 4: 70}

    def test_what_was_read_from_a_pipe_is_stored(self, running: Path) -> None:
        given = rows(100)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("NEWSFOLD_")}
        for processes in ("1", "2"):
            reading, writing = os.pipe()
            process = subprocess.Popen(
                [sys.executable, "-m", "newsfold", "ingest", "-", "--json", "--processes", processes],
                env={**clean, "NEWSFOLD_HOME": str(running)},
                stdin=reading, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            os.write(writing, "".join(json.dumps(row) + "\n" for row in given).encode())
            wait_until_read(reading)
            process.terminate()
            out, err = process.communicate(timeout=20)
            os.close(writing), os.close(reading)
            assert process.returncode == 143, err
            assert json.loads(out)["read"] == len(given)

    @pytest.mark.parametrize("processes", ["1", "2"])
    def test_damage_ends_one_file(self, tmp_path: Path, running: Path, processes: str) -> None:
        broken = write(tmp_path / "a.jsonl.gz", rows(300))
        broken.write_bytes(broken.read_bytes()[:-3000])
        spoilt = write(tmp_path / "b.jsonl.gz", rows(300, 2))
        content = bytearray(spoilt.read_bytes())
        content[len(content) // 2 : len(content) // 2 + 50] = bytes(50)
        spoilt.write_bytes(bytes(content))
        good = write(tmp_path / "c.jsonl", rows(30, 3))
        several = ["--processes", processes] if processes != "1" else []
        found, err = ingest(running, broken, spoilt, good, *several, code=2)
        assert f"{broken} is damaged" in err
        assert f"{spoilt} is damaged" in err
        assert found["read"] > len(rows(30)) + len(rows(200))
        after, _ = ingest(running, broken, spoilt, good, *several, code=2)
        assert (after["read"], after["before"]) == (0, found["read"] + found["skipped"])

    def test_a_file_that_is_not_there_ends_it_at_once(self, tmp_path: Path, running: Path) -> None:
        good = write(tmp_path / "a.jsonl", rows(1))
        found, err = ingest(running, good, tmp_path / "none", code=2)
        assert found == {}
        assert err == f"newsfold: {tmp_path / 'none'} cannot be read: No such file or directory\n"
