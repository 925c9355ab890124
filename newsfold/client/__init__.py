"""The client for programs that read newsfold's Redis; it needs redis-py and nothing else of what newsfold needs.

`model` is what comes back, `asking` and `following` are what is asked of Redis, without a connection, and
`plain` and `waiting` carry that out: synchronously and with asyncio.
"""

from newsfold.client.model import Article, ContractDiffers, Event, Story
from newsfold.client.plain import Stories
from newsfold.client.waiting import AsyncStories

__all__ = ["Article", "AsyncStories", "ContractDiffers", "Event", "Stories", "Story"]
