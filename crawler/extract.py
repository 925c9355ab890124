"""From the bytes of a page and its feed entry to a `Page`; the only importer of trafilatura.

Nothing in a page makes these functions raise: what cannot be read gives no blocks, and then the
entry's own content or summary is the text. Options and limits are chosen by `benchmarks.pages`.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import trafilatura
from htmldate import find_date
from lxml.etree import _Element
from lxml.html import HtmlElement
from trafilatura.utils import load_html

from crawler.decode import decode
from crawler.errors import CrawlerError
from crawler.fields import choose_authors, choose_date, choose_image, choose_title
from crawler.language import choose_language
from crawler.metadata import PageMeta, read_meta
from crawler.model import Block, BlockKind, Entry, Page
from crawler.text import plain, tidy
from crawler.urls import canonical_url, outlet_of, trusted_canonical

MAX_BYTES = 5_000_000
# The largest of 296 recorded pages has a tenth; with three times as many the extractor can take 20 s.
MAX_ELEMENTS = 30_000
MAX_BLOCKS = 5_000
_LANGUAGE_BLOCKS = 40
# Below this the extractor found a caption or a consent notice: the next source is asked.
FEW_WORDS = 25
# A body as short as this is tried again with the lenient rules; three times as much is believed over it.
SHORT_WORDS = 100
# A paywalled page prints its first paragraphs; a feed with a multiple of that has the article.
TEASER_WORDS = 150

_LOG = logging.getLogger(__name__)
for _chatty in ("trafilatura", "htmldate", "courlan", "charset_normalizer", "readability"):
    logging.getLogger(_chatty).setLevel(logging.CRITICAL)

_OTHER_TYPE = re.compile(r"(?i)\s*(?:(?:image|video|audio|font)/|application/(?:pdf|zip|json|octet-stream))")
_OTHER_MAGIC = (b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b")
_SHELL = "<!DOCTYPE html><html><head><title></title></head><body>"
_KINDS: dict[str, BlockKind] = {"head": "heading", "item": "list", "quote": "quote", "table": "table"}
_INLINE = frozenset(("hi", "ref", "del", "code", "span", "a", "b", "i", "em", "strong", "sup", "sub"))
# Scripts without spaces (kana, han, Thai, Lao): two characters count as a word.
_DENSE = "\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff"
_WORDS = re.compile(rf"[{_DENSE}]{{2}}|[^\W{_DENSE}]+")


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
    tree = _parse(body, content_type)
    meta = read_meta(tree) if tree is not None else PageMeta()
    blocks = _page_blocks(tree, url) if tree is not None else ()
    if _count(blocks) < FEW_WORDS and not meta.published:
        blocks = ()  # a notice or an error page: no article is this short and undated
    blocks, source = _longer(blocks, entry)
    page = _page(url, meta, blocks, source, entry or Entry(key="", link=url), feed_lang, outlet)
    if page.published is None and tree is not None and blocks:
        page = replace(page, published=choose_date(PageMeta(), guess=_guess_date(tree, url)))
    return page


def page_from_entry(entry: Entry, feed_lang: str = "", outlet: str = "") -> Page:
    """The article as its feed entry alone tells it: full content where the feed has it, else the summary."""
    blocks, source = _entry_blocks(entry)
    page = _page(entry.link, PageMeta(), blocks, source, entry, feed_lang, outlet)
    return replace(page, published=choose_date(PageMeta(), entry.published or entry.updated))


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
    text = " ".join([title, *(block.text for block in blocks[:_LANGUAGE_BLOCKS])])
    return Page(
        url=_own_url(url, meta),
        outlet=outlet,
        title=title,
        blocks=blocks,
        lang=choose_language(text, page=meta.lang, feed=entry.lang or feed_lang),
        published=choose_date(meta, entry.published),
        authors=choose_authors(meta, entry.authors, outlet=outlet, feed_title=entry.source_title),
        image=choose_image(meta, url, entry.image),
        source=source,
        entry_key=entry.key,
    )


def _parse(body: bytes, content_type: str) -> HtmlElement | None:
    body = body[:MAX_BYTES]
    if _OTHER_TYPE.match(content_type) or body.startswith(_OTHER_MAGIC):
        return None
    return _tree(decode(body, content_type))


def _tree(markup: str) -> HtmlElement | None:
    """A parsed page; libxml2 itself stops at 256 levels, which also bounds every walk below."""
    if "<" not in markup:
        return None
    try:
        tree = load_html(markup.replace("\x00", ""))
    except Exception as error:  # a parser's own failure on wild input is not ours
        _LOG.debug("unreadable page: %s", error)
        return None
    if tree is None or not isinstance(tree.tag, str) or tree.xpath("count(//*)") > MAX_ELEMENTS:
        return None
    return tree


def _page_blocks(tree: HtmlElement, url: str) -> tuple[Block, ...]:
    """The page's body: extracted strictly, and once more leniently where that brings little."""
    blocks = _extracted(tree, url, precise=True)
    words = _count(blocks)
    if words >= SHORT_WORDS:
        return blocks
    lenient = _extracted(tree, url, precise=False)
    return lenient if _count(lenient) > (words if words < FEW_WORDS else 3 * words) else blocks


