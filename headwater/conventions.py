"""Names of columns that packages share: the scores' that serving writes and monitoring reads."""

from __future__ import annotations

__all__ = ["MODEL_VERSION", "PREDICTION", "PREDICTION_PROBA", "REQUEST_ID"]

PREDICTION = "prediction"
PREDICTION_PROBA = "prediction_proba"
MODEL_VERSION = "model_version"
REQUEST_ID = "request_id"  # of a score that an endpoint gave; NULL for a score of a batch
