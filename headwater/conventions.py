"""Names of columns that packages share: the scores' that serving writes and monitoring reads."""

from __future__ import annotations

__all__ = ["MODEL_VERSION", "PREDICTION", "PREDICTION_PROBA"]

PREDICTION = "prediction"
PREDICTION_PROBA = "prediction_proba"
MODEL_VERSION = "model_version"
