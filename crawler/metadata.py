"""What a page says about itself, collected and not yet judged: JSON-LD, OpenGraph, meta tags, markup.

`crawler.fields` chooses among these candidates. Every one keeps the name of its source, because the
choice is by source and by agreement between sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml.html import HtmlElement

from crawler.elements import Candidate, from_elements, of_item, parent_tag
from crawler.jsonld import (
    MAX_VALUE,
    article_nodes,
    fold,
    is_article_type,
    json_nodes,
    many,
    names,
    texts,
    types,
)

_MAX_NAMES = 20
_MOST_ADDRESSES = 5
_MOST_HEADINGS = 100

_META_TITLES = (
    "og:title",
    "twitter:title",
    "parsely-title",
    "sailthru.title",
    "dc.title",
    "dcterms.title",
    "headline",
)
_META_DATES = (
    "article:published_time", "og:published_time", "og:article:published_time", "datepublished", "parsely-pub-date",
    "sailthru.date", "cxenseparse:recs:publishtime", "date", "pubdate", "publishdate", "publish-date", "publish_date",
    "dc.date.issued", "dcterms.created", "dc.date.created", "dc.date", "dcterms.date", "article.published",
    "published_at", "article_date_original", "last-modified",
)  # fmt: skip
_META_AUTHORS = (
    "author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "byl", "dcterms.creator",
    "article.author", "og:article:author", "cxenseparse:author",
)  # fmt: skip
_META_IMAGES = ("og:image", "og:image:secure_url", "og:image:url", "twitter:image", "twitter:image:src")
_META_SITES = (
    "og:site_name",
    "application-name",
    "apple-mobile-web-app-title",
    "al:ios:app_name",
    "dc.publisher",
)


@dataclass(frozen=True, slots=True)
class PageMeta:
    """All that a page says about itself, in document order within a source; texts have folded space.

    `types` are those of its JSON-LD, `free` whether that calls it accessible for free (None: it does not say),
    `linked_headings` are those that are links, as an index has them.
    """

    titles: tuple[Candidate, ...] = ()
    published: tuple[Candidate, ...] = ()
    authors: tuple[Candidate, ...] = ()
    images: tuple[Candidate, ...] = ()
    site_names: tuple[str, ...] = ()
    canonical: tuple[Candidate, ...] = ()
    lang: str = ""
    types: frozenset[str] = frozenset()
    og_type: str = ""
    free: bool | None = None
    linked_headings: tuple[str, ...] = ()

    @property
    def is_article(self) -> bool:
        """Whether the page declares itself an article."""
        return self.og_type == "article" or any(map(is_article_type, self.types))


def read_meta(tree: HtmlElement) -> PageMeta:
    """Collect what a parsed page says about itself; broken JSON-LD is repaired or left out."""
    meta = _meta_tags(tree)
    nodes = list(json_nodes(tree))
    articles = article_nodes(nodes)
    return PageMeta(
        titles=_unique(_titles(tree, meta, articles)),
        published=_unique(_dates(tree, meta, articles, nodes)),
        authors=_unique(_authors(tree, meta, articles)),
        images=_unique(_images(meta, articles)),
        site_names=tuple(dict.fromkeys(_site_names(meta, nodes))),
        canonical=tuple(_canonicals(tree, meta)),
        lang=_lang(tree, meta),
        types=frozenset(kind for node in nodes for kind in types(node)),
        og_type=next(iter(meta.get("og:type", ())), "").casefold(),
        free=_is_free(articles),
        linked_headings=_linked_headings(tree),
    )


def _linked_headings(tree: HtmlElement) -> tuple[str, ...]:
    found = tree.xpath("//h2[.//a[@href]] | //h3[.//a[@href]] | //a[@href]//h2 | //a[@href]//h3")
    return tuple(fold("".join(map(str, element.itertext()))) for element in found[:_MOST_HEADINGS])


def _is_free(articles: list[dict[str, Any]]) -> bool | None:
    said = [
        str(node["isAccessibleForFree"]).casefold() for node in articles[:1] if "isAccessibleForFree" in node
    ]
    return None if not said else not said[0].endswith("false")


def _titles(
    tree: HtmlElement, meta: dict[str, list[str]], articles: list[dict[str, Any]]
) -> Iterator[Candidate]:
    for node in articles[:1]:
        said = texts(node.get("headline")) or texts(
            node.get("name")
        )  # a name may be an id or made for searches
        yield from (Candidate("jsonld", text) for text in said[:1])
    yield from _from_meta(meta, _META_TITLES)
    yield from from_elements("itemprop", of_item(tree, "headline"))
    yield from from_elements("h1", tree.iter("h1"))
    yield from from_elements(
        "title", (title for title in tree.iter("title") if parent_tag(title) in ("head", "html"))
    )


def _dates(
    tree: HtmlElement, meta: dict[str, list[str]], articles: list[dict[str, Any]], nodes: list[dict[str, Any]]
) -> Iterator[Candidate]:
    for source, found in (("jsonld", articles[:1]), ("jsonld-page", nodes)):
        for node in found:
            yield from (Candidate(source, text) for text in texts(node.get("datePublished"))[:1])
    yield from _from_meta(meta, _META_DATES)
    yield from from_elements("itemprop", of_item(tree, "datePublished"), ("content", "datetime"))
    times = (time for time in tree.iter("time") if time.get("datetime") or "pubdate" in time.attrib)
    yield from from_elements("time", times, ("datetime",))


def _authors(
    tree: HtmlElement, meta: dict[str, list[str]], articles: list[dict[str, Any]]
) -> Iterator[Candidate]:
    for node in articles[:1]:
        for key in ("author", "creator"):
            yield from (Candidate("jsonld", name) for name in names(node.get(key))[:_MAX_NAMES])
    yield from _from_meta(meta, _META_AUTHORS)
    yield from from_elements("itemprop", of_item(tree, "author"))
    yield from from_elements("rel", (link for link in tree.iter("a") if link.get("rel") == "author"))


def _images(meta: dict[str, list[str]], articles: list[dict[str, Any]]) -> Iterator[Candidate]:
    yield from _from_meta(meta, _META_IMAGES)
    for node in articles[:1]:
        for image in many(node.get("image")):
            address = image.get("url") or image.get("contentUrl") if isinstance(image, dict) else image
            yield from (Candidate("jsonld", text) for text in texts(address)[:1])


def _site_names(meta: dict[str, list[str]], nodes: list[dict[str, Any]]) -> Iterator[str]:
    yield from (value for key in _META_SITES for value in meta.get(key, ()))
    for node in nodes:
        yield from names(node.get("publisher"))
        if {"WebSite", "NewsMediaOrganization"} & set(types(node)):
            yield from names(node)


def _canonicals(tree: HtmlElement, meta: dict[str, list[str]]) -> Iterator[Candidate]:
    links = tree.xpath(
        "//link[@href][contains(concat(' ', normalize-space(@rel), ' '), ' canonical ')]/@href"
    )
    yield from (Candidate("canonical", str(link).strip()[:MAX_VALUE]) for link in links[:_MOST_ADDRESSES])
    yield from (Candidate("og:url", url) for url in meta.get("og:url", ())[:_MOST_ADDRESSES])


def _lang(tree: HtmlElement, meta: dict[str, list[str]]) -> str:
    declared = [
        tree.get("lang"),
        tree.get("xml:lang"),
        *(str(x) for x in tree.xpath("/html/@*[local-name()='lang']")),
    ]
    declared += [
        value for key in ("content-language", "og:locale", "language") for value in meta.get(key, ())
    ]
    return next((value.strip() for value in declared if value and value.strip()), "")


def _from_meta(meta: dict[str, list[str]], names: Iterable[str]) -> Iterator[Candidate]:
    return (Candidate(name, value) for name in names for value in meta.get(name, ()))


def _meta_tags(tree: HtmlElement) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        value = fold(element.get("content") or element.get("value") or "")
        names = {
            (element.get(key) or "").strip().lower() for key in ("property", "name", "http-equiv", "itemprop")
        }
        for name in names - {""} if value else ():
            if value not in tags.setdefault(name, []) and len(tags[name]) < _MAX_NAMES:
                tags[name].append(value)
    return tags


def _unique(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    return tuple(dict.fromkeys(candidates))
