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
            (ferry,) = (
                story["id"]
                for story in json.loads(newsfold(demo, "stories", "--json"))
                if "Ferry aground" in story["headline"]
            )
            with serving(demo) as address, chromium() as browser:
                _take(browser, address, "front")
                _take(browser, address, "front-dark", dark=True)
                _take(browser, address, "front-phone", size=PHONE)
                _take(browser, f"{address}/story/{ferry}", "story")
                _take(browser, f"{address}/story/{ferry}", "passages", part=".against")
                _take(browser, f"{address}/feeds", "feeds")
        finally:
            EmbeddedServer(demo).stop()


def _take(
    browser: Browser,
    address: str,
    name: str,
    *,
    size: tuple[int, int] = DESK,
    dark: bool = False,
    part: str = "",
) -> None:
    """One picture: of what the window shows, or of a part of the page."""
    with looking(browser, width=size[0], height=size[1], dark=dark) as page:
        page.goto(address)
        shown = page.locator(part) if part else page
        shown.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    main()
