"""From the bytes of a page and its feed entry to a `Page`.

Nothing in a page makes these functions raise: what cannot be read gives no blocks, and then the
entry's own content or summary is the text.
"""

from __future__ import annotations

import logging
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from crawler.body import FEW_WORDS, content_blocks, count_words, entry_blocks, page_blocks
from crawler.errors import CrawlerError
from crawler.fields import choose_authors, choose_date, choose_image, choose_url
from crawler.kinds import WALLS, page_kind
from crawler.language import choose_language
from crawler.layout import dress
from crawler.markup import lighten, parse_page
from crawler.metadata import PageMeta, read_meta
from crawler.model import Block, Chosen, Entry, Page, PageKind
from crawler.parts import state_markup
from crawler.redirects import unwrap
from crawler.text import plain
from crawler.titles import choose_title
from crawler.urls import outlet_of, same_site

_LANGUAGE_BLOCKS = 40
# A paywalled page prints its first paragraphs; a feed with a multiple of that has the article.
TEASER_WORDS = 150
_HEADLINES = frozenset(("jsonld", "og:title", "twitter:title", "itemprop", "h1", "headline"))
_MOST_HEADLINES = 12
_LONGEST_HEADLINE = 300

_LOG = logging.getLogger(__name__)


class ExtractError(CrawlerError):
    """A page could not be extracted: its worker died of it or took too long; the sentence has the URL."""


@dataclass(frozen=True, slots=True)
class _Body:
    """An article's text, where it is from, and what kind of page was asked for it."""

    blocks: tuple[Block, ...]
    source: str
    kind: Chosen[PageKind]


def extract_page(
    body: bytes,
    url: str,
    *,
    content_type: str = "",
    entry: Entry | None = None,
    feed_lang: str = "",
    outlet: str = "",
) -> Page:
    """The article in a fetched page, with what its feed entry adds; no blocks where there is none.

    The body comes from the page, unless that gives next to nothing and the entry has more, or is no article.
    `url` is the address that answered, after all redirects.
    """
    entry = entry or Entry(key="", link=url)
    url = unwrap(url)
    outlet = outlet or _publisher(entry, url)
    tree = parse_page(body, content_type)
    meta, blocks, guess = _read(tree, url, entry) if tree is not None else (PageMeta(), (), "")
    kind = page_kind(meta, blocks, url, asked=entry.link)
    if kind.value in WALLS or (is_aggregated(entry) and same_site(url, entry.link)):
        return _of_entry(entry, feed_lang, outlet or outlet_of(url), kind)
    if count_words(blocks) < FEW_WORDS and not meta.published:
        blocks, guess = (), ""  # a notice: no article is this short and undated
    return _page(url, meta, _longer(blocks, entry, kind), entry, feed_lang, outlet, guess)


def _read(tree: HtmlElement, url: str, entry: Entry) -> tuple[PageMeta, tuple[Block, ...], str]:
    """What a page says about itself, its body, and when it seems to be from where neither it nor the entry tells."""
    meta = read_meta(tree)
    guess = "" if choose_date(meta, entry.published).value else _guess_date(tree, url)
    scripts = [script.text or "" for script in tree.iter("script")]
    lighten(tree)
    blocks = page_blocks(tree, url)
    if count_words(blocks) < FEW_WORDS and (
        hidden := state_markup(scripts, choose_title(meta, entry.title).value)
    ):
        return meta, content_blocks(hidden), guess
    return meta, dress(tree, blocks, _headlines(meta, entry)), guess


def page_from_entry(entry: Entry, feed_lang: str = "", outlet: str = "") -> Page:
    """The article as its feed entry alone tells it: full content where the feed has it, else the summary."""
    return _of_entry(entry, feed_lang, outlet or _publisher(entry, unwrap(entry.link)), Chosen("article"))


