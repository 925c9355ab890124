"""The OpenAPI 3.1 document of the machine-readable answers; the tests hold every answer against it."""

from __future__ import annotations

from typing import Any

from newsfold import __version__
from newsfold.web.query import PARAMETERS

_TEXT = {"type": "string"}
_URL = {"type": "string", "pattern": "^https?://"}
_TEXTS = {"type": "array", "items": _TEXT}
_COUNT = {"type": "integer", "minimum": 0}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_TIME = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
    "description": "UTC, to the second",
}
_ANY_TIME = {"oneOf": [_TIME, {"type": "null"}]}
_LANGUAGE = {"type": "string", "pattern": "^([a-z]{2,3}|und)?$"}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(doc: str, optional: Any = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "object", "description": doc, "required": list(properties),
        "properties": {**properties, **dict(optional)}, "additionalProperties": False,
    }  # fmt: skip


_STORY = {
    "id": _TEXT, "lang": _LANGUAGE, "headline": _TEXT, "url": _TEXT, "outlet": _TEXT,
    "representative": {"type": "string", "description": "the article that is shown for it"},
    "articles": _COUNT, "outlets": _COUNT, "groups": {**_COUNT, "description": "independent texts"},
    "first": _ANY_TIME, "latest": _ANY_TIME, "seen": {**_ANY_TIME, "description": "when it last grew"},
    "growth": {**_COUNT, "description": "articles of the last hour"},
    "wire": {"type": "string", "description": "the agency that its earliest article credits"},
    "pinned": {**_ANY_TIME, "description": "when an operator pinned it"},
    "hidden": {**_ANY_TIME, "description": "when an operator hid it; listings leave it out"},
}  # fmt: skip
_ARTICLE = {
    "id": _TEXT, "url": _TEXT, "outlet": _TEXT, "lang": _LANGUAGE, "title": _TEXT, "published": _ANY_TIME,
    "seen": _ANY_TIME, "group": _TEXT, "story": _TEXT,
    "verdict": {"enum": ["new", "exact", "near-duplicate", "contained"]},
    "similarity": _SHARE, "matched": {"type": "string", "description": "the article it was compared with"},
    "score": _SHARE, "repeats": {**_COUNT, "description": "times the headline occurred again"}, "wire": _TEXT,
    "source": {"enum": ["page", "feed", "summary", "input", ""]}, "source_url": _TEXT, "page": _TEXT,
    "revisions": _COUNT,
}  # fmt: skip
_PAIR = {"type": "array", "prefixItems": [_TEXT, {"type": "number"}], "items": False, "minItems": 2}
_SCHEMAS = {
    "Story": _object("A story as a line of the listing.", **_STORY),
    "Page": _object(
        "Stories, and where to go on.",
        stories={"type": "array", "items": _ref("Story")},
        total={**_COUNT, "description": "stories on all pages, as of the first"},
        next={"type": ["string", "null"], "description": "path of the next page, null on the last"},
    ),
    "Copy": _object("An article of a story, without its text.", **_ARTICLE),
    "Text": _object(
        "One text and all who printed it, its origin first.",
        id=_TEXT, origin=_TEXT, wire=_TEXT, outlets=_TEXTS, articles={"type": "array", "items": _ref("Copy")},
    ),
    "Step": _object("An article on the timeline.", time=_TIME, article=_TEXT, outlet=_TEXT, group=_TEXT, title=_TEXT),
    "Related": _object("A story on the same event in another language.", **_STORY, score=_SHARE),
    "WholeStory": _object(
        "A story with its texts, the texts that were printed most first.", **_STORY,
        counts={"type": "object", "additionalProperties": _COUNT, "description": "outlet → articles"},
        related={"type": "array", "items": _ref("Related")}, texts={"type": "array", "items": _ref("Text")},
        timeline={"type": "array", "items": _ref("Step")},
    ),
    "Article": _object(
        "An article whole.", **_ARTICLE, text=_TEXT, authors=_TEXTS, image=_TEXT, beside=_TEXT,
        terms={"type": "array", "items": _PAIR},
        repeated={"type": "array", "items": {"type": "object"}},
        aside={"type": "array", "items": {"type": "array", "minItems": 4, "maxItems": 4}},
        taken_from={"type": "object", "additionalProperties": _TEXT},
    ),
    "Feed": _object(
        "A JSON Feed 1.1; every item is a story.", version={"const": "https://jsonfeed.org/version/1.1"}, title=_TEXT,
        description=_TEXT, home_page_url=_URL, feed_url=_URL, items={"type": "array", "items": _ref("Item")},
        optional={"next_url": _URL, "language": _LANGUAGE},
    ),
    "Item": _object(
        "A story; the id stays while it grows.", id=_TEXT, url=_URL, title=_TEXT, summary=_TEXT, content_html=_TEXT,
        date_published=_TIME, date_modified=_TIME, authors={"type": "array", "items": _object("Its outlet.", name=_TEXT)},
        tags=_TEXTS, optional={"external_url": _URL, "language": _LANGUAGE},
    ),
    "Problem": _object(
        "What went wrong (RFC 9457).", type=_TEXT, title=_TEXT, status={"type": "integer"},
        detail={"type": "string", "description": "one sentence"},
    ),
}  # fmt: skip


def _answers(schema: str, *failures: int, media: str = "application/json") -> dict[str, Any]:
    content = {media: {"schema": _ref(schema) if schema else {"type": "string"}}}
    problem = {"application/problem+json": {"schema": _ref("Problem")}}
    words = {
        400: "A parameter is wrong",
        404: "There is none (any more)",
        410: "The cursor is too old",
        503: "Redis does not answer",
    }
    return {
        "200": {"description": "Found", "content": content},
        "304": {"description": "As the ETag or the date that was sent has it"},
        **{str(status): {"description": words[status], "content": problem} for status in (*failures, 503)},
    }  # fmt: skip


def _parameters() -> list[dict[str, Any]]:
    return [
        {"name": p.name, "in": "query", "schema": dict(p.schema), "description": p.meaning}
        for p in PARAMETERS
    ]


def _path(summary: str, answers: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {"get": {"summary": summary, "parameters": parameters, "responses": answers}}


def document() -> dict[str, Any]:
    """The whole document."""
    identity = [{"name": "id", "in": "path", "required": True, "schema": _TEXT}]
    query = _parameters()
    merged = "One story whole; the id of a story that became part of another is answered with that one"
    return {
        "openapi": "3.1.0",
        "info": {"title": "newsfold", "version": __version__, "description": "Stories of many outlets; read only."},
        "paths": {
            "/api/stories": _path("Stories by any filter, page by page", _answers("Page", 400, 410), query),
            "/api/stories/{id}": _path(f"{merged}, which Content-Location names", _answers("WholeStory", 404), identity),
            "/api/articles/{id}": _path("One article whole", _answers("Article", 404), identity),
            "/stories.atom": _path("The listing as an Atom feed", _answers("", 400, 410, media="application/atom+xml"), query),
            "/stories.json": _path("The listing as a JSON Feed", _answers("Feed", 400, 410, media="application/feed+json"), query),
            "/stories.opml": _path("Feeds of the listing, by language", _answers("", 400, media="text/x-opml"), query),
        },
        "components": {"schemas": _SCHEMAS},
    }  # fmt: skip
