"""The operator's list of feeds: OPML, TOML or plain text, told by content; and OPML written back."""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from lxml import etree

from crawler.errors import FeedError, FeedListError
from crawler.events import log_event
from crawler.model import FeedSpec
from crawler.parse.document import decode, only_xml, split_document
from crawler.parse.facts import is_web, language
from crawler.text import plain, tidy

_LOG = logging.getLogger(__name__)
_MOST_BYTES: Final = 20_000_000
_TOML: Final = re.compile(r"^\s*(?:\[\[?\s*\w|feeds\s*=)", re.M)
_KEYS: Final = frozenset({"url", "title", "folder", "lang", "outlet"})
# Exports carry the feeds' addresses as they are: "?a=1&b=2". XML wants "&amp;"; a reader need not.
_BARE_AMPERSAND: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)")
_NOT_LISTS: Final = {
    "html": "a web page",
    "rss": "a feed itself (RSS); list its address instead",
    "rdf:rdf": "a feed itself (RDF); list its address instead",
    "feed": "a feed itself (Atom); list its address instead",
}


def read_feed_list(path: Path) -> tuple[FeedSpec, ...]:
    """The feeds that a file lists, in its order, each address once; FeedListError says what is wrong where.

    The format is told by content: markup is OPML 1.0-2.0 (http://opml.org/spec2.opml), a table header
    or `feeds =` is TOML, all else is a URL a line, with an optional title after white space and `#` comments.
    """
    text = _text(path)
    if text.lstrip().startswith("<"):
        specs = _from_opml(text, path)
    elif path.suffix.lower() == ".toml" or _looks_like_toml(text):
        specs = _from_toml(text, path)
    else:
        specs = _from_lines(text, path)
    unique: dict[str, FeedSpec] = {}
    for spec in specs:
        unique.setdefault(spec.url, spec)
    if not unique:
        raise FeedListError(f"{path} lists no feed")
    return tuple(unique.values())


def write_opml(specs: Iterable[FeedSpec], title: str) -> str:
    """An OPML 2.0 document of the feeds, folders as nested outlines; `read_feed_list` reads it back.

    Feeds of one folder come together under it, in their order.
    """
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _for_xml(title)
    folders: dict[tuple[str, ...], Any] = {(): etree.SubElement(root, "body")}
    for spec in specs:
        parent = _folder_element(folders, tuple(map(_for_xml, spec.folder)))
        name = _for_xml(spec.title)
        found = {"type": "rss", "text": name or spec.url, "title": name, "xmlUrl": _for_xml(spec.url)}
        found |= {"language": _for_xml(spec.lang), "outlet": _for_xml(spec.outlet)}
        etree.SubElement(parent, "outline", {key: value for key, value in found.items() if value})
    etree.indent(root)
    written: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written.decode() + "\n"


def _folder_element(folders: dict[tuple[str, ...], Any], folder: tuple[str, ...]) -> Any:
    if folder not in folders:
        parent = _folder_element(folders, folder[:-1])
        folders[folder] = etree.SubElement(parent, "outline", text=folder[-1])
    return folders[folder]


def _for_xml(text: str) -> str:
    return only_xml(tidy(text))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            body = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise FeedListError(f"{path} does not exist") from None
    except OSError as error:
        raise FeedListError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(body) > _MOST_BYTES:
        raise FeedListError(
            f"{path} is larger than {_MOST_BYTES // 1_000_000} MB, too large for a list of feeds"
        )
    text = decode(body)
    if "\x00" in text:
        raise FeedListError(f"{path} is binary data, not a list of feeds")
    if not text.strip():
        raise FeedListError(f"{path} is empty")
    return text.removeprefix("\ufeff")


def _looks_like_toml(text: str) -> bool:
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return bool(_TOML.match(first))


def feed_spec(
    where: str, url: str, title: str = "", folder: Iterable[str] = (), lang: str = "", outlet: str = ""
) -> FeedSpec:
    """A feed as the operator gives it, tidied; FeedListError, beginning with `where`, for what is no address."""
    address = url.strip()
    # What is not printable would reach a terminal with every line that names the feed.
    if not is_web(address) or " " in address or not address.isprintable():
        raise FeedListError(f"{where}: {address[:200]!r} is not an http or https URL")
    parts = tuple(part for part in map(tidy, folder) if part)
    return FeedSpec(address, tidy(title), parts, language(lang), tidy(outlet))


