"""The pages in a real browser: they open, filter and lead on, nothing leaves the machine, axe finds no serious fault."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

if importlib.util.find_spec("playwright") is None:
    pytest.skip("playwright is not installed (requirements-dev.txt)", allow_module_level=True)

from playwright.sync_api import Browser, Page, expect

from storage.connect import connect
from storage.embedded import EmbeddedServer
from storage.reader import Reader
from tests.browsing import ARABIC, CHROMIUM, chromium, hard_cases, looking, newsfold, now, serving, spoil

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="there is no chromium here (Debian: apt-get install chromium)"),
]
PHONE, DESK = 360, 1280
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Site:
    """A running site: its address, and the addresses of its kinds of pages."""

    address: str
    story: str
    report: str

    def pages(self) -> dict[str, str]:
        """One page of each kind."""
        return {
            "front": self.address, "story": self.story, "feeds": f"{self.address}/feeds",
            "none": f"{self.address}/?words=zzz", "report": self.report,
        }  # fmt: skip


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The demo newsroom, a feed that is broken, and hard cases."""
    with tempfile.TemporaryDirectory(prefix="nfb") as folder:
        home = Path(folder)
        newsfold(home, "demo")
        demo = home / "demo"
        try:
            newsfold(demo, "ingest", "-", stdin=hard_cases(now()))
            spoil(demo)
            broken = home / "broken.txt"
            broken.write_text("http://127.0.0.1:9/feed.xml\n")
            newsfold(demo, "feeds", "import", str(broken))
            with pytest.raises(subprocess.CalledProcessError):
                newsfold(demo, "crawl")
            report = home / "front.html"
            newsfold(demo, "report", "-o", str(report), "--most", "4")
            with connect(None, demo) as client:
                stories = Reader(client).stories()
            # Which texts meet in a story depends on the order in which they come: any story with several and reprints.
            most = max((s for s in stories if s.articles > s.groups), key=lambda s: (s.groups, s.articles))
            assert most.groups > 1
            with serving(demo) as address:
                yield Site(address, f"{address}/story/{most.id}", report.as_uri())
        finally:
            EmbeddedServer(demo).stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all."""
    with chromium() as found:
        yield found


def test_front_page_filters_and_leads_to_a_story(site: Site, browser: Browser) -> None:
    with looking(browser) as page:
        page.goto(site.address)
        expect(page.locator("article.story h2").first).to_contain_text("Lower Marsh")
        page.get_by_role("navigation", name="Languages").get_by_role(
            "link", name=re.compile("^French")
        ).click()
        assert {h.get_attribute("lang") for h in page.locator("article.story h2").all()} == {"fr"}
        page.get_by_role("link", name="All languages").click()
        page.get_by_label("Words", exact=True).fill("ferry harrowmouth")
        page.get_by_label("Outlets, at least").fill("5")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"words=ferry\+harrowmouth"))
        assert page.locator("article.story").count() == 1
        expect(page.get_by_role("status")).to_contain_text("1 story")
        page.locator("article.story h2 a").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ferry aground")


def test_filters_of_outlet_time_and_order(site: Site, browser: Browser) -> None:
    with looking(browser) as page:
        page.goto(site.address)
        page.get_by_label("Outlet", exact=True).fill("almina.example")
        page.get_by_label("Time", exact=True).select_option("24h")
        page.get_by_label("Order", exact=True).select_option("latest")
        page.get_by_role("button", name="Show").click()
        heading = page.locator("article.story h2")
        expect(heading).to_have_text(ARABIC)
        assert (heading.get_attribute("lang"), heading.get_attribute("dir")) == ("ar", "rtl")
        assert heading.evaluate("e => getComputedStyle(e).direction") == "rtl"
        page.get_by_role("link", name="Show all").click()
        page.wait_for_url(f"{site.address}/")


def test_a_story_shows_its_texts_against_each_other(site: Site, browser: Browser) -> None:
    with looking(browser) as page:
        page.goto(site.story)
        assert page.locator(".timeline figcaption + svg circle.origin").count() > 1
        page.locator("details.reprints summary").first.click()
        page.locator("details.reprints a[href^='?a=']").first.click()
        page.wait_for_url(re.compile(r"\?a=\w+&b=\w+#against"))
        assert page.locator(".passages mark").count() >= 2
        page.get_by_text("Both texts whole").click()
        assert page.locator(".running mark").count() >= 2


def test_a_story_leads_to_the_same_event_in_other_languages(site: Site, browser: Browser) -> None:
    with looking(browser) as page:
        page.goto(site.address)
        other = page.locator(".tongues a:not([lang=en])").first
        lang, headline = other.get_attribute("lang"), other.inner_text()
        other.click()
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text(headline)
        expect(heading).to_have_attribute("lang", lang or "")


def test_the_keyboard_reaches_the_stories_at_once(site: Site, browser: Browser) -> None:
    with looking(browser) as page:
        page.goto(site.address)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the stories")).to_be_focused()
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        order = []
        for _ in range(4):
            page.keyboard.press("Tab")
            order.append(page.evaluate("document.activeElement.closest('nav, form, article')?.tagName"))
        assert order == ["NAV"] * 4


def test_the_feeds_say_what_is_broken(site: Site, browser: Browser) -> None:
    with looking(browser, width=PHONE) as page:
        page.goto(f"{site.address}/feeds")
        broken = page.get_by_role("region", name="Broken")
        expect(broken).to_contain_text("refused")
        expect(broken).to_contain_text("next poll: in")
        assert page.get_by_role("row").count() == 15
        expect(page.get_by_role("columnheader", name="Next poll")).to_be_attached()


def test_hard_headlines_do_no_harm(site: Site, browser: Browser) -> None:
    with looking(browser, width=PHONE) as page:
        page.goto(f"{site.address}/?words=onerror")
        heading = page.locator("article.story h2").inner_text()
        assert heading.startswith("<img src=x onerror=alert(1)> [31mred [0m gnp.exe")
        assert page.locator("article.story img").count() == 0
        page.locator("article.story h2 a").click()
        assert page.locator("a[href^='javascript:']").count() == 0


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_nothing_is_wider_than_the_screen(site: Site, browser: Browser, width: int) -> None:
    with looking(browser, width=width) as page:
        for name, address in {**site.pages(), "hard": f"{site.address}/?words=onerror"}.items():
            page.goto(address)
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width, name


# Of a story that 210 outlets print the first two dozen lines: the others are more of the same, and axe takes seconds for them.
FEWER = """() => {
  document.querySelectorAll('details').forEach(d => d.open = true)
  document.querySelectorAll(['li', 'tr', 'circle', 'rect'].map(e => `${e}:nth-of-type(n+25)`)).forEach(e => e.remove())
}"""


def faults(page: Page, options: str = "") -> list[str]:
    """What axe finds on a page that it was brought to."""
    failed, passed = page.evaluate(
        f"axe.run({{resultTypes: ['violations'], {options}}}).then(r => [r.violations, r.passes.length])"
    )
    assert passed
    return [
        f"{fault['impact']} {fault['id']}: {node['html'][:200]} {node['failureSummary']}"
        for fault in failed
        for node in fault["nodes"][:3]
    ]


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_axe_finds_no_fault_in_light_or_dark(site: Site, browser: Browser, width: int) -> None:
    with looking(browser, width=width) as page:
        for name, address in site.pages().items():
            page.emulate_media(color_scheme="light")
            page.goto(address)
            page.evaluate(FEWER)
            page.evaluate(AXE)
            assert (name, faults(page)) == (name, [])
            if width == PHONE:  # colours do not depend on the width
                page.emulate_media(color_scheme="dark")
                assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 20, 18)"
                assert (name, faults(page, "runOnly: ['color-contrast']")) == (name, [])


def test_the_report_is_one_file(site: Site, browser: Browser) -> None:
    with looking(browser) as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(site.report)
        assert asked == [site.report]
        assert page.evaluate("getComputedStyle(document.querySelector('.lead h2')).fontSize") != "16px"
        page.locator("article.story h2 a").first.click()
        target = page.url.partition("#")[2]
        expect(page.locator(f"section[id='{target}'] h2").first).to_be_in_viewport()
