"""What of an article is compared with others: its text, without the dateline."""

from __future__ import annotations

from dedup.dateline import strip_dateline


def compared(title: str, text: str, *, headline_in_text: bool) -> str:
    """The text after the headline where the text carries it; a dateline is the wire's and not the text's."""
    return strip_dateline(f"{title}\n\n{text}" if headline_in_text else text)
