"""The newsroom's outlets and articles, read from the TOML files in `content/`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

Table = dict[str, Any]
FeedFormat = Literal["rss20", "atom", "rdf", "json"]

CONTENT = files("newsfold.demo") / "content"
_AS_WRITTEN = ("slug", "hours_ago", "section", "author", "caption", "credit")


@dataclass(frozen=True, slots=True)
class Wire:
    """One agency text, as the agency sent it."""

    event: str
    agency: str
    place: str
    headline: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """One article as its outlet prints it: an own text, or an agency's with dateline, cuts and credit.

    `event` and `text` are the truth a crawl is measured against: articles with one `text` label are
    the same text, articles with one `event` label tell the same event, in whatever language.
    """

    slug: str
    headline: str
    event: str
    text: str
    hours_ago: float
    section: str
    paragraphs: tuple[str, ...]
    summary: str
    author: str = ""
    caption: str = ""
    credit: str = ""
    agency: str = ""
    agency_line: str = ""
    teaser: bool = False


@dataclass(frozen=True, slots=True)
class Furniture:
    """What an outlet prints around every article, in its own language."""

    nav: tuple[str, ...]
    byline: str
    ad: str
    share: str
    read_also: str
    newsletter: str
    cookies: str
    footer: str
    read_more: str


@dataclass(frozen=True, slots=True)
class Outlet:
    """One outlet: a host name, a page design, a feed, and what it has printed."""

    name: str
    host: str
    language: str
    motto: str
    design: str
    colour: str
    title_suffix: str
    article_path: str
    link_query: str
    feed_format: FeedFormat
    feed_path: str
    full_feed: bool
    furniture: Furniture
    articles: tuple[Article, ...]

    @property
    def feed_url(self) -> str:
        """Where the outlet's feed is."""
        return f"http://{self.host}{self.feed_path}"

    def path(self, article: Article) -> str:
        """The article's path on the outlet's host."""
        return self.article_path.format(slug=article.slug)

    def url(self, article: Article) -> str:
        """The article's canonical URL."""
        return f"http://{self.host}{self.path(article)}"

    def feed_link(self, article: Article) -> str:
        """The article's URL as the feed gives it, which may carry campaign parameters."""
        return self.url(article) + self.link_query


def published(article: Article, now: datetime) -> datetime:
    """When the article came out, if the newsroom's clock stands at `now`."""
    return now - timedelta(hours=article.hours_ago)


@cache
def all_outlets() -> tuple[Outlet, ...]:
    """Every outlet of the newsroom, by file name."""
    wires = {name: _wire(table) for name, table in _read(CONTENT / "wire.toml").items()}
    found = sorted((CONTENT / "outlets").iterdir(), key=lambda file: file.name)
    return tuple(_outlet(_read(file), wires) for file in found if file.name.endswith(".toml"))


def _read(file: Traversable) -> Table:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _paragraphs(body: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"\n\s*\n", body) if part.strip())


def _wire(table: Table) -> Wire:
    return Wire(
        event=table["event"],
        agency=table["agency"],
        place=table["place"],
        headline=table["headline"],
        paragraphs=_paragraphs(table["body"]),
    )


def _outlet(table: Table, wires: dict[str, Wire]) -> Outlet:
    feed, furniture = table["feed"], table["furniture"]
    return Outlet(
        name=table["name"],
        host=table["host"],
        language=table["language"],
        motto=table["motto"],
        design=table["design"],
        colour=table["colour"],
        title_suffix=table.get("title_suffix", ""),
        article_path=table["article_path"],
        link_query=table.get("link_query", ""),
        feed_format=feed["format"],
        feed_path=feed["path"],
        full_feed=feed.get("full", False),
        furniture=Furniture(**{**furniture, "nav": tuple(furniture["nav"])}),
        articles=tuple(_article(entry, table, wires) for entry in table["article"]),
    )


def _article(entry: Table, outlet: Table, wires: dict[str, Wire]) -> Article:
    shared: Table = {key: entry[key] for key in _AS_WRITTEN if key in entry}
    if "wire" in entry:
        return _reprint(entry, outlet, wires[entry["wire"]], shared)
    paragraphs = _paragraphs(entry["body"])
    return Article(
        headline=entry["headline"],
        event=entry["event"],
        text=entry["text"],
        paragraphs=paragraphs,
        summary=entry.get("summary", paragraphs[0]),
        **shared,
    )


def _reprint(entry: Table, outlet: Table, wire: Wire, shared: Table) -> Article:
    words = {"place": wire.place, "agency": wire.agency}
    paragraphs = _edited(entry, wire.paragraphs)
    return Article(
        headline=entry.get("headline", wire.headline),
        event=wire.event,
        text=f"{entry['wire']}-wire",
        paragraphs=(outlet["dateline"].format(**words) + paragraphs[0], *paragraphs[1:]),
        summary=entry.get("summary", paragraphs[0]),
        agency=wire.agency,
        agency_line=outlet["agency_footer"].format(**words),
        teaser=entry.get("teaser", False),
        **shared,
    )


def _edited(entry: Table, paragraphs: tuple[str, ...]) -> tuple[str, ...]:
    """The agency's paragraphs after the outlet's editing: `teaser`, `lead`, `cut` (counted from 1), `add`."""
    if entry.get("teaser"):
        return paragraphs[:1]
    cut = set(entry.get("cut", ()))
    kept = [text for number, text in enumerate(paragraphs, 1) if number not in cut]
    lead = entry.get("lead", kept[0])
    return (lead, *kept[1:], *_paragraphs(entry.get("add", "")))
