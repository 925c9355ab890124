"""Every key in one place; docs/redis-schema.md says what readers may rely on.

On a Redis Cluster the prefix is a hash tag, `{newsfold}`, so that all that functions change in one step shares a slot; only
the buckets of the index are in shards of a tag each, whose slots lie evenly over all there are.
"""

from __future__ import annotations

import binascii
import hashlib
from dataclasses import dataclass
from functools import cache
from itertools import count

# The prefix on a cluster.
CLUSTER = "{newsfold}"
# Into so many shards the buckets of a language are spread on a cluster: a power of two, above the nodes there will be.
SHARDS = 16
_SLOTS = 16_384


def shares_a_slot(prefix: str) -> bool:
    """Whether all keys below a prefix are in one slot of a cluster."""
    return prefix.startswith("{")


@cache
def _shard_tag(lang: str, shard: int) -> str:
    """The hash tag of one shard: the first of its kind whose slot (CRC16, as Redis has it) is in the shard's part of all."""
    part = _SLOTS // SHARDS
    tags = (f"{lang}.{number}" for number in count())
    return next(tag for tag in tags if binascii.crc_hqx(tag.encode(), 0) % _SLOTS // part == shard)


def short_hash(text: str, size: int = 8) -> str:
    """A stable name for any text: 2 × `size` hexadecimal digits."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of keys below one prefix."""

    prefix: str = "newsfold"

    @property
    def schema(self) -> str:
        """HASH: the schema's version and the parameters of the index."""
        return f"{self.prefix}:schema"

    @property
    def stories(self) -> str:
        """ZSET story id → when it last grew, in epoch seconds."""
        return f"{self.prefix}:stories"

    def story(self, story: str) -> str:
        """HASH of one story."""
        return f"{self.prefix}:story:{story}"

    def story_articles(self, story: str) -> str:
        """ZSET article id → its time."""
        return f"{self.prefix}:story:{story}:articles"

    def story_groups(self, story: str) -> str:
        """ZSET group id → the time of its origin."""
        return f"{self.prefix}:story:{story}:groups"

    def story_outlets(self, story: str) -> str:
        """HASH outlet → articles."""
        return f"{self.prefix}:story:{story}:outlets"

    def group(self, group: str) -> str:
        """HASH of one group."""
        return f"{self.prefix}:group:{group}"

    def group_articles(self, group: str) -> str:
        """ZSET article id → its time."""
        return f"{self.prefix}:group:{group}:articles"

    def group_related(self, group: str) -> str:
        """ZSET group of another language that tells the same event → score."""
        return f"{self.prefix}:group:{group}:related"

    def article(self, article: str) -> str:
        """HASH of one article."""
        return f"{self.prefix}:article:{article}"

    @property
    def articles(self) -> str:
        """ZSET article id → when it was met, in epoch seconds."""
        return f"{self.prefix}:articles"

    def url(self, url: str) -> str:
        """STRING: the article at a canonical URL."""
        return self.url_of_digest(short_hash(url))

    def url_of_digest(self, digest: str) -> str:
        """The same, given the digest of the URL."""
        return f"{self.prefix}:url:{digest}"

    @property
    def feeds(self) -> str:
        """HASH feed id → URL, of every feed on the schedule."""
        return f"{self.prefix}:feeds"

    @property
    def feeds_due(self) -> str:
        """ZSET feed id → when to poll it next, in epoch seconds."""
        return f"{self.prefix}:feeds:due"

    @property
    def feeds_leased(self) -> str:
        """ZSET feed id → when its lease ends (private)."""
        return f"{self.prefix}:feeds:leased"

    @property
    def feeds_listed(self) -> str:
        """HASH feed id → digest of what the operator says of it (private)."""
        return f"{self.prefix}:feeds:listed"

    @property
    def feeds_aliases(self) -> str:
        """HASH id of the address that a feed has moved to → the feed's id (private)."""
        return f"{self.prefix}:feeds:aliases"

    @property
    def websub_due(self) -> str:
        """ZSET feed id → when to ask its hub next (private)."""
        return f"{self.prefix}:websub:due"

    def websub(self, feed: str) -> str:
        """HASH of a subscription at a hub (private)."""
        return f"{self.prefix}:websub:{feed}"

    def feed(self, feed: str) -> str:
        """HASH of one feed."""
        return f"{self.prefix}:feed:{feed}"

    def feed_entries(self, feed: str) -> str:
        """HASH entry → digest of what it said when last seen (private)."""
        return f"{self.prefix}:feed:{feed}:entries"

    @property
    def pages_due(self) -> str:
        """ZSET page id → when it may be fetched, in epoch seconds (private)."""
        return f"{self.prefix}:pages:due"

    def page(self, page: str) -> str:
        """HASH of one page to fetch (private)."""
        return f"{self.prefix}:page:{page}"

    @property
    def events(self) -> str:
        """STREAM of what happened to stories and articles."""
        return f"{self.prefix}:events"

    @property
    def corrections(self) -> str:
        """ZSET number of a correction → when it was made, in epoch seconds."""
        return f"{self.prefix}:corrections"

    def correction(self, number: str) -> str:
        """HASH of one correction."""
        return f"{self.prefix}:correction:{number}"

    @property
    def languages(self) -> str:
        """ZSET language → when an article in it was stored, in epoch seconds."""
        return f"{self.prefix}:langs"

    def ingested(self, source: str) -> str:
        """STRING: how far a file was ingested (private)."""
        return f"{self.prefix}:ingested:{source}"

    def ingested_lines(self, source: str) -> str:
        """STRING: digests of the lines of such a file that name no article, 8 bytes each (private)."""
        return f"{self.prefix}:ingested:{source}:lines"

    @property
    def underway(self) -> str:
        """HASH article id → its text, while a worker is placing it (private)."""
        return f"{self.prefix}:underway"

    def notify(self, target: str, kind: str) -> str:
        """What webhooks were told and are to be told (private)."""
        return f"{self.prefix}:notify:{target}:{kind}"

    def outlet(self, outlet: str) -> str:
        """HASH: the learnt furniture of one outlet, `{lang} {place} {words}` → when it was seen (JSON)."""
        return f"{self.prefix}:outlet:{outlet}"

    def buckets(self, lang: str, index: str) -> str:
        """Prefix of one language's buckets, made with the parameters that `index` names (private)."""
        return f"{self.index(lang)}{index}:"

    def shard(self, lang: str, index: str, shard: int) -> str:
        """Prefix of one shard of a language's buckets on a cluster (private)."""
        return f"{self.prefix.strip('{}')}:{{{_shard_tag(lang, shard)}}}:{index}:"

    @property
    def patterns(self) -> tuple[str, ...]:
        """What matches every key below the prefix, and each once."""
        if not shares_a_slot(self.prefix):
            return (f"{self.prefix}:*",)
        return f"{self.prefix}:*", f"{self.prefix.strip('{}')}:{{*"

    def bucket_patterns(self, index: str) -> tuple[str, ...]:
        """What matches every key of one index of buckets."""
        own = f"{self.prefix}:{{*}}:{index}:*"
        return (own, f"{self.prefix.strip('{}')}:{{*}}:{index}:*") if shares_a_slot(self.prefix) else (own,)

    def index(self, lang: str) -> str:
        """Prefix of one language's private index keys."""
        return f"{self.prefix}:{{{lang}}}:"


def group_id(article: str) -> str:
    """The id of the group that an article founds."""
    return "g" + short_hash("group " + article, 6)


def regroup_id(article: str, content: str) -> str:
    """The id of the group that an article founds which left one because its text is now that of this digest."""
    return group_id(f"{article} {content}")


def story_id(group: str) -> str:
    """The id of the story that a group founds."""
    return "s" + short_hash("story " + group, 6)


def feed_id(url: str) -> str:
    """The id of a feed by its URL."""
    return "f" + short_hash("feed " + url, 6)


def article_id(url: str) -> str:
    """The id of an article by its canonical URL: 64 bits, as publishers choose their URLs and would choose an id."""
    return "a" + short_hash("article " + url, 8)
