"""How articles and times are written in Redis: UTF-8 strings, numbers and JSON; never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dedup.body import compared
from storage.keys import short_hash
from storage.plain import iso

if TYPE_CHECKING:
    from dedup.model import Article

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def content(article: Article) -> str:
    """A digest of what the article says, whether or not parts of it have been learnt to be furniture since."""
    said = " ".join([s.text for s in article.segments if s.kind in ("text", "furniture")]).casefold().strip()
    # Where words are parted by single spaces already, that is seen in a quarter of the time.
    if "  " in said or not (said.isascii() and said.isprintable()):
        said = " ".join(said.split())
    return short_hash(said)


def article_record(article: Article, text: str, exact: int, shingles: int, digest: str) -> list[str]:
    """The fields of `article:{id}` that the article itself gives, each followed by its value.

    `text` is its text, `exact` and `shingles` are of its fingerprint, `digest` is its `content`; how it was
    placed is added by `link`.
    """
    return [
        "id", article.id,
        "url", article.url,
        "outlet", article.outlet,
        "lang", article.lang,
        "title", article.title,
        "published", iso(article.published),
        "text", text,
        "aside", _aside(article),
        "repeats", str(len(article.repeats)),
        "repeated", _repeated(article),
        "authors", _JSON(article.authors) if article.authors else "[]",
        "image", article.image,
        "wire", article.wire,
        "source", article.source,
        "source_url", article.source_url,
        "page", article.page,
        "taken_from", _JSON(dict(article.taken_from)) if article.taken_from else "{}",
        "feed", article.feed,
        "entry", article.entry_key,
        "headline_in_text", "1" if article.headline_in_text else "0",
        "skip", f"{article.skip[0]} {article.skip[1]}",
        "exact", f"{exact:016x}",
        "content", digest,
        "shingles", str(shingles),
    ]  # fmt: skip


def _aside(article: Article) -> str:
    aside = [[i, s.kind, s.place, s.text] for i, s in enumerate(article.segments) if s.kind != "text"]
    return _JSON(aside) if aside else "[]"


def _repeated(article: Article) -> str:
    if not article.repeats:
        return "[]"
    return _JSON(
        [
            {
                "segment": r.segment,
                "place": r.place,
                "of": r.of,
                "similarity": round(r.similarity, 3),
                "text": r.text,
            }
            for r in article.repeats
        ]
    )


def body(fields: Mapping[str, str]) -> str:
    """What of a stored article is compared (`Article.body`)."""
    carries = fields.get("headline_in_text") == "1"
    return compared(fields.get("title", ""), fields.get("text", ""), headline_in_text=carries)


def skip_of(fields: Mapping[str, str]) -> tuple[int, int]:
    """How many words of furniture a stored article's text begins and ends with."""
    head, _, tail = fields.get("skip", "0 0").partition(" ")
    return int(head), int(tail or 0)
