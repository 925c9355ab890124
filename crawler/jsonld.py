"""The JSON-LD of a page: its objects, broken JSON survived, and readers of their loosely typed values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

MAX_VALUE = 2000
_MAX_JSON = 1_000_000
_MAX_NODES = 5_000

_ARTICLE_TYPE = re.compile(r"(?:Article|BlogPosting|NewsReport|^Report|^Review|^Recipe)$")
# Objects under these keys are about other pages or about the publisher.
_FOREIGN_KEYS = frozenset(
    ("relatedLink", "isBasedOn", "citation", "mentions", "itemListElement", "comment", "review", "hasPart",
     "publisher", "author", "image", "isPartOf", "about", "video", "liveBlogUpdate", "sourceOrganization")
)  # fmt: skip


def json_nodes(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    """All objects of the page's JSON-LD that are about this page or its site, outermost first."""
    budget = _MAX_NODES
    for script in tree.xpath("//script[contains(@type, 'ld+json')]"):
        queue = _load_json(script.text or "")
        while queue and budget > 0:
            budget -= 1
            item = queue.pop(0)
            if isinstance(item, list):
                queue[:0] = item[:200]
            elif isinstance(item, dict):
                yield item
                queue += [
                    value for key, value in item.items() if key not in _FOREIGN_KEYS and _is_nested(value)
                ]


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list)


def _load_json(text: str) -> list[Any]:
    """The JSON values in a script; comments, CDATA marks, trailing commas and garbage are survived."""
    text = re.sub(r"<!--|-->|/\*<!\[CDATA\[\*/|/\*\]\]>\*/|<!\[CDATA\[|\]\]>", "", text[:_MAX_JSON]).strip(
        " \r\n\t;"
    )
    for candidate in (text, re.sub(r",(\s*[}\]])", r"\1", text), _with_values_escaped(text)):
        try:
            return [json.JSONDecoder(strict=False).raw_decode(candidate)[0]]
        except (ValueError, RecursionError):
            continue
    return []


def _with_values_escaped(text: str) -> str:
    """Quotation marks inside a one-line value are the commonest breakage: escape them."""
    lines = []
    for line in text.splitlines():
        match = re.fullmatch(r'(\s*"[@\w]+"\s*:\s*")(.*)("\s*+,?\s*+)', line)
        lines.append(match[1] + re.sub(r'(?<!\\)"', r"\"", match[2]) + match[3] if match else line)
    return "\n".join(lines)


def is_article_type(kind: str) -> bool:
    """Whether a schema.org type is an article's."""
    return _ARTICLE_TYPE.search(kind) is not None


def article_nodes(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Article objects, those with a headline and a date first; a page may also list its neighbours."""
    found = [node for node in nodes if any(map(is_article_type, types(node)))]
    return sorted(found, key=lambda node: -sum(bool(node.get(key)) for key in ("headline", "datePublished")))


def types(node: dict[str, Any]) -> list[str]:
    """The schema.org types of an object, without their prefix."""
    return [str(kind).rsplit("/", 1)[-1].rsplit(":", 1)[-1] for kind in many(node.get("@type"))]


def many(value: object) -> list[Any]:
    """A value that may be a list, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def texts(value: object) -> list[str]:
    """The non-empty strings in a value."""
    folded = (fold(item) for item in many(value) if isinstance(item, str))
    return [text for text in folded if text]


def names(value: object) -> list[str]:
    """The names in a value that may be text, an object with a name, or a list of either."""
    found: list[str] = []
    for item in many(value):
        found += texts(item.get("name") if isinstance(item, dict) else item)
    return found


def fold(text: str) -> str:
    """A value with its white space folded and its length bounded."""
    return " ".join(text[: 4 * MAX_VALUE].split())[:MAX_VALUE]
