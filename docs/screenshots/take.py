"""Takes the pictures in this folder: `make screenshots`. The demo newsroom fills the pages."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from storage.embedded import EmbeddedServer
from tests.browsing import chromium, looking, newsfold, serving

HERE = Path(__file__).parent
PHONE, DESK = (390, 844), (1280, 860)


def main() -> None:
    """Crawl the demo newsroom, serve it, and take each picture."""
    with tempfile.TemporaryDirectory(prefix="nfs") as folder:
        home = Path(folder)
        newsfold(home, "demo")
        demo = home / "demo"
        try:
            stories = json.loads(newsfold(demo, "stories", "--json"))
            ferry, bank = (
                next(story["id"] for story in stories if words in story["headline"])
                for words in ("Ferry aground", "Fellmoor bank")
            )
            with serving(demo) as address, chromium() as browser:
                _take(browser, address, "front")
                _take(browser, address, "front-dark", dark=True)
                _take(browser, address, "front-phone", size=PHONE)
                _take(browser, f"{address}/story/{ferry}", "story")
                _take(browser, f"{address}/story/{bank}#against", "passages")
                _take(browser, f"{address}/feeds", "feeds")
        finally:
            EmbeddedServer(demo).stop()


def _take(
    browser: Browser, address: str, name: str, *, size: tuple[int, int] = DESK, dark: bool = False
) -> None:
    with looking(browser, width=size[0], height=size[1], dark=dark) as page:
        page.goto(address)
        page.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    main()
