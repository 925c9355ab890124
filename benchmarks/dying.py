"""`newsfold` run again and again in processes forked from one that has loaded it, each killed before the N-th call to Redis.

So every moment between two calls can be tried, whatever the machine's speed, and a run costs what it does and not
what loading it takes. Only these processes are changed; the product has no hook. Pages are extracted in the
process itself, for starting another one takes longer than the crawl.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

ROOT = Path(__file__).parents[1]


class Dying:
    """The loaded process, for as long as it is used."""

    def __init__(self, env: Mapping[str, str]) -> None:
        words = [sys.executable, "-m", "benchmarks.dying"]
        self._process = subprocess.Popen(
            words, cwd=ROOT, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Dying:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(self, words: Sequence[str], moment: int, output: Path) -> tuple[int, int]:
        """Run the command, killed before that call; 0 lets it live. Returns its exit code and the calls it made."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([moment, list(words), str(output)]) + "\n")
        self._process.stdin.flush()
        code, calls = json.loads(self._process.stdout.readline())
        return code, calls


def _arm(moment: int, report: int) -> None:
    """Count the calls of this process, and kill it with SIGKILL before the one of that number."""
    from redis.connection import AbstractConnection

    send, lock, calls = AbstractConnection.send_packed_command, threading.Lock(), [0]

    def counting(self: AbstractConnection, command: Any, check_health: bool = True) -> None:
        with lock:
            calls[0] += 1
            if calls[0] == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            os.pwrite(report, b"%8d" % calls[0], 0)
        send(self, command, check_health)  # type: ignore[no-untyped-call]

    AbstractConnection.send_packed_command = counting  # type: ignore[method-assign]


def extract_here() -> None:
    """Have pages extracted in this process from now on, and load what that takes."""
    from crawler import pool

    pool._Lane.run = lambda _, job, timeout: job.run()  # type: ignore[assignment]  # noqa: ARG005
    import_module("crawler.warm")


def _load() -> None:
    for name in (
        "scrapy.crawler",
        "crawler.handlers",
        "crawler.middlewares",
        "newsfold.addon",
        "newsfold.cli",
        "crawler.spiders.feeds",
        "newsfold.ending",
        "newsfold.progress",
    ):
        import_module(name)
    import_module("pipelines.place")
    extract_here()


def _child(moment: int, words: Sequence[str], output: str, report: int) -> NoReturn:
    target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(target, descriptor)
    code = 1
    try:
        from newsfold.cli import main

        _arm(moment, report)
        sys.argv = ["newsfold", *words]
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _serve() -> None:
    _load()
    report = os.memfd_create("calls")
    for line in sys.stdin:
        moment, words, output = json.loads(line)
        os.pwrite(report, b"%8d" % 0, 0)
        child = os.fork()
        if not child:
            _child(moment, words, output, report)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        print(json.dumps([code, int(os.pread(report, 8, 0))]), flush=True)


if __name__ == "__main__":
    _serve()
