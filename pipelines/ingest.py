"""JSON Lines into the same stages as a crawl, in the order of the file."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import IO, Any

from crawler.extract import ExtractError
from crawler.fields import parse_when
from crawler.kinds import WALLS
from crawler.language import choose_language, primary
from crawler.model import Block, Entry, Page
from crawler.pool import Extractors, Job
from crawler.text import plain, tidy
from crawler.urls import canonical_url, outlet_of
from dedup.headline import as_printed
from dedup.model import Placement
from pipelines.clean import to_article
from pipelines.desk import Desk
from pipelines.placing import Submission
from storage.keys import article_id, short_hash

BATCH = 64
_MOST_ID = 200
# A text prints its headline near its beginning, if not all of it.
_MOST_LINES = 200


class BadLine(ValueError):  # noqa: N818
    """A line that is no article; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One good line of input: what it says, and the page still to be extracted where it gives HTML."""

    number: int
    page: Page
    html: bytes = b""


def open_lines(stream: IO[bytes]) -> IO[bytes]:
    """The stream, decompressed where it is gzip."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # type: ignore[type-var]
    return gzip.open(buffered) if buffered.peek(2)[:2] == b"\x1f\x8b" else buffered  # type: ignore[return-value]


def parse_rows(lines: Iterable[bytes], bad: Callable[[int, str], None], first: int = 1) -> Iterator[Row]:
    """The articles of lines, the first of which has this number; `bad` is told of each that is none, and it is skipped.

    An article that has neither id nor address is given an id by `numbered`.
    """
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        try:
            yield _row(number, _object(line))
        except BadLine as error:
            bad(number, str(error))


def digest(row: Row) -> bytes:
    """Eight bytes for what a row says; equal rows have equal ones."""
    page = row.page
    return bytes.fromhex(short_hash(repr((page.outlet, page.title, page.blocks, row.html)), 8))


def numbered(row: Row, digest: bytes, number: int) -> Row:
    """The row with an id: two equal lines of a file are two articles, and the same two on every run."""
    return replace(row, page=replace(row.page, id=article_id(f"line {digest.hex()} {number}")))


def read_rows(lines: Iterable[bytes], bad: Callable[[int, str], None]) -> Iterator[Row]:
    """The articles of a whole file, all with an id."""
    made: Counter[bytes] = Counter()
    for row in parse_rows(lines, bad):
        if row.page.id:
            yield row
        else:
            said = digest(row)
            made[said] += 1
            yield numbered(row, said, made[said])


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise BadLine(f"it is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise BadLine("it is not a JSON object")
    for name in ("title", "text", "html", "url", "outlet", "lang"):
        if value.get(name) is not None and not isinstance(value[name], str):
            raise BadLine(f"{name!r} is not a string")
    if not any(str(value.get(name) or "").strip() for name in ("title", "text", "html")):
        raise BadLine("it has neither title nor text nor html")
    return value


def _row(number: int, value: dict[str, Any]) -> Row:
    given = {name: value.get(name) or "" for name in ("title", "text", "html", "url", "outlet", "lang")}
    url = canonical_url(given["url"]) if given["url"] else ""
    blocks = tuple(Block("paragraph", text) for line in given["text"].splitlines() if (text := tidy(line)))
    title = as_printed(plain(given["title"]), (block.text for block in blocks[:_MOST_LINES]))
    page = Page(
        url=url,
        outlet=given["outlet"] or (outlet_of(url) if url else ""),
        title=title,
        blocks=blocks,
        lang=primary(given["lang"]),
        published=_published(value.get("published")),
        source="input",
        id=_identity(value.get("id")) or (article_id(url) if url else ""),
    )
    if given["html"]:
        return Row(number, page, given["html"].encode("utf-8", "surrogatepass"))
    text = " ".join([title, *(block.text for block in blocks[:40])])
    return Row(number, replace(page, lang=page.lang or choose_language(text).value))


def _identity(value: object) -> str:
    if value is None or value == "":
        return ""
    text = str(value)
    if isinstance(value, bool | dict | list) or len(text) > _MOST_ID or not text.isprintable():
        raise BadLine(f"'id' must be a string of at most {_MOST_ID} printable characters")
    return text


def _published(value: object) -> datetime | None:
    """The time that a line gives, as text or in seconds of the epoch; one that is none is not known."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    moment = parse_when(str(value))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC) if moment else None


def extract_rows(
    rows: Iterable[Row], extractors: Extractors, bad: Callable[[int, str], None]
) -> Iterator[Page]:
    """The pages of rows, in order; HTML is read as a fetched page is, what the line says goes first."""
    waiting: list[Row] = []
    for row in rows:
        if row.html:
            waiting.append(row)
            if len(waiting) < BATCH:
                continue
            yield from _extracted(waiting, extractors, bad)
            waiting = []
        else:
            yield from _extracted(waiting, extractors, bad)
            waiting = []
            yield row.page
    yield from _extracted(waiting, extractors, bad)


def _extracted(rows: list[Row], extractors: Extractors, bad: Callable[[int, str], None]) -> Iterator[Page]:
    jobs = (
        Job(
            row.html,
            row.page.url,
            "text/html; charset=utf-8",
            Entry(key="", link=row.page.url, title=row.page.title, published=row.page.published),
            row.page.lang,
            row.page.outlet,
        )
        for row in rows
    )
    for row, page in zip(rows, extractors.map(jobs), strict=True):
        if isinstance(page, ExtractError):
            bad(row.number, str(page))
        elif page.kind in WALLS and not (row.page.title or row.page.blocks):
            bad(row.number, f"the page is no article ({page.kind})")
        else:
            yield _merged(row.page, page)


def _merged(said: Page, found: Page) -> Page:
    """The extracted page under what the line itself says."""
    return replace(
        found,
        id=said.id,
        url=said.url or found.url,
        outlet=said.outlet or found.outlet,
        title=as_printed(said.title, (found.title, *found.headlines)) or found.title,
        blocks=found.blocks or said.blocks,
        lang=said.lang or found.lang,
        published=said.published or found.published,
    )


def ingest(
    desk: Desk, pages: Iterable[Page], now: Callable[[], datetime], done: Callable[[list[Placement]], None]
) -> None:
    """Clean, place and store pages in their order, in batches; `done` hears of each batch."""
    for placements in desk.placer.place_all(_batches(desk, pages, now)):
        done(placements)


def _batches(
    desk: Desk, pages: Iterable[Page], now: Callable[[], datetime]
) -> Iterator[tuple[list[Submission], datetime]]:
    remaining = iter(pages)
    while batch := list(islice(remaining, BATCH)):
        articles = [to_article(page, now(), desk.family(page.outlet)) for page in batch]
        yield (
            [
                Submission(article, (page.url,) if page.url else ())
                for article, page in zip(articles, batch, strict=True)
            ],
            now(),
        )
