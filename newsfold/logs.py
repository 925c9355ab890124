"""How log lines are written: for people as `time LEVEL event field=value …`, for machines as JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from newsfold.safetext import escaped, safe_json
from storage.errors import StorageError


def _time(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


class LineFormatter(logging.Formatter):
    """One readable line an event."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = getattr(record, "fields", {})
        shown = "".join(f" {name}={_value(value)}" for name, value in fields.items())
        line = escaped(f"{_time(record)} {record.levelname} {record.getMessage()}{shown}")
        if not record.exc_info:
            return line
        # A traceback has lines of its own; what it quotes may be a publisher's, and look like a line of the log.
        told = self.formatException(record.exc_info).split("\n")
        return "\n".join((line, *(f"  {escaped(part)}" for part in told)))


class JsonFormatter(logging.Formatter):
    """One JSON object an event: time, level, event, logger, and the fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = getattr(record, "fields", {})
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            **{
                name: value if isinstance(value, int | float | bool) else str(value)
                for name, value in fields.items()
            },
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return safe_json(json.dumps(line, ensure_ascii=False))


def _value(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or " " in text or '"' in text else text


class _OwnEvents(logging.Filter):
    """Below WARNING only what newsfold itself logs; libraries are heard when something is wrong."""

    _ROOMS = ("crawler", "pipelines", "storage", "newsfold")
    # Downloads that failed are told as failed feeds and pages; Scrapy says each once more.
    _TOLD = (
        "scrapy.core.downloader.handlers",
        "scrapy.core.scraper",
        "scrapy.downloadermiddlewares.robotstxt",
        "scrapy.downloadermiddlewares.httpcompression",
    )

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], StorageError):
            return False  # told once, as the run's error
        if record.name.startswith(self._TOLD):
            return record.levelno >= logging.ERROR and "Error downloading" not in record.getMessage()
        return record.levelno >= logging.WARNING or record.name.split(".")[0] in self._ROOMS


def configure(level: str, *, as_json: bool) -> None:
    """Send log lines of at least this level to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else LineFormatter())
    handler.setLevel(level.upper())
    handler.addFilter(_OwnEvents())
    logging.getLogger().handlers[:] = [handler]
    logging.getLogger().setLevel(level.upper())
    logging.captureWarnings(True)
