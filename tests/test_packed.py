"""Entries packed for the queue: JSON that says the same again, whatever a feed has written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crawler.model import Entry
from crawler.packed import pack, unpack

TEXT = st.text(max_size=20)
TIME = st.none() | st.timedeltas(timedelta(0), timedelta(days=47_000)).map(
    lambda past: datetime(1970, 1, 1, tzinfo=UTC) + past
)
ENTRY = st.builds(
    Entry, key=TEXT, link=TEXT, title=TEXT, summary=TEXT, content_html=TEXT, published=TIME, updated=TIME,
    authors=st.lists(TEXT, max_size=3).map(tuple), lang=TEXT, source_url=TEXT, source_title=TEXT, image=TEXT, raw=TEXT,
)  # fmt: skip


@given(ENTRY)
def test_what_is_packed_is_json_and_is_unpacked_as_it_was(entry: Entry) -> None:
    packed = pack(entry)
    assert "" not in json.loads(packed).values()
    found = unpack(packed)
    for name in ("published", "updated"):
        before, after = getattr(entry, name), getattr(found, name)
        assert (before is None) == (after is None)
        assert before is None or abs(after - before) < timedelta(milliseconds=1)
    assert found == Entry(**{**_fields(entry), "published": found.published, "updated": found.updated})


def _fields(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in Entry.__slots__}
