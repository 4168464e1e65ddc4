"""Estimates the performance of the touched windows, and sets beside it what is realised by now."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError
from headwater.monitoring.definitions.windows import Span, micros_of, time_of, window_start
from headwater.monitoring.estimation.answers import Answers, answers_of, scored
from headwater.monitoring.estimation.estimator import Estimate
from headwater.monitoring.estimation.kinds import NUMBER, estimator_of
from headwater.monitoring.estimation.realised import profiled
from headwater.monitoring.estimation.references import FEWEST_ROWS, Reference, estimators_of, references
from headwater.monitoring.estimation.windows import DRIVER_ROWS, Window, windows_of
from headwater.monitoring.states.columns import within
from headwater.monitoring.states.store import in_windows
from headwater.monitoring.tables.schemas import estimates_schema

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.monitoring.definitions.monitor import Monitor

__all__ = ["Estimation", "estimate_performance"]

_NOT_KNOWN: Final = Estimate(math.nan, math.nan)


@dataclass(frozen=True)
class Estimation:
    """How many windows were estimated, of each model and granularity one, and why there are none.

    Examples
    --------
    >>> str(Estimation("main.shop.orders_performance_estimates", 0, "The monitor has no labels."))
    'No performance was estimated: The monitor has no labels.'
    """

    table: str
    windows: int
    reason: str = ""

    def __str__(self) -> str:
        return f"No performance was estimated: {self.reason}" if self.reason else ""


@lakehouse.faults_named()
def estimate_performance(
    spark: SparkSession, monitor: Monitor, start: dt.datetime | None = None, end: dt.datetime | None = None
) -> Estimation:
    """Estimate the performance of the windows that share a moment with `start` to `end`, and write ``…_performance_estimates``.

    Call it after :func:`monitoring.refresh` of the same interval, whose profile has the realised metrics. Rows of touched windows
    replace former ones: late rows, late labels and labels that were corrected count as they are now. The estimate does not look
    at the labels of a window, so that it stays beside the realised metric for comparison.

    The *reference* of a model are the labelled rows of the baseline with its answers: those of its holdout. It needs 30 of
    them, and each class among them. A model whose reference is no more the baseline's is estimated from what was learnt then.

    Parameters
    ----------
    start, end
        Inclusive and exclusive, naive UTC or aware; None is without bound.

    Returns
    -------
    Estimation
        How many windows were written; `reason` says why none was, where nothing can be estimated.

    Notes
    -----
    Classes by confidence-based estimation from calibrated probabilities, at most 50 of them; numbers by direct loss estimation
    from models of the error. Both hold while the outcome at given inputs is what it was on the reference: drift of the inputs
    is seen before labels come, drift of the concept is not. Whole windows by model, no slices.

    Reads the rows of the touched windows once: up to 200,000 in the driver, more on Spark's workers. One commit; one more when
    the baseline has changed.

    Raises
    ------
    InvalidInputError
        If `start` is after `end`.
    """
    if start is not None and end is not None and micros_of(start) > micros_of(end):
        raise InvalidInputError(f"start={start} is after end={end}: the interval holds start and not end.")
    reason = _impossible(monitor)
    if reason:
        return Estimation(monitor.estimates_table, 0, reason)
    assert monitor.baseline_table_name is not None
    df = lakehouse.read_table(spark, monitor.table_name, version=lakehouse.newest_version(spark, monitor.table_name))
    known = references(spark, monitor)
    answers = answers_of(df, lakehouse.read_table(spark, monitor.baseline_table_name), monitor)
    if not known or answers is None:
        return Estimation(monitor.estimates_table, 0, _no_reference(monitor))
    spans = [Span.touched(granularity, start, end) for granularity in monitor.granularities]
    realised, rows = profiled(spark, monitor, spans, answers)
    models = sorted({model for _, _, model in realised})
    estimators = estimators_of(spark, monitor, known, models, answers)
    chosen = scored(within(df, monitor, spans), monitor, answers, timeless=False)
    windows = windows_of(chosen, spans, estimators, answers, few=rows <= DRIVER_ROWS) if realised else {}
    former = _former(spark, monitor, spans) if set(models) - set(estimators) else {}
    written = []
    for (granularity, index, model), window in sorted(windows.items()):
        key = (granularity, window_start(index, granularity), model)
        now = realised.get(key, {})
        if model in estimators:
            found = estimators[model].estimates(window.state)
        else:
            found = {
                name: former.get((*key, name), _NOT_KNOWN)
                for name in estimator_of(answers.kind, answers.classes).metrics
            }
        for metric, estimate in found.items():
            start_and_end = (time_of(key[1]), time_of(window_start(index + 1, granularity)))
            written.append(
                _row(
                    start_and_end,
                    granularity,
                    monitor,
                    known.get(model),
                    answers,
                    metric,
                    model,
                    estimate,
                    window,
                    now.get(metric),
                )
            )
    schema = estimates_schema(str(monitor.model_id_col))
    lakehouse.ensure_table(
        spark, monitor.estimates_table, schema, comment="Estimated and realised performance by window"
    )
    lakehouse.replace_where(spark.createDataFrame(written, schema), monitor.estimates_table, in_windows(spans))
    return Estimation(monitor.estimates_table, len(windows))


def _impossible(monitor: Monitor) -> str:
    log = monitor.inference
    if log is None or log.label_col is None:
        return f"the monitor of {monitor.table_name} is of no inference log with a label_col."
    if monitor.baseline_table_name is None:
        return f"the monitor of {monitor.table_name} has no baseline_table_name, whose labelled predictions it is learnt from."
    if log.problem_type == "classification" and log.prediction_proba_col is None:
        return f"the monitor of {monitor.table_name} has no prediction_proba_col; classes are estimated from their probabilities."
    return ""


def _no_reference(monitor: Monitor) -> str:
    return (
        f"the baseline {monitor.baseline_table_name} has no model with {FEWEST_ROWS} rows that have a prediction and a label, "
        "each class among them."
    )


def _row(
    window: tuple[dt.datetime, dt.datetime], granularity: str, monitor: Monitor, reference: Reference | None, answers: Answers,
    metric: str, model: str, estimate: Estimate, of: Window, realised: float | None,
) -> tuple[Any, ...]:  # fmt: skip
    limits = reference.limits.get((granularity, metric)) if reference is not None else None
    better = estimator_of(answers.kind, answers.classes).metrics[metric]
    thresholds = (None, None, None) if limits is None else (limits.reference, limits.lower, limits.upper)
    alert = limits is not None and limits.beyond(estimate, higher_is_better=better)
    aware = tuple(time.replace(tzinfo=dt.UTC) for time in window)
    name = "direct loss" if answers.kind == NUMBER else "confidence-based"
    return (
        aware, granularity, monitor.monitor_version, model, metric, name, *map(_null, (estimate.value, estimate.error, realised)),
        of.rows, of.labelled, of.labelled / of.rows, *map(_null, thresholds), alert,
    )  # fmt: skip


def _null(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def _former(spark: SparkSession, monitor: Monitor, spans: list[Span]) -> Mapping[tuple[str, int, str, str], Estimate]:
    """Return the estimates that the touched windows have, for models that can no more be estimated."""
    if not lakehouse.table_exists(spark, monitor.estimates_table):
        return {}
    rows = lakehouse.read_table(spark, monitor.estimates_table).where(in_windows(spans)).where("estimated IS NOT NULL")
    model = f"{lakehouse.quoted(str(monitor.model_id_col))} AS model"
    names = ("granularity", "unix_micros(window.start) AS start", model, "metric", "estimated", "standard_error")
    return {
        (row["granularity"], row["start"], row["model"], row["metric"]): Estimate(
            row["estimated"], row["standard_error"]
        )
        for row in rows.selectExpr(*names).collect()
    }
