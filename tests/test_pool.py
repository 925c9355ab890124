"""Workers: pages in order, one bad page at a time, nothing started early or left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from pathlib import Path

import pytest

import crawler.pool
from crawler.extract import ExtractError, extract_page, page_from_entry
from crawler.model import Entry, Page
from crawler.pool import Extractors, Job

BODY = (Path(__file__).parent / "data" / "pages" / "flood.html").read_bytes()
URL = "https://www.daily.example/news/flood"


class Deadly(Job):
    """A page that kills its worker; it is unpickled there, and runs there."""

    def run(self) -> Page:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


class Endless(Job):
    """A page that never ends."""

    def run(self) -> Page:
        time.sleep(600)
        raise AssertionError


class Faulty(Job):
    """A page that trips over a programming error."""

    def run(self) -> Page:
        raise ZeroDivisionError("in the worker")


def test_nothing_starts_before_the_first_page() -> None:
    before = threading.active_count()
    extractors = Extractors()
    assert extractors.workers == os.cpu_count()
    assert threading.active_count() == before
    extractors.close()
    with pytest.raises(RuntimeError, match="closed"):
        list(extractors.map([Job(BODY, URL)]))


@pytest.mark.slow
def test_an_entry_alone_is_read_in_a_worker_too() -> None:
    entry = Entry(
        key="k", link=URL, title="Flood", content_html="<p>The river rose.</p><p>Nobody was hurt.</p>"
    )
    with Extractors(1) as extractors:
        page = asyncio.run(extractors.extract(None, URL, entry=entry, feed_lang="en"))
    assert page == page_from_entry(entry, "en")
    assert page.source == "feed"


@pytest.mark.slow
def test_same_pages_in_order() -> None:
    urls = [f"{URL}/{number}" for number in range(6)]
    with Extractors(2) as extractors:
        pages = list(extractors.map(Job(BODY.replace(b"canonical", b""), url) for url in urls))
    assert [page.url for page in pages if isinstance(page, Page)] == urls
    assert pages[0] == extract_page(BODY.replace(b"canonical", b""), urls[0])


@pytest.mark.slow
def test_only_the_culprit_fails() -> None:
    """Death, time-out and errors each cost one page, in whatever lane, and the lane goes on."""
    jobs = [Job(BODY, URL), Deadly(b"", "dead"), Faulty(b"", "faulty"), Endless(b"", "slow"), Job(BODY, URL)]
    with Extractors(1, timeout=4.0) as extractors:
        found = list(extractors.map(jobs))
    assert [isinstance(page, ExtractError) for page in found] == [False, True, True, True, False]
    messages = [str(error) for error in found[1:4]]
    assert [message.split(":")[0] for message in messages] == ["dead", "faulty", "slow"]
    assert "died" in messages[0]
    assert "ZeroDivisionError: in the worker" in messages[1]
    assert "4 s" in messages[2]


@pytest.mark.slow
def test_with_an_event_loop() -> None:
    async def run() -> list[Page | BaseException]:
        with Extractors(1) as extractors:
            first = await extractors.extract(BODY, URL, feed_lang="en", outlet="family.example")
            assert first.outlet == "family.example"
            calls = (extractors.extract(BODY, f"{URL}?id={number}") for number in range(3))
            return list(await asyncio.gather(*calls, return_exceptions=True))

    assert all(isinstance(page, Page) for page in asyncio.run(run()))


@pytest.mark.slow
def test_an_interrupt_leaves_workers_alone() -> None:
    with Extractors(1) as extractors:
        assert isinstance(next(extractors.map([Job(BODY, URL)])), Page)
        process = extractors._lanes[0]._process
        assert process is not None
        assert process.pid is not None
        os.kill(process.pid, signal.SIGINT)
        assert isinstance(next(extractors.map([Job(BODY, URL)])), Page)
        assert extractors._lanes[0]._process is process
    assert extractors._lanes[0]._process is None


@pytest.mark.slow
def test_workers_are_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawler.pool, "PAGES_A_WORKER", 1)
    with Extractors(1) as extractors:
        assert isinstance(next(extractors.map([Job(BODY, URL)])), Page)
        first = extractors._lanes[0]._process
        assert isinstance(next(extractors.map([Job(BODY, URL)])), Page)
        assert extractors._lanes[0]._process is not first
