"""Extraction in worker processes: one page cannot stop the others, nor the event loop.

Every worker is a lane of its own, a process and a pipe with at most one page in it. So a crash or
a timeout has exactly one culprit, and only that lane is started anew. (A shared ProcessPoolExecutor
breaks for all pages in flight, and its public interface cannot end a worker that hangs.)
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import multiprocessing
import os
import queue
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Self

from crawler.extract import ExtractError, extract_page, page_from_entry
from crawler.markup import MAX_BYTES
from crawler.model import Entry, Page

TIMEOUT_SECONDS = 20.0
# Importing trafilatura and loading the language model; slow on a loaded machine, and not the page's fault.
START_SECONDS = 60.0
# Parsers leak a little: a worker is replaced now and then.
PAGES_A_WORKER = 5_000

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """The arguments of one `extract_page`, or without a body of one `page_from_entry`."""

    body: bytes | None
    url: str
    content_type: str = ""
    entry: Entry | None = None
    feed_lang: str = ""
    outlet: str = ""

    def run(self) -> Page:
        """Extract here and now, in this process."""
        if self.body is None:
            return page_from_entry(self.entry or Entry(key="", link=self.url), self.feed_lang, self.outlet)
        return extract_page(
            self.body,
            self.url,
            content_type=self.content_type,
            entry=self.entry,
            feed_lang=self.feed_lang,
            outlet=self.outlet,
        )


class Extractors:
    """Extracts pages in at most `workers` processes (as many as cores); none runs before the first page."""

    def __init__(self, workers: int | None = None, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._timeout = timeout
        self._threads: ThreadPoolExecutor | None = None
        self._idle: queue.LifoQueue[_Lane] = queue.LifoQueue()
        self._lanes: list[_Lane] = []
        self._lock = threading.Lock()
        self._closed = False

    async def extract(
        self,
        body: bytes | None,
        url: str,
        *,
        content_type: str = "",
        entry: Entry | None = None,
        feed_lang: str = "",
        outlet: str = "",
    ) -> Page:
        """`extract_page`, or `page_from_entry` without a body, in a worker; raises `ExtractError` when the worker dies of it or takes too long."""
        job = Job(body and body[:MAX_BYTES], url, content_type, entry, feed_lang, outlet)
        return await asyncio.wrap_future(self._submit(job))

    def map(self, jobs: Iterable[Job]) -> Iterator[Page | ExtractError]:
        """Pages in the order of their jobs, an `ExtractError` in the place of each that failed.

        Reads only a few jobs ahead of what is taken from it.
        """
        ahead: deque[Future[Page]] = deque()
        for job in jobs:
            ahead.append(self._submit(job))
            if len(ahead) > 2 * self.workers:
                yield _outcome(ahead.popleft())
        while ahead:
            yield _outcome(ahead.popleft())

    def close(self) -> None:
        """End the workers; pages that wait are given up, those being extracted are finished first."""
        with self._lock:
            self._closed = True
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=True, cancel_futures=True)
        for lane in self._lanes:
            lane.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _submit(self, job: Job) -> Future[Page]:
        with self._lock:
            if self._closed:
                raise RuntimeError("these extractors are closed")
            if self._threads is None:
                # The threads only wait for their lane; a pool starts them as it needs them.
                self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="extract")
            return self._threads.submit(self._run, job)

    def _run(self, job: Job) -> Page:
        lane = self._take()
        try:
            return lane.run(job, self._timeout)
        finally:
            self._idle.put(lane)

    def _take(self) -> _Lane:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            lane = _Lane()
            with self._lock:
                self._lanes.append(lane)
            return lane


class _Lane:
    """One worker process, started when it has a page and started anew after it failed."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._left = 0

    def run(self, job: Job, timeout: float) -> Page:
        pipe = self._started()
        try:
            pipe.send(job)
            if not pipe.poll(timeout):
                raise ExtractError(f"{job.url}: no text after {timeout:g} s, given up")
            answer = pipe.recv()
        except (EOFError, OSError) as error:
            self.stop()
            raise ExtractError(f"{job.url}: the extracting process died of it") from error
        except ExtractError:
            self.stop()
            raise
        if isinstance(answer, Page):
            return answer
        raise ExtractError(f"{job.url}: extraction failed: {answer}")

    def stop(self) -> None:
        """End the process at once; it holds nothing that could be lost."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        self._pipe = self._process = None

    def _started(self) -> Connection:
        self._left -= 1
        if self._left < 0 or self._process is None or not self._process.is_alive():
            self.stop()
        if self._pipe is None:
            self._start()
        assert self._pipe is not None  # noqa: S101 - for the type checker
        return self._pipe

    def _start(self) -> None:
        context = _context()
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), name="newsfold-extract", daemon=True)
        self._process.start()
        theirs.close()
        self._left = PAGES_A_WORKER - 1  # the page that it is started for is one of them
        if not self._pipe.poll(START_SECONDS):
            self.stop()
            raise ExtractError(f"an extracting process did not start within {START_SECONDS:g} s")
        self._pipe.recv()


def _context() -> ForkServerContext | SpawnContext:
    """How workers start: forked from a process that has loaded what they need, where a fork after that is sound.

    Not from this one: a fork of a process with threads and an event loop may inherit a locked lock. On macOS system
    libraries do not bear a fork; there every worker loads for itself.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["crawler.warm"])
    return context


def _serve(pipe: Connection) -> None:
    """The worker: pages until the pipe closes. An interrupt at the terminal is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    importlib.import_module("crawler.warm")
    pipe.send("ready")
    while True:
        try:
            job: Job = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            pipe.send(job.run())
        except BrokenPipeError:
            return
        except Exception as error:
            pipe.send("".join(traceback.format_exception(error))[-2000:])


def _outcome(future: Future[Page]) -> Page | ExtractError:
    try:
        return future.result()
    except ExtractError as error:
        return error
