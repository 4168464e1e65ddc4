"""Performance as the labels have it: read from the profile, which has computed it from all labelled rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.monitoring.estimation.answers import Answers
from headwater.monitoring.estimation.kinds import BINARY, MULTICLASS
from headwater.monitoring.states.store import in_windows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.monitoring.definitions.monitor import Monitor
    from headwater.monitoring.definitions.windows import Span

__all__ = ["profiled"]

_BY_CLASS = ("precision", "recall", "f1_score")
_COLUMNS = (
    "accuracy_score", *_BY_CLASS, "log_loss", "roc_auc_score", "mean_average_error", "root_mean_squared_error",
)  # fmt: skip
_SAME = {"true": "1", "false": "0"}


def profiled(
    spark: SparkSession, monitor: Monitor, spans: Sequence[Span], answers: Answers
) -> tuple[dict[tuple[str, int, str], dict[str, float | None]], int]:
    """Return the realised metrics by granularity, start of the window (microseconds) and model, and how many rows there are.

    Metrics are None where no label is known. The rows are counted in the windows of one granularity, those that hold the most.
    """
    assert monitor.model_id_col is not None
    rows = lakehouse.read_table(spark, monitor.profile_table).where(
        f"log_type = 'INPUT' AND slice_key IS NULL AND column_name = ':table' AND {in_windows(spans)}"
    )
    model = f"{lakehouse.quoted(monitor.model_id_col)} AS model"
    chosen = rows.selectExpr("granularity", "unix_micros(window.start) AS start", model, "count", *_COLUMNS)
    found, counts = {}, dict.fromkeys([span.granularity for span in spans], 0)
    for row in chosen.collect():
        if row["model"] == "*":
            counts[row["granularity"]] += row["count"]
        else:
            found[row["granularity"], row["start"], row["model"]] = _metrics(row.asDict(), answers)
    return found, max(counts.values(), default=0)


def _metrics(row: Mapping[str, Any], answers: Answers) -> dict[str, float | None]:
    if answers.kind not in (BINARY, MULTICLASS):
        return {name: row[name] for name in ("mean_average_error", "root_mean_squared_error")}
    area = row["roc_auc_score"]
    found: dict[str, float | None] = {name: row[name] for name in ("accuracy_score", "log_loss")}
    if answers.kind == MULTICLASS:
        by_class: Mapping[str, float] = {} if area is None else area["one_vs_all"]
        whole = len(by_class) == len(answers.classes)
        found["roc_auc_score"] = sum(by_class.values()) / len(by_class) if whole else None
        return found | {name: None if row[name] is None else row[name]["macro"] for name in _BY_CLASS}
    found["roc_auc_score"] = None if area is None else area["one_vs_one"]["macro"]
    return found | {name: _positive(row[name], answers.classes[1]) for name in _BY_CLASS}


def _positive(scores: Any, positive: str) -> float | None:
    """Return the score of the positive class, in whichever words labels and predictions name it."""
    if scores is None:
        return None
    by_class = {_SAME.get(name, name): value for name, value in scores["one_vs_all"].items()}
    found: float | None = by_class.get(_SAME.get(positive, positive))
    return found
