"""The blocks of an article's body, from a page's tree or a feed's markup; the only importer of trafilatura.

What cannot be read gives no blocks. Options and limits are chosen by `benchmarks.pages`.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterable, Iterator

from lxml.etree import _Element
from lxml.html import HtmlElement

from crawler.layout import key
from crawler.markup import MAX_BYTES, MAX_TEXT, parse_markup
from crawler.model import Block, BlockKind, Entry
from crawler.parts import join_parts
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
# The share below which there may be more parts of it.
_WHOLE_SHARE = 0.8
_SHELL = "<!DOCTYPE html><html><head><title></title></head><body>"
_KINDS: dict[str, BlockKind] = {"head": "heading", "item": "list", "quote": "quote", "table": "table"}
_INLINE = frozenset(("hi", "ref", "del", "code", "span", "a", "b", "i", "em", "strong", "sup", "sub"))
# Scripts without spaces (kana, han, Thai, Lao): two characters count as a word.
_DENSE = "\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff"
_WORDS = re.compile(rf"[{_DENSE}]{{2}}|[^\W{_DENSE}]+")
_is_dense = re.compile(f"[{_DENSE}]").search


def page_blocks(tree: HtmlElement, url: str) -> tuple[Block, ...]:
    """The page's body, all its parts.

    Where much of what stands in the page's paragraphs is missing, further parts of the body are looked for in the tree,
    which is then changed.
    """
    expected = _paragraph_words(tree)
    blocks = _body(tree, url, expected)
    words = count_words(blocks)
    if words < _WHOLE_SHARE * expected and join_parts(tree, {key(block.text) for block in blocks}):
        joined = _extracted(tree, url, strict=True, fast=True)
        return joined if count_words(joined) > words else blocks
    return blocks


def _body(tree: HtmlElement, url: str, expected: int) -> tuple[Block, ...]:
    """The body extracted strictly, and with other rules where that brings little.

    The strict rules without their fallbacks take half the time; where they leave most of the page's
    paragraphs out, the fallbacks are asked, and of a short body the lenient rules.
    """
    blocks = _extracted(tree, url, strict=True, fast=True)
    words = count_words(blocks)
    if words >= max(SHORT_WORDS, _LEAST_SHARE * expected):
        return blocks
    blocks = _extracted(tree, url, strict=True)
    words = count_words(blocks)
    if words >= SHORT_WORDS:
        return blocks
    lenient = _extracted(tree, url)
    return lenient if count_words(lenient) > (words if words < FEW_WORDS else 3 * words) else blocks


def _paragraph_words(tree: HtmlElement) -> int:
    return sum(_words("".join(map(str, paragraph.itertext()))) for paragraph in tree.iter("p"))


def _extracted(tree: HtmlElement, url: str, *, strict: bool = False, fast: bool = False) -> tuple[Block, ...]:
    import trafilatura  # loaded where pages are read, which a crawl does in processes of their own

    try:
        document = trafilatura.bare_extraction(
            tree, url=url, include_comments=False, favor_precision=strict, fast=fast
        )
    except Exception as error:  # the library meets wild input: its failure is this page's, not ours
        _LOG.debug("extraction failed on %s: %s", url, error)
        return ()
    if not isinstance(document, trafilatura.settings.Document) or document.body is None:
        return ()
    return _blocks(_walk(document.body, "paragraph"))


def _blocks(lines: Iterable[tuple[BlockKind, str]]) -> tuple[Block, ...]:
    """Blocks of the lines that have text and are not the line before, up to the bounds."""
    found: list[Block] = []
    room = MAX_TEXT
    for kind, raw in lines:
        text = tidy(raw[: 2 * room])[:room]
        if text and (not found or found[-1].text != text):
            found.append(Block(kind, text))
            room -= len(text)
        if len(found) >= MAX_BLOCKS or room <= 0:
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
    """The longer of an entry's full content and its summary, and which it is: "feed" or "summary"."""
    content = content_blocks(entry.content_html)
    summary = plain(entry.summary)
    if count_words(content) > _words(summary):
        return content, "feed"
    return (
        ((Block("paragraph", summary),), "summary")
        if summary
        else (content, "feed" if content else "summary")
    )


def content_blocks(markup: str) -> tuple[Block, ...]:
    """The blocks of a text as feeds carry it: markup of an article's body, or lines."""
    markup = markup[:MAX_BYTES]
    if not re.search(r"<[a-zA-Z]", markup):
        return _blocks(("paragraph", line) for line in html.unescape(markup).splitlines())
    whole = plain(markup, limit=MAX_TEXT)
    words = _words(whole)
    if words >= FEW_WORDS:
        tree = parse_markup(f"{_SHELL}<article>{markup}</article></body></html>")
        blocks = _extracted(tree, "") if tree is not None else ()
        # Extraction is made for pages: of a content that looks like a list it may keep nothing.
        if 2 * count_words(blocks) > words:
            return blocks
    return (Block("paragraph", whole),) if whole else ()


def count_words(blocks: tuple[Block, ...]) -> int:
    """How many words the blocks have, captions aside; of dense scripts two characters count as one."""
    return sum(_words(block.text) for block in blocks if block.kind not in ("caption", "alt"))


def _words(text: str) -> int:
    return len(_WORDS.findall(text) if _is_dense(text) else text.split())
