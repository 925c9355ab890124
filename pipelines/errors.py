"""The errors of joining.

PipelineError
└── EmbeddingUnusable   the embedding model that the configuration names cannot be used
"""

from __future__ import annotations


class PipelineError(Exception):
    """Placement cannot go on as it is configured."""


class EmbeddingUnusable(PipelineError):  # noqa: N818
    """The embedding model is not installed, not there, or not a model."""