def _extracted(tree: HtmlElement, url: str, *, precise: bool) -> tuple[Block, ...]:
    try:
        document = trafilatura.bare_extraction(
            deepcopy(tree), url=url, include_comments=False, favor_precision=precise
        )
    except Exception as error:  # the library meets wild input: its failure is this page's, not ours
        _LOG.debug("extraction failed on %s: %s", url, error)
        return ()
    if not isinstance(document, trafilatura.settings.Document) or document.body is None:
        return ()
    return _blocks(document.body)


def _blocks(body: _Element) -> tuple[Block, ...]:
    found: list[Block] = []
    for kind, raw in _walk(body, "paragraph"):
        text = tidy(raw)
        if text and (not found or found[-1].text != text):
            found.append(Block(kind, text))
        if len(found) >= MAX_BLOCKS:
            break
    return tuple(found)


def _walk(element: _Element, kind: BlockKind) -> Iterator[tuple[BlockKind, str]]:
    """Runs of inline text with the kind of block that they stand in; a line break parts runs."""
    text = element.text or ""
    for child in element:
        if child.tag in _INLINE and not len(child):
            text += (child.text or "") + (child.tail or "")
            continue
        if child.tag == "row":
            yield kind, text
            yield (
                "table",
                " | ".join(filter(None, (tidy(" ".join(map(str, cell.itertext()))) for cell in child))),
            )
        else:
            yield kind, text
            yield from _walk(child, _KINDS.get(str(child.tag), kind))
        text = child.tail or ""
    yield kind, text


def _longer(blocks: tuple[Block, ...], entry: Entry | None) -> tuple[tuple[Block, ...], str]:
    """The page's blocks, or the entry's where the page has next to nothing or only a teaser of them."""
    words = _count(blocks)
    if entry is None or words >= TEASER_WORDS:
        return blocks, "page"
    others, source = _entry_blocks(entry)
    needed = words if words < FEW_WORDS else 2 * words
    return (others, source) if others and _count(others) > needed else (blocks, "page")


def _entry_blocks(entry: Entry) -> tuple[tuple[Block, ...], str]:
    content = _content_blocks(entry.content_html)
    summary = plain(entry.summary)
    if _count(content) > len(_WORDS.findall(summary)):
        return content, "feed"
    return (
        ((Block("paragraph", summary),), "summary")
        if summary
        else (content, "feed" if content else "summary")
    )


def _content_blocks(markup: str) -> tuple[Block, ...]:
    markup = markup[:MAX_BYTES]
    if not re.search(r"<[a-zA-Z]", markup):
        lines = map(tidy, html.unescape(markup).splitlines())
        return tuple(Block("paragraph", line) for line in lines if line)
    whole = plain(markup, limit=MAX_BYTES)
    words = len(_WORDS.findall(whole))
    if words >= FEW_WORDS:
        tree = _tree(f"{_SHELL}<article>{markup}</article></body></html>")
        blocks = _extracted(tree, "", precise=False) if tree is not None else ()
        # Extraction is made for pages: of a content that looks like a list it may keep nothing.
        if 2 * _count(blocks) > words:
            return blocks
    return (Block("paragraph", whole),) if whole else ()


def _count(blocks: tuple[Block, ...]) -> int:
    return sum(len(_WORDS.findall(block.text)) for block in blocks)


def _own_url(url: str, meta: PageMeta) -> str:
    own = canonical_url(url)
    said = (trusted_canonical(url, declared) for declared in meta.canonical)
    return next((address for address in said if address != own), own)


def _guess_date(tree: HtmlElement, url: str) -> str:
    try:
        return find_date(deepcopy(tree), url=url, original_date=True, extensive_search=False) or ""
    except Exception as error:  # as with extraction
        _LOG.debug("no date in %s: %s", url, error)
        return ""
