"""By which texts two texts of one story are linked: each group beside the one it was nearest to when it came."""

from __future__ import annotations

from collections import defaultdict, deque

from storage.views import StoryView


def beside_path(story: StoryView, one: str, other: str) -> tuple[str, ...]:
    """The groups from one to the other, both included, by the fewest steps; empty where nothing links them any more."""
    links: dict[str, set[str]] = defaultdict(set)
    for group in story.groups:
        for article in group.articles:
            if article.beside:
                links[group.id].add(article.beside)
                links[article.beside].add(group.id)
    before: dict[str, str] = {one: ""}
    ahead = deque([one])
    while ahead and other not in before:
        here = ahead.popleft()
        for near in sorted(links[here] - before.keys()):
            before[near] = here
            ahead.append(near)
    if other not in before:
        return ()
    path = [other]
    while before[path[-1]]:
        path.append(before[path[-1]])
    return tuple(reversed(path))
