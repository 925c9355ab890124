"""The lists of words as they are read here, beside those that the library reads."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgpack
import pytest
import wordfreq

from dedup import wordlists


def test_the_languages_are_those_of_the_library() -> None:
    listed = wordfreq.available_languages("small")
    assert {lang: str(file) for lang, file in wordlists.languages().items()} == listed
    assert len(listed) > 30


@pytest.mark.parametrize("lang", ["en", "nb", "sh", "ja", "zh"])
def test_the_frequencies_are_those_of_the_library(lang: str) -> None:
    assert wordlists.frequencies(lang) == wordfreq.get_frequency_dict(lang, wordlist="small")


def test_a_list_of_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "small_en.msgpack.gz"
    file.write_bytes(gzip.compress(msgpack.dumps([{"format": "cB", "version": 2}, ["the"]])))
    monkeypatch.setattr(wordlists, "languages", lambda: {"en": file})
    with pytest.raises(ValueError, match="another format"):
        wordlists.frequencies("en")
