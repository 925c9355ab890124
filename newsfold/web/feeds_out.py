"""Stories as feeds: Atom (RFC 4287), JSON Feed 1.1 and OPML 2.0. An entry is a story; its id stays while it grows."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from lxml import etree

from crawler.parse.document import only_xml
from newsfold.safetext import plain_line
from newsfold.web.query import Query
from storage.plain import iso
from storage.views import StorySummary

_ATOM: Final = "http://www.w3.org/2005/Atom"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_AUTHORITY: Final = "newsfold,2026"
_LEAD: Final = 300
_LONG_WORD: Final = 40
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A story as a feed shows it: with the beginning of its representative's text and its outlets, most articles first."""

    story: StorySummary
    lead: str
    outlets: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Channel:
    """A feed: where newsfold is reached (no slash at the end), what was asked, as its parameters, and the next page."""

    base: str
    query: Query
    said: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    next: str = ""

    def url(self, form: str, **more: str) -> str:
        """The address of this listing in one of the forms."""
        said = {**dict(self.said), **more}
        said = {name: value for name, value in said.items() if value}
        return f"{self.base}/stories.{form}" + (f"?{urlencode(said, quote_via=quote)}" if said else "")

    @property
    def identity(self) -> str:
        """The feed's id, the same wherever it is read and on every page."""
        kept = sorted(pair for pair in self.said if pair[0] not in ("cursor", "limit"))
        return f"tag:{_AUTHORITY}:stories?{urlencode(kept, quote_via=quote)}"

    @property
    def updated(self) -> datetime:
        """When the latest of its stories grew."""
        return max((_grown(entry.story) for entry in self.entries), default=_NEVER)


def title_of(query: Query) -> str:
    """What a feed of a query is called."""
    parts = [
        f"in {query.lang}" if query.lang else "",
        f"with “{query.words}”" if query.words else "",
        f"printed by {query.outlet}" if query.outlet else "",
        f"with at least {query.min_outlets} outlets" if query.min_outlets > 1 else "",
        f"of at least {query.min_groups} independent texts" if query.min_groups > 1 else "",
    ]
    return " ".join(["Stories", *filter(None, parts)])


def entry_id(story: str) -> str:
    """The id of a story in every feed."""
    return f"tag:{_AUTHORITY}:story/{story}"


def counted(story: StorySummary) -> str:
    """How much a story is."""
    words = (("article", story.articles), ("outlet", story.outlets), ("independent text", story.groups))
    return ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for word, n in words)


def shortened(text: str) -> str:
    """The beginning of a text, on one line; a word is not cut, where words are parted by spaces."""
    line = " ".join(text.split())
    if len(line) <= _LEAD:
        return line
    head, _, cut = line[:_LEAD].rpartition(" ")
    return (head if head and len(cut) < _LONG_WORD else line[:_LEAD]) + "…"


def content(entry: Entry) -> str:
    """An entry as a fragment of HTML: the lead, the counts, the outlets; nothing in it runs or is fetched."""
    printed = ", ".join(
        html.escape(name) + (f" ({count})" if count > 1 else "") for name, count in entry.outlets.items()
    )
    lead = f"<p>{html.escape(entry.lead)}</p>" if entry.lead else ""
    return f"{lead}<p>{counted(entry.story)}: {printed}</p>"


def _grown(story: StorySummary) -> datetime:
    return story.seen or story.latest or _NEVER


def _web(url: str) -> str:
    """An address that a feed may name, "" for what is none."""
    return url if re.match(r"https?://[^\s/]", url) and not re.search(r"\s", url) else ""


def _shown(text: str) -> str:
    """Text from outside as XML takes it, on one line, without what turns its direction."""
    return only_xml(plain_line(text))


# --- Atom


def _element(parent: Any, name: str, text: str = "", **attributes: str) -> Any:
    made = etree.SubElement(parent, f"{{{_ATOM}}}{name}", {k: _shown(v) for k, v in attributes.items()})
    made.text = _shown(text) or None
    return made


