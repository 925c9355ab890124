"""An outlet's feed in the format it publishes: RSS 2.0, Atom, RDF (RSS 1.0) or JSON Feed 1.1."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from newsfold.demo.outlets import Article, FeedFormat, Outlet, published
from newsfold.demo.pages import body_html

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RSS10 = "http://purl.org/rss/1.0/"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

MEDIA_TYPES: dict[FeedFormat, str] = {
    "rss20": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}

for _prefix, _uri in (("content", CONTENT), ("dc", DC), ("rdf", RDF)):
    register_namespace(_prefix, _uri)


def feed(outlet: Outlet, now: datetime) -> bytes:
    """The outlet's feed, newest article first."""
    newest_first = sorted(outlet.articles, key=lambda article: article.hours_ago)
    return _WRITERS[outlet.feed_format](outlet, newest_first, now)


def _rss20(outlet: Outlet, articles: list[Article], now: datetime) -> bytes:
    root = Element("rss", version="2.0")
    channel = SubElement(root, "channel")
    _texts(channel, title=outlet.name, link=f"http://{outlet.host}/", description=outlet.motto)
    _texts(channel, language=outlet.language, ttl="15")
    for article in articles:
        item = SubElement(channel, "item")
        _texts(item, title=article.headline, link=outlet.feed_link(article), description=article.summary)
        SubElement(item, "guid", isPermaLink="false").text = f"{outlet.host}:{article.slug}"
        _texts(item, category=article.section, pubDate=format_datetime(published(article, now)))
        _texts(item, DC, creator=article.author or article.agency)
        if outlet.full_feed:
            _texts(item, CONTENT, encoded=body_html(article))
    return _xml(root)


def _atom(outlet: Outlet, articles: list[Article], now: datetime) -> bytes:
    root = Element("feed", {"xmlns": ATOM, XML_LANG: outlet.language})
    _texts(root, title=outlet.name, subtitle=outlet.motto, id=f"http://{outlet.host}/")
    _texts(root, updated=_newest(articles, now).isoformat())
    SubElement(root, "link", rel="self", href=outlet.feed_url)
    SubElement(root, "link", rel="alternate", href=f"http://{outlet.host}/")
    for article in articles:
        _atom_entry(root, outlet, article, published(article, now).isoformat())
    return _xml(root)


def _atom_entry(root: Element, outlet: Outlet, article: Article, when: str) -> None:
    entry = SubElement(root, "entry")
    _texts(entry, id=f"tag:{outlet.host},2020:{article.slug}", title=article.headline)
    _texts(entry, published=when, updated=when, summary=article.summary)
    SubElement(entry, "link", rel="alternate", type="text/html", href=outlet.feed_link(article))
    author = SubElement(entry, "author")
    _texts(author, name=article.author or article.agency)
    if outlet.full_feed:
        SubElement(entry, "content", type="html").text = body_html(article)


def _rdf(outlet: Outlet, articles: list[Article], now: datetime) -> bytes:
    root = Element(_name(RDF, "RDF"), {"xmlns": RSS10})
    channel = SubElement(root, "channel", {_name(RDF, "about"): outlet.feed_url})
    _texts(channel, title=outlet.name, link=f"http://{outlet.host}/", description=outlet.motto)
    _texts(channel, DC, language=outlet.language)
    listed = SubElement(SubElement(channel, "items"), _name(RDF, "Seq"))
    for article in articles:
        link = outlet.feed_link(article)
        SubElement(listed, _name(RDF, "li"), {_name(RDF, "resource"): link})
        item = SubElement(root, "item", {_name(RDF, "about"): link})
        _texts(item, title=article.headline, link=link, description=article.summary)
        _texts(item, DC, creator=article.author or article.agency, subject=article.section)
        _texts(item, DC, date=published(article, now).isoformat())
    return _xml(root)


def _json(outlet: Outlet, articles: list[Article], now: datetime) -> bytes:
    told = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "description": outlet.motto,
        "home_page_url": f"http://{outlet.host}/",
        "feed_url": outlet.feed_url,
        "language": outlet.language,
        "items": [_json_item(outlet, article, now) for article in articles],
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _json_item(outlet: Outlet, article: Article, now: datetime) -> dict[str, object]:
    item: dict[str, object] = {
        "id": f"{outlet.host}/{article.slug}",
        "url": outlet.feed_link(article),
        "title": article.headline,
        "summary": article.summary,
        "date_published": published(article, now).isoformat(),
        "authors": [{"name": article.author or article.agency}],
        "tags": [article.section],
    }
    # JSON Feed asks every item for a content; an outlet that gives none away repeats its summary.
    return item | (
        {"content_html": body_html(article)} if outlet.full_feed else {"content_text": article.summary}
    )


_WRITERS: dict[FeedFormat, Callable[[Outlet, list[Article], datetime], bytes]] = {
    "rss20": _rss20,
    "atom": _atom,
    "rdf": _rdf,
    "json": _json,
}


def _newest(articles: list[Article], now: datetime) -> datetime:
    return max(published(article, now) for article in articles)


def _name(namespace: str, tag: str) -> str:
    return f"{{{namespace}}}{tag}" if namespace else tag


def _texts(parent: Element, namespace: str = "", /, **children: str) -> None:
    for tag, text in children.items():
        SubElement(parent, _name(namespace, tag)).text = text


def _xml(root: Element) -> bytes:
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written
