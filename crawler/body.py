"""The blocks of an article's body, from a page's tree or a feed's markup; the only importer of trafilatura.

What cannot be read gives no blocks. Options and limits are chosen by `benchmarks.pages`.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator
from copy import deepcopy

import trafilatura
from lxml.etree import _Element
from lxml.html import HtmlElement

from crawler.markup import MAX_BYTES, parse_markup
from crawler.model import Block, BlockKind, Entry
from crawler.text import plain, tidy

MAX_BLOCKS = 5_000
# Below this the extractor found a caption or a consent notice: the next source is asked.
FEW_WORDS = 25
# A body as short as this is tried again with the lenient rules; three times as much is believed over it.
SHORT_WORDS = 100

_LOG = logging.getLogger(__name__)
for _chatty in ("trafilatura", "htmldate", "courlan", "charset_normalizer", "readability"):
    logging.getLogger(_chatty).setLevel(logging.CRITICAL)

# The share of the words in <p> elements below which the strict rules have missed the body.
_LEAST_SHARE = 0.5
_SHELL = "<!DOCTYPE html><html><head><title></title></head><body>"
_KINDS: dict[str, BlockKind] = {"head": "heading", "item": "list", "quote": "quote", "table": "table"}
_INLINE = frozenset(("hi", "ref", "del", "code", "span", "a", "b", "i", "em", "strong", "sup", "sub"))
# Scripts without spaces (kana, han, Thai, Lao): two characters count as a word.
_DENSE = "\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff"
_WORDS = re.compile(rf"[{_DENSE}]{{2}}|[^\W{_DENSE}]+")


def page_blocks(tree: HtmlElement, url: str) -> tuple[Block, ...]:
    """The page's body: extracted strictly, and with other rules where that brings little.

    The strict rules without their fallbacks take half the time; where they leave most of the page's
    paragraphs out, the fallbacks are asked, and of a short body the lenient rules.
    """
    blocks = _extracted(tree, url, strict=True, fast=True)
    words = count_words(blocks)
    if words >= max(SHORT_WORDS, _LEAST_SHARE * _paragraph_words(tree)):
        return blocks
    blocks = _extracted(tree, url, strict=True)
    words = count_words(blocks)
    if words >= SHORT_WORDS:
        return blocks
    lenient = _extracted(tree, url)
    return lenient if count_words(lenient) > (words if words < FEW_WORDS else 3 * words) else blocks


def _paragraph_words(tree: HtmlElement) -> int:
    return sum(len(_WORDS.findall("".join(map(str, paragraph.itertext())))) for paragraph in tree.iter("p"))


def _extracted(tree: HtmlElement, url: str, *, strict: bool = False, fast: bool = False) -> tuple[Block, ...]:
    try:
        document = trafilatura.bare_extraction(
            deepcopy(tree), url=url, include_comments=False, favor_precision=strict, fast=fast
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


def entry_blocks(entry: Entry) -> tuple[tuple[Block, ...], str]:
    content = _content_blocks(entry.content_html)
    summary = plain(entry.summary)
    if count_words(content) > len(_WORDS.findall(summary)):
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
        tree = parse_markup(f"{_SHELL}<article>{markup}</article></body></html>")
        blocks = _extracted(tree, "") if tree is not None else ()
        # Extraction is made for pages: of a content that looks like a list it may keep nothing.
        if 2 * count_words(blocks) > words:
            return blocks
    return (Block("paragraph", whole),) if whole else ()


def count_words(blocks: tuple[Block, ...]) -> int:
    return sum(len(_WORDS.findall(block.text)) for block in blocks if block.kind not in ("caption", "alt"))
