"""A small invented web of news outlets, so that newsfold can be seen at work without the network.

`newsfold.demo.newsroom` serves it on one loopback port; the texts are in `content/`, to be edited there.
"""
