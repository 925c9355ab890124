"""Log lines: one an event, with a fixed name and fixed fields."""

from __future__ import annotations

import logging


def log_event(logger: logging.Logger, level: int, name: str, **fields: object) -> None:
    """Log an event such as "feed.polled" with its fields; how it is written is the handler's matter."""
    if logger.isEnabledFor(level):
        logger.log(level, name, extra={"fields": fields})
