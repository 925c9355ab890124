"""A filled site and a browser to look at it: `newsfold serve` over the demo newsroom and some hard cases."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from storage.connect import connect
from storage.reader import Reader

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
_FLAGS = "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync"
HOSTILE = "<img src=x onerror=alert(1)> \x1b[31mred\x1b[0m \u202egnp.exe\u202c " + "Donaudampfschiff" * 30
ARABIC = "العبارة «نورثرن بيرل» تجنح في الضباب قبالة هاروموث"
WIRE = (
    "The river Ellow left its bed on Tuesday night and stood a metre high in the streets of Lower Marsh. "
    "Some nine thousand people spent the night in schools and churches, the county said, and the bridge at "
    "Fenwick was closed after a barge broke loose and struck its middle pier. Nobody was hurt. Engineers will "
    "look at the bridge on Thursday, when the water is expected to have fallen by half."
)


def newsfold(home: Path, *words: str, stdin: str = "") -> str:
    """What the command prints; CalledProcessError where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "newsfold", "--home", str(home), *words], input=stdin, capture_output=True, text=True, check=True
    )  # fmt: skip
    return done.stdout


def hard_cases(now: datetime) -> str:
    """Lines to ingest: a text that 210 outlets print, headlines that would break a page, a language from the right."""
    lines: list[dict[str, Any]] = [
        {
            "title": "Ellow floods Lower Marsh" if n % 7 else f"Flood in Lower Marsh, part {n}",
            "text": WIRE,
            "outlet": f"paper{n:03}.example",
            "url": f"https://paper{n:03}.example/flood",
            "lang": "en",
            "published": (now - timedelta(minutes=5 * n)).isoformat(),
        }
        for n in range(210)
    ]
    lines.append({"title": "A headline to be replaced", "text": "A text <b>with</b> markup. " * 9, "outlet": "<i>evil</i>.example", "url": "javascript:alert(1)", "lang": "en"})  # fmt: skip
    lines.append({"title": ARABIC, "text": "توقفت العبارة قرب الميناء بسبب الضباب الكثيف صباح اليوم. " * 5, "outlet": "almina.example", "url": "https://almina.example/1", "lang": "ar"})  # fmt: skip
    return "\n".join(map(json.dumps, lines))


def spoil(home: Path) -> None:
    """Write into Redis what no crawl would: a headline with everything in it that could break a page."""
    with connect(None, home) as client:
        reader = Reader(client)
        (story,) = (story for story in reader.stories() if story.headline.startswith("A headline to be"))
        client.hset(f"newsfold:story:{story.id}", "headline", HOSTILE)
        client.hset(f"newsfold:article:{story.representative}", "title", HOSTILE)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """`newsfold serve` over a data folder; its address, with no slash at the end."""
    port = free_port()
    command = [sys.executable, "-m", "newsfold", "--home", str(home), "serve", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _await(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _await(address: str) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this machine, which finds no host but this one."""
    with sync_playwright() as driver:
        flags = [*_FLAGS.split(), "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@contextmanager
def looking(browser: Browser, *, width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[Page]:
    """A page of that size; it fails at its end where anything was asked of another machine or the console complained."""
    scheme = "dark" if dark else "light"
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page, asked, said = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        yield page
        elsewhere = [url for url in asked if not url.startswith(("http://127.0.0.1:", "file:///"))]
        assert (elsewhere, said) == ([], [])
    finally:
        context.close()


def now() -> datetime:
    """The time of the run."""
    return datetime.now(UTC)
