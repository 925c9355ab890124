"""Articles on their way into Redis and back: as they are stored, linked and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dedup.model import Article, Change
from dedup.stubs import Stub, stub_of
from storage.codec import body, skip_of
from storage.keys import group_id, regroup_id, story_id
from storage.plain import compact, iso, text_of
from storage.vectors import binary, packed_density

BODY_FIELDS = ("title", "text", "headline_in_text", "outlet", "skip", "lang")
# How much of a record says how the article was placed, which a revision leaves as it is.
PLACED = 14


@dataclass(frozen=True, slots=True)
class Body:
    """A stored article's text as it is compared, its outlet, the words of furniture at its ends, and what a stub is under."""

    text: str
    outlet: str
    skip: tuple[int, int]
    stub: Stub = None


@dataclass(frozen=True, slots=True)
class Record:
    """An article as it is stored, whatever is decided about it: its fields, flat, and what of it is indexed.

    `urls` are the keys of all addresses that lead to it, `page` the queued page that it settles, `words` what it is
    found by.
    """

    article: Article
    fields: list[str]
    digest: str
    shingles: int
    urls: tuple[str, ...] = ()
    page: str = ""
    words: bytes = b""


@dataclass(frozen=True, slots=True)
class Link:
    """An article with what was decided about it, to be stored.

    `unite` are articles whose groups to unite it with, `story` the story to join; both empty where it stands alone.
    `beside` is the nearest group of the best story and `terms` what they share; `spot` is where a new group is
    entered among the texts that tell events, `entered` where a worker that died before it linked may have entered the
    article's own, `changes` are what its arrival moves. `reworded` is for a known article
    whose words changed, which may leave its group; `posted` is the group that its text was entered as, where it was.
    """

    record: Record
    unite: tuple[str, ...] = ()
    story: str = ""
    verdict: str = "new"
    similarity: float = 0.0
    matched: str = ""
    score: float = 0.0
    beside: str = ""
    terms: tuple[tuple[str, float], ...] = ()
    spot: int | None = None
    entered: int | None = None
    density: float = 0.0
    changes: tuple[Change, ...] = ()
    reworded: bool = False
    posted: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """Where an article ended; `verdict` is "unchanged" or "revision" where it was known before."""

    group: str
    story: str
    group_is_new: bool
    story_is_new: bool
    verdict: str


def bodies_of(articles: Sequence[str], rows: Sequence[Any]) -> dict[str, Body]:
    """What the fields of articles hold; an article that expired is left out."""
    found = {}
    for article, row in zip(articles, rows, strict=True):
        if row[1] is not False:
            fields = {name: text_of(v) for name, v in zip(BODY_FIELDS, row, strict=False) if v}
            text = body(fields)
            stub = stub_of(fields.get("title", ""), text, fields.get("lang", ""))
            found[article] = Body(text, fields.get("outlet", ""), skip_of(fields), stub)
    return found


def link_doc(link: Link, here: str, stories: bool) -> dict[str, object]:
    """What a link says of one article; `here` is the slice it is indexed in."""
    record, article = link.record, link.record.article
    group = regroup_id(article.id, record.digest) if link.reworded else group_id(article.id)
    return {
        "id": article.id,
        "record": [*_placed(link), "slice", here, *record.fields],
        "content": record.digest,
        "time": int(article.time.timestamp()),
        "at": iso(article.time),
        "shingles": record.shingles,
        "group": group,
        "unite": [group_id(other) for other in link.unite],
        "url_keys": record.urls,
        "page": record.page,
        **({"reworded": True} if link.reworded else {}),
        "words": record.words,
        "hearsay": article.feed,
        **(_told(link, group) if stories else {}),
    }


def _placed(link: Link) -> list[str]:
    """The fields that say how an article was placed."""
    return [
        "seen", iso(link.record.article.seen),
        "verdict", link.verdict,
        "similarity", f"{link.similarity:.4f}",
        "matched", link.matched,
        "score", f"{link.score:.4f}",
        "beside", link.beside,
        "terms", compact(list(link.terms)) if link.terms else "[]",
    ]  # fmt: skip


def _told(link: Link, group: str) -> dict[str, object]:
    """What a link says of the story, and of what else moves."""
    article = link.record.article
    told: dict[str, object] = {
        "own_story": story_id(group),
        "story": link.story,
        "fields": {
            "lang": article.lang,
            "title": article.title,
            "url": article.url,
            "outlet": article.outlet,
            "wire": article.wire,
        },
    }
    if link.entered is not None or link.spot is not None:
        told["posted"] = binary(link.posted or group)
    if link.entered is not None:
        told["entered"] = str(link.entered)
    if link.spot is not None:
        told["spot"], told["density"] = str(link.spot), packed_density(link.density)
        told["changes"] = [[change.group, change.left, change.story] for change in link.changes]
    return told


def linked(row: Sequence[Any]) -> Linked:
    """Where an article ended, as it was answered."""
    group, story, new_group, new_story, verdict = row
    return Linked(group.decode(), story.decode(), bool(new_group), bool(new_story), verdict.decode())
