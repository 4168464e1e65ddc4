"""Names that packages share: of the scores' columns, and of the tables that Headwater keeps for itself."""

from __future__ import annotations

__all__ = [
    "HISTOGRAMS",
    "MODEL_VERSION",
    "OWN_TABLES",
    "PREDICTION",
    "PREDICTION_PROBA",
    "REQUEST_ID",
    "TRAINING_ROWS",
    "TRAINING_ROWS_TABLE",
    "is_own_table",
]

PREDICTION = "prediction"
PREDICTION_PROBA = "prediction_proba"
MODEL_VERSION = "model_version"
REQUEST_ID = "request_id"  # of a score that an endpoint gave; NULL for a score of a batch

# Tags of a training's run: the version of the table that has its rows, and that table's full name.
TRAINING_ROWS, TRAINING_ROWS_TABLE = "headwater.training_rows", "headwater.training_rows_table"

# In a schema, beside the user's tables.
OWN_TABLES = frozenset({"_feature_specs", "_features", "_functions", "_training_sets"})
HISTOGRAMS = "_{table}_histograms"  # what a monitor's profile and drift are made of


def is_own_table(name: str) -> bool:
    """Say whether a table, named without its schema, is one that Headwater keeps for itself: lists of tables leave it out.

    Examples
    --------
    >>> [is_own_table(name) for name in ("_functions", "_orders_histograms", "_orders", "histograms")]
    [True, True, False, False]
    """
    start, _, end = HISTOGRAMS.partition("{table}")
    lower = name.lower()
    return lower in OWN_TABLES or (lower.startswith(start) and lower.endswith(end) and len(lower) > len(start + end))
