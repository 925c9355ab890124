"""Publishers of several domains, which count as one outlet: the list that ships with newsfold, and the operator's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from newsfold.errors import ConfigError


def families(file: str, listed: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The publisher of each domain: by a file (empty for the one that ships), and before it by a list.

    Raises ConfigError naming the file and what is wrong in it.
    """
    found = _publishers(_read(file)) | _publishers(listed)
    # A domain that is said to be of two publishers in the file is the one's that the operator's list names.
    return {domain: name for domain, name in found.items() if domain != name}


def _publishers(listed: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {domain.strip().lower(): name for name, domains in listed.items() for domain in domains}


def _read(file: str) -> dict[str, list[str]]:
    path = Path(file).expanduser() if file else resources.files("newsfold") / "data" / "families.toml"
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"outlets.families_file: {path} cannot be read: {error}") from error
    for name, domains in tree.items():
        if not _is_family(domains):
            raise ConfigError(f"outlets.families_file: {path}: {name!r} must be a list of domains")
    return tree


def _is_family(domains: Any) -> bool:
    return isinstance(domains, list) and all(isinstance(domain, str) for domain in domains)
