"""The configuration in force, and where each value comes from: default, file, environment, flag."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from newsfold.errors import ConfigError
from newsfold.families import families
from newsfold.options import BY_KEY, OPTIONS, Option

FILE = "newsfold.toml"
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
# Environment variables that are not options themselves.
_OTHER_ENV = {"NEWSFOLD_CONFIG", "NEWSFOLD_DATA"}


@dataclass(frozen=True, slots=True)
class Config:
    """Values by key, and the origin of each for `newsfold config`."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    @property
    def home(self) -> Path:
        """The data folder."""
        given = self.values["home"]
        return Path(given).expanduser() if given else Path(platformdirs.user_data_dir("newsfold", False))

    @property
    def families(self) -> dict[str, str]:
        """The publisher of each domain that belongs to a family."""
        return families(self.values["outlets.families_file"], self.values["outlets.families"])


def load_config(
    env: Mapping[str, str], flags: Mapping[str, Any] | None = None, folder: Path | None = None
) -> Config:
    """Read the file, then what overrides it.

    The file is `NEWSFOLD_CONFIG`, else newsfold.toml in `folder` (default: the working folder), else none.
    Raises ConfigError naming the key and its range for anything unknown, of another type or out of range.
    """
    values = {option.key: option.default for option in OPTIONS}
    origins = dict.fromkeys(values, "default")
    path = Path(env["NEWSFOLD_CONFIG"]) if env.get("NEWSFOLD_CONFIG") else (folder or Path.cwd()) / FILE
    layers = [
        (f"file {path}", _read_file(path, must_exist=bool(env.get("NEWSFOLD_CONFIG")))),
        ("environment", _read_env(env)),
        ("flag", {key: value for key, value in (flags or {}).items() if value is not None}),
    ]
    for origin, layer in layers:
        for key, value in layer.items():
            values[key] = _checked(BY_KEY[key], value, _where(origin, key))
            origins[key] = _where(origin, key) if origin == "environment" else origin
    return Config(values, origins)


def _where(origin: str, key: str) -> str:
    return f"environment {BY_KEY[key].env}" if origin == "environment" else origin


def _read_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(f"there is no configuration file {path} (NEWSFOLD_CONFIG)") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    sections = {option.section for option in OPTIONS} - {""}
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if name in sections and isinstance(value, dict):
            flat.update({f"{name}.{inner}": given for inner, given in value.items()})
        else:
            flat[name] = value
    for key in flat:
        if key not in BY_KEY:
            raise ConfigError(f"{path}: there is no option {key!r}{_near(key)}")
    return flat


def _near(key: str) -> str:
    close = difflib.get_close_matches(key, BY_KEY, n=1)
    return f"; did you mean {close[0]!r}?" if close else "; `newsfold config` lists them"


def _read_env(env: Mapping[str, str]) -> dict[str, Any]:
    names = {option.env: option for option in OPTIONS}
    # Short names that say it all.
    names["NEWSFOLD_ALLOW_NET"] = BY_KEY["crawl.allow_net"]
    names["NEWSFOLD_ALLOW_PORT"] = BY_KEY["crawl.ports"]
    unknown = sorted(n for n in env if n.startswith("NEWSFOLD_") and n not in names and n not in _OTHER_ENV)
    if unknown:
        raise ConfigError(f"there is no option for the environment variable {unknown[0]}")
    return {option.key: _parse(option, env[name]) for name, option in names.items() if env.get(name)}


def _parse(option: Option, text: str) -> Any:
    """An environment variable's text as the option's type; what cannot be is left for the check to refuse."""
    if option.kind is bool:
        lowered = text.strip().lower()
        return True if lowered in _TRUE else False if lowered in _FALSE else text
    if option.kind is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    if option.kind is dict:
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    try:
        return option.kind(text)
    except ValueError:
        return text


def _checked(option: Option, value: Any, origin: str) -> Any:
    """The value in the option's type, or ConfigError."""
    if option.kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, option.kind) or (option.kind is int and isinstance(value, bool)):
        raise ConfigError(f"{option.key} ({origin}) must be {_type_name(option)}, not {value!r}")
    if option.choices and value not in option.choices:
        raise ConfigError(
            f"{option.key} ({origin}) must be one of {', '.join(option.choices)}, not {value!r}"
        )
    if _out_of_range(option, value):
        raise ConfigError(f"{option.key} ({origin}) must be from {option.low} to {option.high}, not {value}")
    reason = option.check(value) if option.check else None
    if reason:
        raise ConfigError(f"{option.key} ({origin}): {reason}")
    return value


def _out_of_range(option: Option, value: Any) -> bool:
    return option.low is not None and option.high is not None and not option.low <= value <= option.high


def _type_name(option: Option) -> str:
    names = {str: "text", bool: "true or false", int: "a whole number", float: "a number", list: "a list"}
    name = names.get(option.kind, "a table")
    return f"{name} from {option.low} to {option.high}" if option.low is not None else name
