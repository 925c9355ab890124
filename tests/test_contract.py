"""docs/redis-schema.md against a real crawl's Redis: every key, type, expiry and field, read by redis-cli alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from dedup.thresholds import MinHashConfig
from storage.contract import CONTRACT
from storage.errors import SchemaMismatch
from storage.keys import Keys
from storage.schema import VERSION, check_schema, contract_fault

ROOT = Path(__file__).parents[1]
SCHEMA = (ROOT / "docs" / "redis-schema.md").read_text(encoding="utf-8")
RETENTION = 30 * 86_400


# --- the document


@dataclass(frozen=True)
class Key:
    """What the document says of keys of one pattern; `fields` by name, `of` the types of members and values."""

    pattern: re.Pattern[str]
    kind: str
    expires: bool
    of: tuple[str, ...] = ()
    fields: dict[str, str] | None = None
    private: bool = False


def _pattern(name: str) -> re.Pattern[str]:
    plain = re.escape(name).replace(r"\{lang\}", r"\{[a-z]+\}").replace(r"\{across\}", r"\{across\}")
    return re.compile(re.sub(r"\\\{(?:id|hash|number)\\\}", "[^:]+", plain).replace(r"\*", ".+") + "$")


def _rows(text: str) -> list[list[str]]:
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in text.splitlines()
        if line[:1] == "|"
    ]
    return cells[2:]


def public_keys() -> dict[str, Key]:
    found = {}
    for name, text in re.findall(r"^### `(newsfold:[^`]+)`\n\n(.*?)(?=^##)", SCHEMA, re.M | re.S):
        said = re.match(
            r"(STRING|HASH|ZSET|STREAM)(?: of ([\w ]+?)(?: → ([\w ]+))?)?\. (Expires|Pruned|Lasting|Capped)\b",
            text,
        )
        assert said, f"{name}: {text[:60]!r}"
        fields = (
            {n: row[1] for row in _rows(text) for n in re.findall(r"`(\w+)`", row[0])}
            if said[1] == "HASH"
            else {}
        )
        of = tuple(filter(None, (said[2], said[3])))
        found[name] = Key(_pattern(name), said[1].lower(), said[4] == "Expires", of, fields)
    return found


def private_keys() -> dict[str, Key]:
    rows = _rows(SCHEMA.partition("\n## Private\n")[2])
    return {
        row[0].strip("`"): Key(_pattern(row[0].strip("`")), row[1], row[2] != "lasting", private=True)
        for row in rows
    }


PUBLIC, PRIVATE = public_keys(), private_keys()
EVENTS = {
    kind: set(re.findall(r"`(\w+)`", row[1]))
    for row in _rows(SCHEMA.partition("### `newsfold:events`")[2].partition("###")[0])
    for kind in re.findall(r"`([\w.]+)`", row[0])
}


def _json(kind: type) -> Callable[[str], bool]:
    return lambda value: isinstance(json.loads(value), kind)


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value, re.S) is not None


TYPES: dict[str, Callable[[str], bool]] = {
    "id": _like("[gsf][0-9a-f]{12}|a[0-9a-f]{16}"),
    "text": _like(".*"),
    "url": _like(r"https?://[^\s/]+\S*"),
    "language": _like("[a-z]{2,3}|und"),
    "time": _like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "epoch seconds": _like(r"1\d{9}(\.0)?"),
    "count": _like(r"\d+"),
    "seconds": _like(r"-?\d+"),
    "share": lambda value: -1e-9 <= float(value) <= 1 + 1e-9,
    "JSON list": _json(list),
    "JSON object": _json(dict),
    "private": _like(".*"),
}


def well_typed(value: str, said: str) -> bool:
    said = said.removesuffix(", optional")
    if said.startswith("one of "):
        return f"`{value}`" in said
    plain = said.removesuffix(" or empty")
    return (value == "" and plain != said) or TYPES[plain](value)


# --- the database


def _said(name: str) -> Key | None:
    known = [key for keys in (PUBLIC, PRIVATE) for key in keys.values() if key.pattern.match(name)]
    return known[0] if known else None


@pytest.mark.slow
def test_every_key_is_documented_with_its_type_and_expiry(crawled: Any) -> None:
    names = crawled.names()
    assert len(names) > 200
    assert [name for name in names if _said(name) is None] == []
    kinds = crawled.ask([["TYPE", name] for name in names])
    lives = crawled.ask([["TTL", name] for name in names])
    for name, kind, ttl in zip(names, kinds, lives, strict=True):
        said = _said(name)
        assert said is not None
        assert kind == said.kind, name
        assert isinstance(ttl, int)
        assert 0 < ttl <= RETENTION * 7 / 6 if said.expires else ttl == -1, f"{name} lives for {ttl} s"
    unseen = {name for name, key in PUBLIC.items() if not any(key.pattern.match(n) for n in names)}
    assert unseen == set()


@pytest.mark.slow
def test_every_field_is_documented_and_is_of_its_type(crawled: Any) -> None:
    names = [
        name for name in crawled.names() if (said := _said(name)) and said.kind == "hash" and not said.private
    ]
    for name, row in zip(names, crawled.ask([["HGETALL", name] for name in names]), strict=True):
        said = _said(name)
        assert said is not None
        assert isinstance(row, dict)
        if said.of:
            assert all(well_typed(f, said.of[0]) and well_typed(v, said.of[1]) for f, v in row.items()), name
        else:
            _check_fields(name, row, said.fields or {})


def _check_fields(name: str, row: dict[str, str], said: dict[str, str]) -> None:
    if "merged_into" in row:
        assert set(row) - {"correction"} == {"id", "merged_into"}, name
        return
    assert set(row) <= set(said), f"{name} has {set(row) - set(said)}, which nothing documents"
    missing = {f for f, kind in said.items() if f not in row and not kind.endswith("optional")}
    assert missing == set(), name
    for field, value in row.items():
        assert well_typed(value, said[field]), f"{name} {field}: {value!r} is no {said[field]}"


@pytest.mark.slow
def test_members_and_scores_are_of_their_types(crawled: Any) -> None:
    names = [
        name for name in crawled.names() if (said := _said(name)) and said.kind == "zset" and not said.private
    ]
    for name, rows in zip(
        names, crawled.ask([["ZRANGE", n, "0", "-1", "WITHSCORES"] for n in names]), strict=True
    ):
        said = _said(name)
        assert said is not None
        assert isinstance(rows, list)
        flat = [item for row in rows for item in row] if rows and isinstance(rows[0], list) else rows
        for member, score in zip(flat[::2], flat[1::2], strict=True):
            assert well_typed(member, said.of[0]), name
            assert well_typed(str(score), said.of[1]), f"{name} {member}: {score}"
    (last,) = crawled.ask([["GET", "newsfold:corrections:last"]])
    assert well_typed(str(last), "count")
    urls = [name for name in crawled.names() if name.startswith("newsfold:url:")]
    assert all(well_typed(str(value), "id") for value in crawled.ask([["GET", name] for name in urls]))


@pytest.mark.slow
def test_events_are_of_the_types_documented(crawled: Any) -> None:
    (entries,) = crawled.ask([["XRANGE", "newsfold:events", "-", "+"]])
    assert isinstance(entries, list)
    assert len(entries) > 50
    for _, flat in entries:
        event = dict(zip(flat[::2], flat[1::2], strict=True)) if isinstance(flat, list) else flat
        assert well_typed(event.pop("correction", "1"), "count")
        assert set(event) == {"type", "at"} | EVENTS[event["type"]]
        assert well_typed(event.pop("at"), "time")
        assert all(well_typed(value, "id") for name, value in event.items() if name != "type")


def _block(language: str) -> str:
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", SCHEMA, re.M | re.S)
    assert len(block.strip().splitlines()) <= 10
    return str(block)


def _headlines(crawled: Any) -> list[str]:
    (ids,) = crawled.ask([["ZREVRANGE", "newsfold:stories", "0", "9"]])
    assert isinstance(ids, list)
    return [str(told) for told in crawled.ask([["HGET", f"newsfold:story:{i}", "headline"] for i in ids])]


def _ran(command: list[str], crawled: Any) -> str:
    env = {"REDIS_URL": crawled.url, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_ten_lines_of_redis_py_read_it(crawled: Any) -> None:
    lines = _ran([sys.executable, "-c", _block("python")], crawled).splitlines()
    assert lines
    assert all(line.split(" ", 4)[4] in _headlines(crawled) for line in lines)


@pytest.mark.slow
def test_ten_lines_of_node_read_it(crawled: Any) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed (Debian package nodejs)")
    assert _ran([node, "-e", _block("javascript")], crawled).splitlines() == _headlines(crawled)


# --- the document and the code


def test_the_document_has_the_versions_of_the_code() -> None:
    assert f"Contract {CONTRACT} " in SCHEMA
    assert f"`version`, {VERSION} now" in SCHEMA


def test_every_documented_field_is_written_somewhere() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (
            *(ROOT / "storage").glob("**/*.py"),
            *(ROOT / "storage").glob("**/*.lua"),
            ROOT / "dedup/thresholds.py",
        )
        if path.name != "reader.py"
    )
    for name, key in PUBLIC.items():
        for field in key.fields or {}:
            assert re.search(rf"\b{field}\b", sources), f"nothing writes {field} of {name}"


@pytest.mark.parametrize(
    ("stored", "readable"), [("", True), ("1.0", True), ("1.7", True), ("2.0", False), ("x", False)]
)
def test_another_first_number_is_refused(client: redis.Redis, stored: str, readable: bool) -> None:
    if stored:
        client.hset("newsfold:schema", "contract", stored)
    fault = contract_fault(client, Keys())
    assert (fault == "") is readable
    assert readable or f"contract {stored}" in fault


def test_a_writer_notes_its_contract_and_refuses_another(client: redis.Redis) -> None:
    check_schema(client, Keys(), MinHashConfig())
    assert client.hget("newsfold:schema", "contract") == CONTRACT.encode()
    client.hset("newsfold:schema", "contract", "1.99")
    check_schema(client, Keys(), MinHashConfig())
    assert client.hget("newsfold:schema", "contract") == b"1.99"
    client.hset("newsfold:schema", "contract", "2.0")
    with pytest.raises(SchemaMismatch, match=r"contract 2\.0"):
        check_schema(client, Keys(), MinHashConfig())