def _of_entry(entry: Entry, feed_lang: str, outlet: str, kind: Chosen[PageKind]) -> Page:
    blocks, source = entry_blocks(entry)
    dated = replace(entry, published=entry.published or entry.updated)
    return _page(unwrap(entry.link), PageMeta(), _Body(blocks, source, kind), dated, feed_lang, outlet)


def is_aggregated(entry: Entry) -> bool:
    """Whether an entry is an aggregator's item: its link is the aggregator's, and it names another site's article.

    Aggregators end the headline with the source's name; a reprint that names its source does not.
    """
    if not entry.source_url or not entry.source_title or same_site(entry.source_url, entry.link):
        return False
    head = entry.title.removesuffix(entry.source_title)
    return head != entry.title and head.rstrip().endswith(("-", "–", "—", "|"))


def _publisher(entry: Entry, url: str) -> str:
    """The site that an aggregator's item is from, "" for what is read where it is published."""
    return outlet_of(entry.source_url) if is_aggregated(entry) and same_site(url, entry.link) else ""


def _page(
    url: str, meta: PageMeta, body: _Body, entry: Entry, feed_lang: str, outlet: str, guess: str = ""
) -> Page:
    outlet = outlet or outlet_of(url)
    title = choose_title(meta, entry.title, outlet=outlet, feed_title=entry.source_title)
    text = " ".join([title.value, *(block.text for block in body.blocks[:_LANGUAGE_BLOCKS])])
    address = choose_url(meta, url)
    lang = choose_language(text, page=meta.lang, feed=entry.lang or feed_lang)
    published = choose_date(meta, entry.published, guess=guess)
    authors = choose_authors(meta, entry.authors, outlet=outlet, feed_title=entry.source_title)
    image = choose_image(meta, url, entry.image)
    return Page(
        url=address.value, outlet=outlet, title=title.value, blocks=body.blocks, lang=lang.value,
        published=published.value, authors=authors.value, image=image.value, source=body.source,
        source_url=entry.source_url, entry_key=entry.key, kind=body.kind.value,
        headlines=tuple(each for each in _headlines(meta, entry) if each != title.value),
        sources=_sources(
            url=address, title=title, lang=lang, published=published, authors=authors, image=image, page=body.kind
        ),
    )  # fmt: skip


def _sources(**found: Chosen[object]) -> tuple[tuple[str, str], ...]:
    """Where each field was found, those that were not left out."""
    return tuple((field, choice.source) for field, choice in found.items() if choice.source)


def _headlines(meta: PageMeta, entry: Entry) -> tuple[str, ...]:
    """All that page and feed call the article; what the page shows may be another than the one chosen."""
    sources = Counter(c.source for c in meta.titles)
    # Several h1 are the headings of sections, or of other articles.
    named = [
        c.text for c in meta.titles if c.source in _HEADLINES and (c.source != "h1" or sources["h1"] == 1)
    ]
    said = [entry.title, *named]
    return tuple(
        dict.fromkeys(text for each in said[:_MOST_HEADLINES] if (text := plain(each, _LONGEST_HEADLINE)))
    )


def _longer(blocks: tuple[Block, ...], entry: Entry, kind: Chosen[PageKind]) -> _Body:
    """The page's blocks, or the entry's: where the page has next to nothing or only a teaser of them,
    and of a page that is no article, however little the entry says."""
    words = count_words(blocks)
    own = _Body(blocks, "page", kind)
    if words >= TEASER_WORDS and kind.value != "live":
        return own
    others, source = entry_blocks(entry)
    needed = words if words < FEW_WORDS else 2 * words
    instead = bool(others) if kind.value != "article" else count_words(others) > needed
    return _Body(others, source, kind) if others and instead else own


def _guess_date(tree: HtmlElement, url: str) -> str:
    from htmldate import (
        find_date,  # loaded where pages are read, which a crawl does in processes of their own
    )

    try:
        return find_date(deepcopy(tree), url=url, original_date=True, extensive_search=False) or ""
    except Exception as error:  # the library meets wild input: its failure is this page's, not ours
        _LOG.debug("no date in %s: %s", url, error)
        return ""