def atom(channel: Channel) -> bytes:
    """The feed as Atom."""
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})  # type: ignore[dict-item]
    _element(feed, "id", channel.identity)
    _element(feed, "title", title_of(channel.query))
    _element(feed, "updated", iso(channel.updated))
    _element(feed, "generator", "newsfold")
    _element(_element(feed, "author"), "name", "newsfold")
    _element(feed, "link", rel="self", type="application/atom+xml", href=channel.url("atom"))
    _element(feed, "link", rel="alternate", type="text/html", href=f"{channel.base}/")
    if channel.next:
        _element(
            feed,
            "link",
            rel="next",
            type="application/atom+xml",
            href=channel.url("atom", cursor=channel.next),
        )
    for entry in channel.entries:
        _atom_entry(feed, channel, entry)
    return bytes(etree.tostring(feed, encoding="utf-8", xml_declaration=True))


def _atom_entry(feed: Any, channel: Channel, entry: Entry) -> None:
    story, made = entry.story, _element(feed, "entry")
    if story.lang not in ("", "und"):
        made.set(_XML_LANG, story.lang)
    _element(made, "id", entry_id(story.id))
    _element(made, "title", story.headline or counted(story))
    _element(made, "updated", iso(_grown(story)))
    _element(made, "published", iso(story.first or _grown(story)))
    _element(made, "link", rel="alternate", type="text/html", href=f"{channel.base}/story/{story.id}")
    if url := _web(story.url):
        _element(made, "link", rel="related", href=url)
    _element(_element(made, "author"), "name", story.outlet or "newsfold")
    for tag in _tags(story):
        _element(made, "category", term=tag)
    _element(made, "summary", counted(story))
    _element(made, "content", content(entry), type="html")


def _tags(story: StorySummary) -> list[str]:
    return [tag for tag in (story.lang, story.wire) if tag]


# --- JSON Feed


def json_feed(channel: Channel) -> dict[str, Any]:
    """The feed as JSON Feed."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title_of(channel.query),
        "description": "Stories of many outlets, folded by newsfold.",
        "home_page_url": f"{channel.base}/",
        "feed_url": channel.url("json"),
        **({"next_url": channel.url("json", cursor=channel.next)} if channel.next else {}),
        **({"language": channel.query.lang} if channel.query.lang else {}),
    }
    return {**feed, "items": [_item(channel, entry) for entry in channel.entries]}


def _item(channel: Channel, entry: Entry) -> dict[str, Any]:
    story = entry.story
    return {
        "id": entry_id(story.id),
        "url": f"{channel.base}/story/{story.id}",
        **({"external_url": url} if (url := _web(story.url)) else {}),
        "title": story.headline or counted(story),
        "summary": counted(story),
        "content_html": content(entry),
        "date_published": iso(story.first or _grown(story)),
        "date_modified": iso(_grown(story)),
        "authors": [{"name": story.outlet or "newsfold"}],
        "tags": _tags(story),
        **({"language": story.lang} if story.lang not in ("", "und") else {}),
    }


# --- OPML


def opml(channel: Channel, languages: Iterable[str]) -> bytes:
    """A list of the feeds: all stories of the query, and those of each language."""
    root = etree.Element("opml", version="2.0")
    head, body = etree.SubElement(root, "head"), etree.SubElement(root, "body")
    etree.SubElement(head, "title").text = _shown(title_of(channel.query))
    etree.SubElement(head, "docs").text = "http://opml.org/spec2.opml"
    folder = etree.SubElement(body, "outline", text="newsfold", title="newsfold")
    for lang in ("", *languages):
        _outline(folder, channel, lang)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True))


def _outline(folder: Any, channel: Channel, lang: str) -> None:
    title = title_of(channel.query) + (f" in {lang}" if lang else "")
    more = {"lang": lang} if lang else {}
    found = {
        "type": "rss", "text": title, "title": title, "xmlUrl": channel.url("atom", **more),
        "htmlUrl": f"{channel.base}/", **({"language": lang} if lang else {}),
    }  # fmt: skip
    etree.SubElement(folder, "outline", {name: _shown(value) for name, value in found.items()})


def parameters(query: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """What was asked, without what is empty and without the place on a page."""
    return tuple((name, value) for name, value in query if value.strip() and name != "cursor")
