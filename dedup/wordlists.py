"""Word frequencies of languages, from the lists that ship with `wordfreq`.

The lists are read here, for the library would first load what it tells words apart with: a fifth of a second of every
command that places a text, for what is done otherwise here.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgpack

_FORMAT = {"format": "cB", "version": 1}


@cache
def languages() -> Mapping[str, Path]:
    """The languages that have a list, each with its file."""
    found = find_spec("wordfreq")  # looks for it and does not load it
    folders = (found.submodule_search_locations if found else None) or []
    files = (file for folder in folders for file in (Path(folder) / "data").glob("small_*.msgpack.gz"))
    return {file.name.removeprefix("small_").partition(".")[0]: file for file in files}


def frequencies(lang: str) -> Mapping[str, float]:
    """Each listed word of a language that has a list: how often it is among all words."""
    with gzip.open(languages()[lang]) as file:
        header, *lists = msgpack.load(file, raw=False)
    if header != _FORMAT:
        raise ValueError(f"{languages()[lang]} is a list of words of another format: {header}")
    # The words of each list are a hundredth of a power of ten rarer than those of the list before.
    return {word: 10 ** (-place / 100) for place, words in enumerate(lists) for word in words}
