"""newsfold folds the news of many outlets into stories: reprints first, then events."""

__version__ = "0.1.0"
