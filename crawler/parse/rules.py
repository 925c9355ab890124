"""Which element of an entry fills which field: feedparser 6.0.14's rules, as functions over an lxml tree.

What a rule here does not know in full it answers with `Unusual`.
"""

from __future__ import annotations

import re
from typing import Any, Final

from crawler.parse.constructs import guessed, joined, mended, own_text, refuse_base, text_of
from crawler.parse.fields import DESCRIPTIONS, NONE, TYPES, XHTML, At, FieldReader, Fields, Rule
from crawler.parse.names import Unusual, attributes
from crawler.parse.times import moment

_REFERENCE: Final = re.compile(r"&([A-Za-z0-9_]+);")


class EntryReader(FieldReader):
    """The rules; what they fill is in `fields`."""

    __slots__ = ()

    def title(self, at: At) -> None:
        kind = self._kind(at.found, "text/plain")
        value = self._content_text(at.element, kind)
        if not -1 < self._title_depth <= at.depth:
            self._store("title", value, at.depth)
            self.fields["title_detail"] = self._detail(kind, at.lang)
        if value and at.name != "media:title":
            self._title_depth = at.depth

    def description(self, at: At) -> None:
        if "summary" in self.fields and not self.full_text:
            self.content(at)
            return
        kind = self._kind(at.found, DESCRIPTIONS[at.name])
        self._store("summary", self._content_text(at.element, kind), at.depth)
        self.fields["summary_detail"] = self._detail(kind, at.lang)

    def content(self, at: At) -> None:
        self.full_text = True
        kind = self._kind(at.found, "text/html" if at.name == "content:encoded" else "text/plain")
        if kind == "text/plain" and not self._version.startswith("atom"):
            kind = guessed(text_of(at.element))
        value = self._content_text(at.element, kind)
        self.fields.setdefault("content", []).append({**self._detail(kind, at.lang), "value": value})
        self.fields.setdefault("summary", value)

    def link(self, at: At) -> None:
        found = dict(at.found)
        relation = found.setdefault("rel", "alternate")
        found.setdefault("type", "application/atom+xml" if relation == "self" else "text/html")
        address = found.get("url", found.get("uri", found.get("href")))
        links = self.fields.setdefault("links", [])
        links.append(found)
        if address or "href" in found:
            found["href"] = joined(self.base, address or found["href"])
            if relation == "alternate" and TYPES.get(found["type"]) in ("text/html", XHTML):
                self.fields["link"] = found["href"]
            if len(at.element):
                raise Unusual("a link that holds others")
            return
        text = text_of(at.element)
        value = mended(joined(self.base, text) if text else "")
        if "&" in value:
            value = _REFERENCE.sub(r"&\g<1>", value.replace("&amp;", "&") if self._in_entry else value)
        self.fields["link"] = value
        if value or not self._in_entry:
            found["href"] = value

    def guid(self, at: At) -> None:
        is_link = at.found.get("ispermalink", "true") == "true"
        text = text_of(at.element)
        value = mended(joined(self.base, text) if is_link and text else text)
        self._store("id", value, at.depth)
        if is_link:
            self.fields.setdefault("link", value)

    def enclosure(self, at: At) -> None:
        found = dict(at.found)
        address = found.get("url", found.get("uri", found.get("href")))
        if address:
            found.pop("url", None)
            found.pop("uri", None)
            found["href"] = address
        found["rel"] = "enclosure"
        self.fields.setdefault("links", []).append(found)
        if len(at.element):
            raise Unusual("an enclosure that holds others")

    def published(self, at: At) -> None:
        self.fields["published_parsed"] = moment(mended(text_of(at.element)))

    def updated(self, at: At) -> None:
        self.fields["updated_parsed"] = moment(mended(text_of(at.element)))

    def author(self, at: At) -> None:
        one: Fields = {}
        self.fields.setdefault("authors", []).append(one)
        for inner in at.element:
            self._author_part(one, inner)
        text = mended((at.element.text or "").strip() if not len(at.element) else own_text(at.element))
        self._store("author", text, at.depth)
        if not one:
            one["name"] = self.fields["author"][:_AUTHOR_LENGTH]

    def _author_part(self, one: Fields, inner: Any) -> None:
        part = self.names.of(inner)
        refuse_base(attributes(inner))
        if part.startswith("?:") and not text_of(inner):
            return
        if part not in _AUTHOR_PARTS:
            raise Unusual(f"{part} of an author")
        if not one and isinstance(self.fields.get("author"), str):
            one["name"] = self.fields["author"][:_AUTHOR_LENGTH]
        one[_AUTHOR_PARTS[part]] = text_of(inner)

    def language(self, at: At) -> None:
        self._store("language", mended(text_of(at.element)), at.depth)

    def original_link(self, at: At) -> None:
        if at.element.attrib:
            raise Unusual("an original link with attributes")
        self._store("feedburner_origlink", mended(text_of(at.element)), at.depth)

    def source(self, at: At) -> None:
        address = at.found.get("url")
        title = mended(text_of(at.element))
        self._title_depth = -1
        source = {"href": address} if address is not None else {}
        self.fields["source"] = {**source, "title": title} if title else source

    def media_content(self, at: At) -> None:
        self.fields.setdefault("media_content", []).append(at.found)
        self.walk(at.element, at.depth + 1, at.lang)

    def thumbnail(self, at: At) -> None:
        found, text = dict(at.found), text_of(at.element)
        if text:
            found.setdefault("url", mended(joined(self.base, text)))
        self.fields.setdefault("media_thumbnail", []).append(found)

    def itunes_image(self, at: At) -> None:
        address = at.found.get("href") or at.found.get("url")
        if len(at.element):
            raise Unusual("an itunes:image that holds others")
        if address:
            self.fields["image"] = {"href": address}

    def image(self, at: At) -> None:
        """A picture in the manner of a channel's; its title is the entry's where this has none."""
        self._title_depth = -1
        for inner in at.element:
            part = self.names.of(inner)
            refuse_base(attributes(inner))
            if part not in _IMAGE_PARTS or (part in ("title", "link") and inner.attrib):
                raise Unusual(f"a {part} of an image")
            text_of(inner)
            if part == "title":
                self.title(At(inner, part, at.depth + 1, NONE, at.lang))

    def syndication(self, at: At) -> None:
        """What the feed says of its own pace; feedparser keeps it under the at.element's at.name."""
        if at.element.attrib:
            raise Unusual(f"{at.name} with attributes")
        self._store(_OWN_NAMES[at.name], mended(text_of(at.element)), at.depth)

    def passed_over(self, at: At) -> None:
        """Text that is kept in no field that is read here."""
        if len(at.element):
            raise Unusual(f"markup inside {at.element.tag}")

    def contributor(self, at: At) -> None:
        for inner in at.element:
            refuse_base(attributes(inner))
        if any(len(inner) or self.names.of(inner) not in _AUTHOR_PARTS for inner in at.element):
            raise Unusual("a contributor that holds more")