def _from_lines(text: str, path: Path) -> Iterator[FeedSpec]:
    for number, line in enumerate(text.splitlines(), 1):
        url, *rest = line.split(None, 1) or [""]
        if url and not url.startswith("#"):
            yield feed_spec(f"{path}, line {number}", url, re.sub(r"(?:^|\s)#\s.*$", "", "".join(rest)))


def _from_opml(text: str, path: Path) -> Iterator[FeedSpec]:
    root = _opml_root(text, path)
    for element in root.iter("{*}outline", "{*}Outline", "{*}OUTLINE"):
        found = _attributes(element)
        if url := found.get("xmlurl", "").strip():
            where = f"{path}, line {element.sourceline}"
            title = found.get("title", "").strip() or found.get("text", "").strip()
            title = "" if title == url else plain(title, 1_000)
            yield feed_spec(
                where, url, title, _folder(element), found.get("language", ""), found.get("outlet", "")
            )


def _opml_root(text: str, path: Path) -> Any:
    try:
        document = split_document(text, str(path))
    except FeedError as error:
        raise FeedListError(str(error)) from None
    if document.root != "opml":
        what = _NOT_LISTS.get(document.root, f"no OPML: its first element is <{document.root or '?'}>")
        raise FeedListError(f"{path} is {what}")
    # The DOCTYPE stays behind, and with it every entity; the lines keep their numbers.
    body = "\n" * (document.line - 1) + _BARE_AMPERSAND.sub("&amp;", only_xml(document.body))
    try:
        return etree.fromstring(body.encode(), _opml_parser(recover=False))
    except etree.XMLSyntaxError as error:
        what = re.sub(r", line \d+, column", " at column", error.msg or "")
        sentence = f"{path}, line {error.lineno}: malformed OPML: {what}"
        # One outline with a stray quote must not cost the operator the list.
        root = etree.fromstring(body.encode(), _opml_parser(recover=True))
        if root is None or not root.xpath("boolean(//*[@*])"):
            raise FeedListError(sentence) from error
        log_event(_LOG, logging.WARNING, "list.damaged", reason=sentence)
        return root


def _opml_parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=recover)


def _attributes(element: Any) -> dict[str, str]:
    return {str(key).lower(): str(value) for key, value in element.attrib.items()}


def _folder(element: Any) -> tuple[str, ...]:
    above = [_attributes(one) for one in element.iterancestors() if str(one.tag).lower().endswith("outline")]
    return tuple(found.get("text") or found.get("title", "") for found in reversed(above))


def _from_toml(text: str, path: Path) -> Iterator[FeedSpec]:
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers without end, brackets without end
        match = re.search(r"^(.*) \(at line (\d+)", str(error))
        where, what = (f"{path}, line {match[2]}", match[1]) if match else (str(path), str(error))
        raise FeedListError(f"{where}: malformed TOML: {what}") from error
    _refuse_unknown(found, {"feed", "feeds"}, str(path))
    for number, url in enumerate(_list(found, "feeds", path), 1):
        yield _from_table({"url": url}, f"{path}, number {number} of feeds")
    for number, table in enumerate(_list(found, "feed", path), 1):
        where = f"{path}, [[feed]] number {number}"
        if not isinstance(table, Mapping):
            raise FeedListError(f"{where} is not a table")
        _refuse_unknown(table, _KEYS, where)
        yield _from_table(table, where)


def _list(found: Mapping[str, Any], key: str, path: Path) -> list[Any]:
    value = found.get(key, [])
    if not isinstance(value, list):
        wanted = "a list of URLs" if key == "feeds" else "written [[feed]], with two brackets"
        raise FeedListError(f"{path}: {key} must be {wanted}")
    return value


def _refuse_unknown(found: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    if unknown := sorted(set(found) - set(known)):
        raise FeedListError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")


def _from_table(table: Mapping[str, Any], where: str) -> FeedSpec:
    folder = table.get("folder", [])
    parts = folder.split("/") if isinstance(folder, str) else folder
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise FeedListError(f"{where}: folder must be a string or a list of strings")
    texts = {key: table.get(key, "") for key in ("url", "title", "lang", "outlet")}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise FeedListError(f"{where}: {key} must be a string")
    if "url" not in table:
        raise FeedListError(f"{where} has no url")
    return feed_spec(where, folder=parts, **texts)
