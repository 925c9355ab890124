"""The production shape, checked against the Compose specification's own schema (no engine needed).

tests/data/compose-spec.json is that schema, Apache-2.0, by the Compose specification's authors.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_it_follows_the_schema(compose: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "tests" / "data" / "compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(compose)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate({"services": {"redis": {"imagine": "redis"}}})


def test_redis_keeps_its_data_and_has_a_limit(compose: dict[str, Any]) -> None:
    command = compose["services"]["redis"]["command"]
    assert "--appendonly yes" in command
    assert "--appendfsync everysec" in command
    assert re.search(r"--maxmemory \d+\w+ --maxmemory-policy noeviction", command)
    assert "ports" not in compose["services"]["redis"]


def test_crawler_and_web_use_it(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"redis", "crawler", "web"}
    for name in ("crawler", "web"):
        assert services[name]["environment"]["NEWSFOLD_REDIS_URL"] == "redis://redis:6379/0"
        assert services[name]["depends_on"]["redis"]["condition"] == "service_healthy"
    assert all(port.startswith("127.0.0.1:") for port in services["web"]["ports"])
    named = {
        v.split(":")[0] for s in services.values() for v in s.get("volumes", []) if not v.startswith(".")
    }
    assert named == set(compose["volumes"])


def test_what_the_image_copies_is_there() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    sources = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert sources
    assert all((ROOT / source).exists() for source in sources)
