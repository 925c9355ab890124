"""Names of elements and attributes, whatever prefix a feed gives to their vocabulary."""

from __future__ import annotations

from typing import Any, Final

ATOM: Final = "http://www.w3.org/2005/Atom"
# The vocabularies of RSS and Atom themselves have no prefix; all others that feedparser knows have theirs.
_PLAIN: Final = (
    "http://backend.userland.com/rss", "http://blogs.law.harvard.edu/tech/rss", "http://purl.org/rss/1.0/",
    "http://purl.org/atom/ns#", ATOM, "http://purl.org/rss/1.0/modules/rss091#",
)  # fmt: skip
_PREFIXES: Final = {
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/xml/1998/namespace": "xml",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    # Nothing of these is read, nor does feedparser read of them what is read here.
    "http://purl.org/rss/1.0/modules/slash/": "slash",
    "http://purl.org/rss/1.0/modules/threading/": "thr",
    "http://purl.org/syndication/thread/1.0": "thread",
    "http://wellformedweb.org/commentapi/": "wfw",
    "http://www.georss.org/georss": "georss",
    "http://www.opengis.net/gml": "gml",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo",
    "http://webns.net/mvcb/": "admin",
    "http://creativecommons.org/ns#license": "cc",
    "http://web.resource.org/cc/": "cc",
    "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
    "http://backend.userland.com/creativecommonsrssmodule": "creativecommons",
    "http://purl.org/rss/1.0/modules/taxonomy/": "taxo",
    "http://purl.org/rss/1.0/modules/image/": "image",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs",
    "http://xmlns.com/foaf/0.1/": "foaf",
    "http://prismstandard.org/namespaces/1.2/basic/": "prism",
    "http://media.tangent.org/rss/1.0/": "audio",
    "http://podlove.org/simple-chapters": "psc",
}
_KNOWN: Final = {**{uri.lower(): "" for uri in _PLAIN}, **_PREFIXES}
# A prefix of these on another vocabulary: feedparser goes by it.
_ATTRIBUTES: Final = 200
_TAKEN: Final = frozenset(_PREFIXES.values())


class Unusual(Exception):  # noqa: N818 - a way to the slower reader, not an error
    """Something in this feed is read otherwise than the quick rules would."""


class Names:
    """The names of a document's elements: "title", "dc:title", "?:title" for a vocabulary that is not known."""

    def __init__(self) -> None:
        self._cache: dict[str, str] = {}

    def of(self, element: Any) -> str:
        """The name of one element, in lower case."""
        name = self._cache.get(element.tag)
        if name is None:
            name = self._cache[element.tag] = _name(element)
        return name


def _name(element: Any) -> str:
    uri, _, local = str(element.tag)[1:].rpartition("}") if element.tag[0] == "{" else ("", "", element.tag)
    local = local.lower()
    if not uri:
        return local
    prefix = _KNOWN.get(uri.lower())
    if prefix is None:
        given = (element.prefix or "").lower()
        if given in _TAKEN or "userland.com/rss" in uri.lower() or "//purl.org/rss/1" in uri.lower():
            raise Unusual(f"the vocabulary {uri}")
        if not given and any(other == uri for name, other in element.nsmap.items() if name):
            raise Unusual(f"a vocabulary of two prefixes, {uri}")
        return f"?:{local}" if given else local
    return f"{prefix}:{local}" if prefix else local


def attributes(element: Any) -> dict[str, str]:
    """The attributes by names in lower case, with the usual prefix of their vocabulary ("xml:lang", "rdf:about")."""
    if len(element.attrib) > _ATTRIBUTES:
        raise Unusual("a great many attributes")
    found = {}
    for key, value in element.attrib.items():
        if key[0] == "{":
            uri, _, local = key[1:].rpartition("}")
            prefix = _KNOWN.get(uri.lower())
            key = f"{prefix}:{local}" if prefix else local
        key = key.lower()
        found[key] = value.lower() if key in ("rel", "type") else value
    return found


def lang_of(found: dict[str, str], above: str | None) -> str | None:
    """The language that an element's attributes declare, else that of what it stands in; an empty one is none."""
    lang = found.get("xml:lang", found.get("lang"))
    return above if lang is None else (lang or None)
