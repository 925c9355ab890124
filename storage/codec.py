"""How articles and times are written in Redis: UTF-8 strings, numbers and JSON; never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from dedup.body import compared
from dedup.model import Article, Fingerprint
from storage.keys import short_hash


def text_of(value: object) -> str:
    """A reply of Redis as a string, whether the client decodes replies or not."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else str(value)


def iso(moment: datetime | None) -> str:
    """A time as `2026-11-24T09:30:00Z`, empty for none; such strings sort as the times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def from_iso(text: str) -> datetime | None:
    """The time that `iso` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) if text else None


def compact(value: object) -> str:
    """JSON without spaces, readable in any script."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def exact_hex(fingerprint: Fingerprint) -> str:
    """The exact hash as 16 hexadecimal digits (Lua's numbers would lose digits)."""
    return f"{fingerprint.exact:016x}"


def content(article: Article) -> str:
    """A digest of what the article says, whether or not parts of it have been learnt to be furniture since."""
    said = " ".join(s.text for s in article.segments if s.kind in ("text", "furniture"))
    return short_hash(" ".join(said.casefold().split()))


def article_fields(article: Article, fingerprint: Fingerprint) -> dict[str, str | int]:
    """The fields of `article:{id}` that the article itself gives; its placement is added by `link`."""
    return {
        "id": article.id,
        "url": article.url,
        "outlet": article.outlet,
        "lang": article.lang,
        "title": article.title,
        "published": iso(article.published),
        "seen": iso(article.seen),
        "text": article.text,
        "aside": compact(
            [[i, s.kind, s.place, s.text] for i, s in enumerate(article.segments) if s.kind != "text"]
        ),
        "repeats": len(article.repeats),
        "repeated": compact(
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
        ),
        "authors": compact(list(article.authors)),
        "image": article.image,
        "wire": article.wire,
        "source": article.source,
        "source_url": article.source_url,
        "page": article.page,
        "taken_from": compact(dict(article.taken_from)),
        "feed": article.feed,
        "entry": article.entry_key,
        "headline_in_text": int(article.headline_in_text),
        "skip": "{} {}".format(*article.skip),
        "exact": exact_hex(fingerprint),
        "content": content(article),
        "shingles": fingerprint.shingles,
    }


def body(fields: Mapping[str, str]) -> str:
    """What of a stored article is compared (`Article.body`)."""
    carries = fields.get("headline_in_text") == "1"
    return compared(fields.get("title", ""), fields.get("text", ""), headline_in_text=carries)


def skip_of(fields: Mapping[str, str]) -> tuple[int, int]:
    """How many words of furniture a stored article's text begins and ends with."""
    head, _, tail = fields.get("skip", "0 0").partition(" ")
    return int(head), int(tail or 0)
