"""From the bytes of a page and its feed entry to a `Page`.

Nothing in a page makes these functions raise: what cannot be read gives no blocks, and then the
entry's own content or summary is the text.
"""

from __future__ import annotations

import logging
from copy import deepcopy
from dataclasses import replace

from htmldate import find_date
from lxml.html import HtmlElement

from crawler.body import FEW_WORDS, count_words, entry_blocks, page_blocks
from crawler.errors import CrawlerError
from crawler.fields import choose_authors, choose_date, choose_image, choose_url
from crawler.language import choose_language
from crawler.markup import parse_page
from crawler.metadata import PageMeta, read_meta
from crawler.model import Block, Entry, Page
from crawler.titles import choose_title
from crawler.urls import outlet_of

_LANGUAGE_BLOCKS = 40
# A paywalled page prints its first paragraphs; a feed with a multiple of that has the article.
TEASER_WORDS = 150

_LOG = logging.getLogger(__name__)


class ExtractError(CrawlerError):
    """A page could not be extracted: its worker died of it or took too long; the sentence has the URL."""


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

    The body comes from the page, unless that gives next to nothing and the entry has more.
    """
    tree = parse_page(body, content_type)
    meta = read_meta(tree) if tree is not None else PageMeta()
    blocks = page_blocks(tree, url) if tree is not None else ()
    if count_words(blocks) < FEW_WORDS and not meta.published:
        blocks = ()  # a notice or an error page: no article is this short and undated
    blocks, source = _longer(blocks, entry)
    page = _page(url, meta, blocks, source, entry or Entry(key="", link=url), feed_lang, outlet)
    if page.published is None and tree is not None and blocks:
        guess = choose_date(PageMeta(), guess=_guess_date(tree, url))
        page = replace(page, published=guess.value, sources=(*page.sources, ("published", guess.source)))
    return page


def page_from_entry(entry: Entry, feed_lang: str = "", outlet: str = "") -> Page:
    """The article as its feed entry alone tells it: full content where the feed has it, else the summary."""
    blocks, source = entry_blocks(entry)
    entry = replace(entry, published=entry.published or entry.updated)
    return _page(entry.link, PageMeta(), blocks, source, entry, feed_lang, outlet)


def _page(
    url: str,
    meta: PageMeta,
    blocks: tuple[Block, ...],
    source: str,
    entry: Entry,
    feed_lang: str,
    outlet: str,
) -> Page:
    outlet = outlet or outlet_of(url)
    title = choose_title(meta, entry.title, outlet=outlet, feed_title=entry.source_title)
    text = " ".join([title.value, *(block.text for block in blocks[:_LANGUAGE_BLOCKS])])
    address = choose_url(meta, url)
    lang = choose_language(text, page=meta.lang, feed=entry.lang or feed_lang)
    published = choose_date(meta, entry.published)
    authors = choose_authors(meta, entry.authors, outlet=outlet, feed_title=entry.source_title)
    image = choose_image(meta, url, entry.image)
    found = {
        "url": address,
        "title": title,
        "lang": lang,
        "published": published,
        "authors": authors,
        "image": image,
    }
    return Page(
        url=address.value,
        outlet=outlet,
        title=title.value,
        blocks=blocks,
        lang=lang.value,
        published=published.value,
        authors=authors.value,
        image=image.value,
        source=source,
        entry_key=entry.key,
        sources=tuple((name, choice.source) for name, choice in found.items() if choice.source),
    )


def _longer(blocks: tuple[Block, ...], entry: Entry | None) -> tuple[tuple[Block, ...], str]:
    """The page's blocks, or the entry's where the page has next to nothing or only a teaser of them."""
    words = count_words(blocks)
    if entry is None or words >= TEASER_WORDS:
        return blocks, "page"
    others, source = entry_blocks(entry)
    needed = words if words < FEW_WORDS else 2 * words
    return (others, source) if others and count_words(others) > needed else (blocks, "page")


def _guess_date(tree: HtmlElement, url: str) -> str:
    try:
        return find_date(deepcopy(tree), url=url, original_date=True, extensive_search=False) or ""
    except Exception as error:  # the library meets wild input: its failure is this page's, not ours
        _LOG.debug("no date in %s: %s", url, error)
        return ""
