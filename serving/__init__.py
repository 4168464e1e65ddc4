"""Scores: batch scoring with feature lookup, online stores, endpoints, and the inference table."""

from headwater.serving.batch import score_batch
from headwater.serving.inference_table import InferenceTable
from headwater.serving.packaged_model import ModelArtifact, TamperedModelError, open_model

__all__ = ["InferenceTable", "ModelArtifact", "TamperedModelError", "open_model", "score_batch"]
