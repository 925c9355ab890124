"""The words of a text where none are separated."""

from __future__ import annotations

import pytest

from dedup.terms import term_of, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("東京で地震", ["東京", "京で", "で地", "地震"]),
        ("หาดใหญ่", ["หาดใ", "าดให", "ดใหญ", "ใหญ่"]),
        ("ດິນໄຫວ", ["ດິນໄ", "ິນໄຫ", "ນໄຫວ"]),
        ("သတင်း", ["သတင်", "တင်း"]),
        ("ភ្លើង", ["ភ្លើ", "្លើង"]),
        ("นาซา Artemis 2", ["นาซา", "artemis", "2"]),
        ("ฝน", []),
        ("", []),
    ],
)
def test_runs_of_characters(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_a_run_is_no_name() -> None:
    pair, run, name = term_of("京で", "ja"), term_of("ดใหญ", "th"), term_of("хариус", "ru")
    assert pair
    assert run
    assert name
    assert pair.frequency == run.frequency > name.frequency
