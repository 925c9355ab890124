"""Texts as vectors of what they mean, by a static sentence-embedding model in a folder of this machine.

Off unless `stories.embedding_model` names the folder; takes the extra `newsfold[embedding]` (model2vec, the only importer
of which is this module). Nothing is downloaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import EmbeddingUnusable

# Of a text its headline and its beginning: they say what it is about, and a model's reading slows nothing down.
_READ = 1_000


class Embedder:
    """Gives texts vectors of length 1. Raises EmbeddingUnusable for what is no model2vec model."""

    def __init__(self, folder: Path) -> None:
        try:
            from model2vec import StaticModel
        except ImportError:
            raise EmbeddingUnusable("stories.embedding_model needs newsfold[embedding] (model2vec)") from None
        if not folder.is_dir():
            raise EmbeddingUnusable(f"stories.embedding_model: there is no folder {folder}")
        try:
            self._model = StaticModel.from_pretrained(folder, force_download=False)
        except Exception as error:  # whatever a broken file makes the library raise
            raise EmbeddingUnusable(f"stories.embedding_model: {folder} holds no model: {error}") from error
        self.size = int(self._model.dim)
        # Vectors of two models cannot be compared: what is stored says by which it was made.
        self.tag = hashlib.blake2b(self._model.embedding.tobytes(), digest_size=2).digest()

    def embed(self, texts: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """A row for each headline and text; of zeros where the model knows no word of it."""
        read = [f"{title}\n{text[:_READ]}".encode("utf-8", "replace").decode() for title, text in texts]
        found = np.asarray(self._model.encode(read), np.float32).reshape(len(read), -1)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        unit: NDArray[np.float32] = np.divide(found, lengths, out=np.zeros_like(found), where=lengths > 0)
        return unit
