"""Scores: batch scoring with feature lookup, and the inference table."""

from headwater.serving.batch import score_batch
from headwater.serving.packaged_model import ModelArtifact, TamperedModelError, open_model

__all__ = ["ModelArtifact", "TamperedModelError", "open_model", "score_batch"]
