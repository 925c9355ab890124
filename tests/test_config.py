"""Layers, origins and refusals of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsfold.config import load_config
from newsfold.errors import ConfigError
from newsfold.options import OPTIONS


def test_layers_go_over_each_other(tmp_path: Path) -> None:
    (tmp_path / "newsfold.toml").write_text("[crawl]\ndelay = 3\ntimeout = 5\nconcurrency = 7\n")
    env = {"NEWSFOLD_CRAWL_TIMEOUT": "6", "NEWSFOLD_CRAWL_CONCURRENCY": "8"}
    config = load_config(env, {"crawl.concurrency": 9, "crawl.proxy": None}, tmp_path)
    assert (config["crawl.delay"], config["crawl.timeout"], config["crawl.concurrency"]) == (3.0, 6.0, 9)
    assert config.origins["crawl.concurrency"] == "flag"
    assert config.origins["crawl.proxy"] == "default"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[crawl]\ndeley = 1\n", "'crawl.deley'; did you mean 'crawl.delay'"),
        ("colour = 1\n", "'colour'"),
        ("[crawl]\ndelay = -1\n", "crawl.delay (file"),
        ("[crawl]\ndelay = 'fast'\n", "must be a number from 0 to 3600"),
        ("retention_days = true\n", "whole number from 1 to 3650"),
        ("[crawl]\nhandler = 'curl'\n", "one of aiohttp, twisted"),
        ("[crawl]\nallow_net = ['10.0.0/8x']\n", "'10.0.0/8x' is no network"),
        ("[outlets.families]\nBig = 'a.example'\n", "'Big' must be a list of domains"),
        ("[crawl\n", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "newsfold.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config({}, None, tmp_path)
    assert said in str(caught.value)


def test_environment_is_checked_as_well(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="NEWSFOLD_RETENTION_DAYS"):
        load_config({"NEWSFOLD_RETENTION_DAYS": "0"}, None, tmp_path)
    with pytest.raises(ConfigError, match="NEWSFOLD_COLOUR"):
        load_config({"NEWSFOLD_COLOUR": "1"}, None, tmp_path)
    with pytest.raises(ConfigError, match="no configuration file"):
        load_config({"NEWSFOLD_CONFIG": str(tmp_path / "none.toml")}, None, tmp_path)
    allowed = load_config({"NEWSFOLD_ALLOW_NET": "10.0.0.0/8, 127.0.0.1"}, None, tmp_path)
    assert allowed["crawl.allow_net"] == ["10.0.0.0/8", "127.0.0.1"]


def test_every_default_is_in_its_own_range() -> None:
    for option in OPTIONS:
        assert isinstance(option.default, option.kind)
        assert option.low is None or option.low <= option.default <= (option.high or option.default)


def test_families_are_read_from_a_file_and_added_to(tmp_path: Path) -> None:
    shipped = load_config(
        {}, {"outlets.families": {"Big": ["A.example"], "Own": ["bbc.co.uk"]}}, tmp_path
    ).families
    assert (shipped["a.example"], shipped["guardian.co.uk"], shipped["bbc.co.uk"]) == (
        "Big",
        "theguardian.com",
        "Own",
    )
    own = tmp_path / "own.toml"
    own.write_text("'x.example' = ['y.example', 'x.example']\n", encoding="utf-8")
    assert load_config({}, {"outlets.families_file": str(own)}, tmp_path).families == {
        "y.example": "x.example"
    }


@pytest.mark.parametrize("content", ["x = 3\n", "x = \n", None])
def test_a_bad_file_of_families_is_named(tmp_path: Path, content: str | None) -> None:
    own = tmp_path / "own.toml"
    if content is not None:
        own.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"outlets\.families_file: .*own\.toml"):
        _ = load_config({}, {"outlets.families_file": str(own)}, tmp_path).families
