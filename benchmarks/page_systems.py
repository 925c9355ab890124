"""What reads a page: this project and its peers, each as one call that brings text, title and date.

Nothing here asks the network: newspaper4k's images are not fetched and its `nlp` is not called. newspaper4k
and readability-lxml get characters, as guessing them from bytes is slow in both and no part of what is compared; where
they are not installed there are no rows of theirs.
"""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from types import ModuleType
from typing import Any, NamedTuple

import lxml.html
import trafilatura

from benchmarks.page_data import Served
from crawler.extract import extract_page
from crawler.model import Page
from dedup.model import Article
from pipelines.clean import to_article

OURS = "newsfold"
BLOCKS = "newsfold, before cleaning"
BARE = "trafilatura"
PRECISE = "trafilatura, precise"
NEWSPAPER = "newspaper4k"
READABILITY = "readability-lxml"
NOTES = {
    BARE: "`extract(html, url=url)`, title and date of `extract_metadata`",
    PRECISE: "`extract(html, url=url, include_comments=False, favor_precision=True)`: its best options here",
    NEWSPAPER: "`Article.parse`, language as the page declares it; Korean wants nltk's data, Hindi a library: it raises",
    READABILITY: "`Document.summary` as text, `Document.short_title`; tells no date",
}
_IMPORTS = {NEWSPAPER: "newspaper", READABILITY: "readability"}
_PARTS = ("p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "tr", "td", "th", "br")

Task = Callable[[Served], object]


class Reading(NamedTuple):
    """What one system reads in a page; a title or date of None is not told by that system at all."""

    text: str
    title: str | None = None
    published: datetime | None = None
    failed: bool = False


class Ours(NamedTuple):
    """This project's reading with all that it tells."""

    page: Page
    article: Article

    @property
    def cleaned(self) -> Reading:
        """The article's text."""
        return Reading(self.article.text, self.article.title, self.article.published)

    @property
    def uncleaned(self) -> Reading:
        """Every block of the page's body; captions are kept beside it, not in it."""
        blocks = (block for block in self.page.blocks if block.kind not in ("caption", "alt"))
        return Reading("\n".join(block.text for block in blocks))


def read_ours(page: Served) -> Ours:
    """Extracted and cleaned, without a feed entry to help."""
    found = extract_page(page.body, page.url)
    return Ours(found, to_article(found, datetime.now(UTC), found.outlet))


def bare_trafilatura(page: Served) -> Reading:
    """trafilatura as it comes."""
    about = trafilatura.extract_metadata(page.body, default_url=page.url)
    published = datetime.fromisoformat(about.date).replace(tzinfo=UTC) if about and about.date else None
    return Reading(_trafilatura_text(page), (about and about.title) or "", published)


def precise_trafilatura(page: Served) -> Reading:
    """trafilatura without comments, its precision preferred; title and date are those of the other row."""
    text = trafilatura.extract(page.body, url=page.url, include_comments=False, favor_precision=True)
    return Reading(text or "")


def _trafilatura_text(page: Served) -> str:
    return trafilatura.extract(page.body, url=page.url) or ""


def _newspaper(library: ModuleType) -> Callable[[Served], Reading]:
    def read(page: Served) -> Reading:
        article = library.Article(page.url, fetch_images=False)
        article.download(input_html=page.text).parse()
        when = article.publish_date if isinstance(article.publish_date, datetime) else None
        return Reading(article.text or "", article.title or "", when)

    return read


def _readability(library: ModuleType) -> Callable[[Served], Reading]:
    def read(page: Served) -> Reading:
        document = library.Document(page.text, url=page.url)
        title = document.short_title()
        return Reading(plain(document.summary()), title)

    return read


def plain(markup: str) -> str:
    """The characters of some markup, blocks and line breaks on lines of their own."""
    tree: Any = lxml.html.fromstring(markup)
    for element in tree.iter(*_PARTS):
        element.text = "\n" + (element.text or "")
        element.tail = "\n" + (element.tail or "")
    return str(tree.text_content())


def _installed(peer: str) -> ModuleType | None:
    logging.getLogger(_IMPORTS[peer]).setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newspaper4k misses nltk, which only its `nlp` needs
            return importlib.import_module(_IMPORTS[peer])
    except ImportError:
        return None


def missing() -> list[str]:
    """The peers that are not installed."""
    return [peer for peer in _IMPORTS if _installed(peer) is None]


def peers() -> dict[str, Callable[[Served], Reading]]:
    """The installed peers, for their texts."""
    made = {NEWSPAPER: _newspaper, READABILITY: _readability}
    there = {peer: library for peer in made if (library := _installed(peer)) is not None}
    return {
        BARE: bare_trafilatura,
        PRECISE: precise_trafilatura,
        **{peer: made[peer](library) for peer, library in there.items()},
    }


def timed() -> dict[str, Task]:
    """What is timed: of trafilatura and readability-lxml the text alone, of the others all they tell."""
    tasks: dict[str, Task] = {OURS: read_ours, BARE: _trafilatura_text}
    if (newspaper := _installed(NEWSPAPER)) is not None:
        tasks[NEWSPAPER] = _newspaper(newspaper)
    if (readability := _installed(READABILITY)) is not None:
        tasks[READABILITY] = _summary(readability)
    return tasks


def _summary(library: ModuleType) -> Task:
    def read(page: Served) -> Any:
        return library.Document(page.text, url=page.url).summary()

    return read


def attempt(read: Callable[[Served], Reading], page: Served) -> Reading:
    """A reading; a system that raises has read nothing, which is counted."""
    try:
        return read(page)
    except Exception:  # any failure of a peer on wild input is its own, and shows in its row
        return Reading("", failed=True)


def versions(found: Mapping[str, object]) -> dict[str, str]:
    """The versions of the peers in a result."""
    return {name: version(name) for name in found if name in (BARE, *_IMPORTS)}
