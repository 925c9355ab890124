"""Loaders of published sets, on a few rows written in their formats."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.published import BadSet, news2013, news_copy

STREAM: list[dict[str, Any]] = [
    {"id": "b", "title": "Valbrune bridge shut", "text": "Cracks were found.", "lang": "eng",
     "date": "2014-03-02 09:30:00", "cluster": "17"},
    {"id": "a", "title": "Brücke gesperrt", "text": "Risse in Valbrune.", "lang": "deu",
     "date": "2014-03-01 23:59:59", "cluster": "17"},
    {"id": "c", "title": "Cierran el puente", "text": None, "lang": "spa",
     "date": "2014-03-02 09:30:00", "cluster": "18"},
    {"id": "d", "title": "", "text": " ", "lang": "eng", "date": "2014-03-03 00:00:00", "cluster": "19"},
]  # fmt: skip
PAPERS: dict[str, dict[str, Any]] = {
    "1-a-Jan-01-1955-p-1": {"headline": "FERRY AGROUND", "byline": "By the Wire", "article": "The ferry ran a-\nground\noff"},
    "1-b-Jan-01-1955-p-1": {"headline": "", "byline": "", "article": "The ferry ran aground off"},
    "1-c-Jan-01-1955-p-1": {"headline": None, "article": "Tbe ferry ran aground"},
    "1-d-Jan-01-1955-p-1": {"headline": "BANK SHUT", "article": "A bank closed."},
}  # fmt: skip
PAIRS = [["1-a-Jan-01-1955-p-1", "1-b-Jan-01-1955-p-1"], ["1-c-Jan-01-1955-p-1", "1-b-Jan-01-1955-p-1"]]


def write(path: Path, value: object, lines: bool = False, packed: bool = False) -> Path:
    text = "\n".join(map(json.dumps, value)) if lines else json.dumps(value)  # type: ignore[call-overload]
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    return path


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_news2013(tmp_path: Path, lines: bool, packed: bool) -> None:
    found = news2013(write(tmp_path / "dataset.test.json", STREAM, lines, packed))
    assert [row["lang"] for row in found.rows] == ["de", "en", "es"]
    assert [row["published"] for row in found.rows[:2]] == [
        "2014-03-01T23:59:59+00:00",
        "2014-03-02T09:30:00+00:00",
    ]
    assert found.rows[2] == {
        "id": "000002", "title": "Cierran el puente", "text": "", "lang": "es",
        "published": "2014-03-02T09:30:00+00:00",
    }  # fmt: skip
    assert (found.labels, found.left_out) == (("17", "17", "18"), 1)


def test_news2013_of_one_line(tmp_path: Path) -> None:
    assert news2013(write(tmp_path / "one.json", STREAM[:1], lines=True)).labels == ("17",)


def test_news_copy_by_pairs(tmp_path: Path) -> None:
    found = news_copy(write(tmp_path / "data.json", PAPERS), write(tmp_path / "gt.json", PAIRS))
    assert found.rows[0] == {
        "id": "000000", "title": "FERRY AGROUND", "text": "By the Wire The ferry ran aground off", "lang": "en",
    }  # fmt: skip
    assert len(set(found.labels[:3])) == 1
    assert found.labels[3] not in found.labels[:3]


@pytest.mark.parametrize("lines", [False, True])
def test_news_copy_by_cluster(tmp_path: Path, lines: bool) -> None:
    rows = [{**row, "cluster": number} for row, number in zip(PAPERS.values(), (4, 4, 4, 9), strict=True)]
    assert news_copy(write(tmp_path / "eval.json", rows, lines)).labels == ("4", "4", "4", "9")


def test_unlabelled_articles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSet, match="1-a-Jan-01-1955-p-1: it has no cluster"):
        news_copy(write(tmp_path / "data.json", PAPERS))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([{**STREAM[0], "date": "yesterday"}], "article 1: 'yesterday' is no date"),
        ([{**STREAM[0], "date": None}], "article 1: None is no date"),
        ([STREAM[0], {"title": "x"}], "article 2: it has no text, lang, date, cluster"),
        ([STREAM[0], "x"], "article 2: it is not an object"),
        (3, "neither a list nor an object"),
    ],
)
def test_news2013_in_another_format(tmp_path: Path, rows: object, why: str) -> None:
    with pytest.raises(BadSet, match=why):
        news2013(write(tmp_path / "x.json", rows))


def test_broken_line(tmp_path: Path) -> None:
    path = write(tmp_path / "x.json", STREAM, lines=True)
    path.write_text(path.read_text() + "\n{")
    with pytest.raises(BadSet, match="line 5: it is not JSON"):
        news2013(path)


@pytest.mark.parametrize("pair", [["1-a-Jan-01-1955-p-1", "another"], ["1-a-Jan-01-1955-p-1"], "ab"])
def test_pair_of_what_is_not_there(tmp_path: Path, pair: object) -> None:
    with pytest.raises(BadSet, match="pair 1"):
        news_copy(write(tmp_path / "data.json", PAPERS), write(tmp_path / "gt.json", [PAIRS[0], pair]))
