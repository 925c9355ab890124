"""The templates and what they may call: text from outside made harmless, times, languages, drawings."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup

from crawler.language import UNKNOWN
from dedup.clean import shorten
from dedup.locales import language_name
from newsfold.passages import abridged
from newsfold.safetext import flat, one_line, plain_line
from newsfold.show import ago
from newsfold.showfeeds import meaning
from newsfold.web.front import variants
from newsfold.web.lanes import lanes
from newsfold.web.spread import clock, day, spread

HERE: Final = Path(__file__).parent
_RIGHT_TO_LEFT: Final = frozenset(("ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"))
_LONGEST_HEADLINE: Final = 240


@dataclass(frozen=True, slots=True)
class Served:
    """Pages of the server; `root` leads from the page that is shown to the front page, under whatever path that is."""

    root: str = "./"

    @property
    def home(self) -> str:
        """The front page."""
        return self.root

    @property
    def feeds(self) -> str:
        """The feeds."""
        return f"{self.root}feeds"

    @property
    def style(self) -> str:
        """The style sheet, under an address that changes with it."""
        return f"{self.root}static/style.css?{style_digest()[7:15]}"

    @property
    def icon(self) -> str:
        """The picture of the tab."""
        return f"{self.root}static/icon.svg"

    def story(self, identity: str) -> str:
        """The page of a story."""
        return f"{self.root}story/{identity}"


@cache
def environment() -> jinja2.Environment:
    """The templates, everything escaped that they do not write themselves."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=harmless,
    )
    made.filters |= {
        "ago": distance, "calm": calm, "clock": clock, "day": day, "direction": direction, "flat": flat,
        "iso": _iso, "abridged": abridged, "language": language, "lanes": lanes, "lead": lead, "link": link,
        "long_day": long_day, "meaning": meaning, "short_clock": short_clock, "soon": soon, "spoken": spoken,
        "spread": spread, "variants": variants,
    }  # fmt: skip
    made.globals |= {"plural": plural}
    return made


def harmless(value: object) -> object:
    """What a template writes, should it have forgotten to calm it: a text without controls and changes of direction."""
    return plain_line(value) if type(value) is str else value


def render(name: str, **values: Any) -> str:
    """A page as HTML."""
    return environment().get_template(name).render(**values)


@cache
def style() -> str:
    """The style sheet of all pages."""
    return (HERE / "static" / "style.css").read_text(encoding="utf-8")


@cache
def style_digest() -> str:
    """The digest of the style sheet as a Content-Security-Policy names it."""
    return "sha256-" + b64encode(hashlib.sha256(style().encode()).digest()).decode()


def calm(text: str, most: int = _LONGEST_HEADLINE) -> str:
    """Text from outside on one line, without controls, changes of direction and endless length."""
    return shorten(one_line(text), most)


def lead(text: str, most: int = 220) -> str:
    """The first paragraph of a text, shortened."""
    return calm(next((part for part in text.split("\n\n") if part.strip()), ""), most)


def direction(lang: str) -> str:
    """Which way a language is written, as HTML says it; a text of an unknown one tells by itself."""
    code = lang.lower().split("-")[0]
    return "rtl" if code in _RIGHT_TO_LEFT else "ltr" if spoken(lang) else "auto"


def spoken(lang: str) -> str:
    """The value of a lang attribute: "" where the language is not known."""
    return "" if lang == UNKNOWN else lang


def language(lang: str) -> str:
    """The English name of a language."""
    return language_name(lang) or "unknown language"


def link(url: str) -> str:
    """The URL where a link may lead to it: the web, and nothing that runs."""
    try:
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:  # publishers print what no parser takes, such as https://[
        return ""


def distance(moment: datetime | None, now: datetime) -> str:
    """How long ago a time is, or how soon."""
    if moment is None:
        return "never"
    amount = ago(moment, now)
    return amount if amount.startswith("in ") else f"{amount} ago"


def soon(moment: datetime, now: datetime) -> str:
    """When something is due."""
    return distance(moment, now) if moment > now else "now"


def long_day(moment: datetime) -> str:
    """A day with its weekday: Wednesday, 25 November 2026."""
    return f"{moment:%A}, {moment.day} {moment:%B %Y}"


def short_clock(moment: datetime, beside: datetime | None = None) -> str:
    """A time in UTC, its day left out where it is that of another beside it."""
    if beside and beside.date() == moment.date():
        return f"{moment:%H:%M}"
    return f"{day(moment)}, {moment:%H:%M}"


def plural(count: int, word: str, many: str = "") -> Markup:
    """A number with its noun."""
    return Markup("{:,}\u00a0{}").format(count, word if count == 1 else many or f"{word}s")


def _iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="minutes") if moment else ""