_AUTHOR_LENGTH: Final = 300
_AUTHOR_PARTS: Final = {"name": "name", "email": "email", "url": "href", "uri": "href", "homepage": "href"}
_IMAGE_PARTS: Final = frozenset({"url", "href", "width", "height", "title", "link"})
_OWN_NAMES: Final = {
    "ttl": "ttl", "sy:updateperiod": "sy_updateperiod", "sy:updatefrequency": "sy_updatefrequency"
}  # fmt: skip
_RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(("title", "dc:title", "media:title"), EntryReader.title),
    **dict.fromkeys(DESCRIPTIONS, EntryReader.description),
    **dict.fromkeys(("content", "content:encoded"), EntryReader.content),
    **dict.fromkeys(("guid", "id"), EntryReader.guid),
    **dict.fromkeys(("published", "issued", "pubdate", "dcterms:issued"), EntryReader.published),
    **dict.fromkeys(("updated", "modified", "lastbuilddate", "dc:date", "dcterms:modified"), EntryReader.updated),
    **dict.fromkeys(("author", "managingeditor", "dc:author", "dc:creator", "itunes:author"), EntryReader.author),
    **dict.fromkeys(("language", "dc:language"), EntryReader.language),
    **dict.fromkeys(("itunes:image", "itunes:link"), EntryReader.itunes_image),
    **dict.fromkeys(
        ("subtitle", "tagline", "itunes:subtitle", "rights", "copyright", "dc:rights", "info", "generator",
         "feedburner:browserfriendly", "category", "keywords", "media:category", "dc:subject"),
        EntryReader.passed_over,
    ),
    **dict.fromkeys(_OWN_NAMES, EntryReader.syndication),
    "image": EntryReader.image,
    "link": EntryReader.link,
    "enclosure": EntryReader.enclosure,
    "contributor": EntryReader.contributor,
    "feedburner:origlink": EntryReader.original_link,
    "source": EntryReader.source,
    "media:content": EntryReader.media_content,
    "media:thumbnail": EntryReader.thumbnail,
}  # fmt: skip
EntryReader.rules = _RULES
