"""The optional embedding model: a tiny one made here, that takes two words for one and says nothing of others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import redis
from model2vec import StaticModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from dedup.model import Article
from pipelines.embedding import Embedder
from pipelines.errors import EmbeddingUnusable
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys

Write = Callable[..., Article]
# Words of one line mean the same to the model.
MEANINGS = ("ferry ship boat vessel liner", "aground stranded stuck beached", "bank lender", "shut closed")
SHIP = (
    "Ferry aground",
    "A ferry lies aground in the Sound since midnight, its crew unhurt, say islanders who watched searchlights from the cliff.",
)
AGAIN = (
    "Vessel stranded",
    "Stranded vessel awaits tugs for high tide: nobody injured, owners told reporters, blaming charts drawn before the sound silted.",
)


def make_model(folder: Path, scale: float = 1.0) -> Path:
    vocabulary = {"[UNK]": 0}
    rows = [np.zeros(8)]
    for line, words in enumerate(MEANINGS):
        for word in words.split():
            vocabulary[word] = len(vocabulary)
            rows.append(scale * np.eye(8)[line])
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    StaticModel(np.array(rows, np.float32), tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture
def embedder(tmp_path: Path) -> Embedder:
    return Embedder(make_model(tmp_path / "model"))


def stories(client: redis.Redis, write: Write, *embedders: Embedder | None) -> list[str]:
    """The stories of two texts in other words on one event, each placed with a model of its own."""
    placed = []
    for name, (title, text), embedder in zip("ab", (SHIP, AGAIN), embedders, strict=True):
        placer = Placer(Index(client, Keys()), Rules(), embedder)
        article = write(name, text.lower(), title.lower(), outlet=f"{name}.example")
        placed += placer.place([Submission(article)], article.seen)
    return [placement.story for placement in placed]


def test_texts_in_other_words_tell_one_story_with_a_model(
    client: redis.Redis, write: Write, embedder: Embedder
) -> None:
    one, other = stories(client, write, None, None)
    assert one != other
    client.flushdb()
    one, other = stories(client, write, embedder, embedder)
    assert one == other


def test_vectors_of_two_models_or_of_none_are_not_compared(
    client: redis.Redis, write: Write, embedder: Embedder, tmp_path: Path
) -> None:
    another = Embedder(make_model(tmp_path / "another", scale=2.0))
    for pair in ((embedder, another), (None, embedder), (embedder, None)):
        one, other = stories(client, write, *pair)
        assert one != other
        client.flushdb()


def test_rows_have_length_one_or_none(embedder: Embedder) -> None:
    found = embedder.embed([SHIP, ("ferry", "ship \ud800"), ("", "nothing known"), ("", "")])
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1, 0, 0])
    assert found.shape == (4, embedder.size)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingUnusable, match="there is no folder"):
        Embedder(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(EmbeddingUnusable, match="holds no model"):
        Embedder(tmp_path / "empty")


@pytest.mark.slow
def test_a_run_says_so_in_one_sentence(tmp_path: Path) -> None:
    env = {
        "PATH": "/usr/bin:/bin",
        "NEWSFOLD_HOME": str(tmp_path),
        "NEWSFOLD_STORIES_EMBEDDING_MODEL": "/nowhere",
    }
    done = subprocess.run(
        [sys.executable, "-m", "newsfold", "ingest", "/dev/null"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        2,
        "newsfold: stories.embedding_model: there is no folder /nowhere\n",
    )
