"""newsfold folds the news of many outlets into stories: reprints first, then events.

`from newsfold import Stories` is the client for programs that read newsfold's Redis; it needs redis-py and nothing
else, and nothing is loaded before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsfold.client import Article as Article
    from newsfold.client import AsyncStories as AsyncStories
    from newsfold.client import ContractDiffers as ContractDiffers
    from newsfold.client import Event as Event
    from newsfold.client import Stories as Stories
    from newsfold.client import Story as Story

__version__ = "0.1.0"
__all__ = ["Article", "AsyncStories", "ContractDiffers", "Event", "Stories", "Story", "__version__"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from newsfold import client

    return getattr(client, name)
