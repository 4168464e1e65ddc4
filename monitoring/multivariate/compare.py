"""Compares the inputs of the touched windows with the baseline, all of them together, and says what moved the scores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError
from headwater.monitoring.definitions.windows import Span, longest, micros_of, time_of, window_index, window_start
from headwater.monitoring.estimation.answers import kind_of
from headwater.monitoring.estimation.encoding import one_thread
from headwater.monitoring.multivariate.attribution import Attribution, by_input, by_slice, surrogate_of
from headwater.monitoring.multivariate.domain_classifier import MOST_ROWS, separation, threshold_of
from headwater.monitoring.multivariate.sampled import Sample, input_columns, sampled
from headwater.monitoring.states.columns import within
from headwater.monitoring.states.store import in_windows
from headwater.monitoring.tables.schemas import INPUT_DRIFT, parsed, score_changes_schema

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession

    from headwater.monitoring.definitions.monitor import Monitor
    from headwater.monitoring.states.columns import ProfiledColumn

__all__ = ["InputComparison", "compare_inputs"]

_BASELINE_ROWS: Final = 20_000
_PARTS: Final = 8
_FEWEST: Final = 30

_samples: dict[tuple[object, ...], Sample] = {}
"""The newest baseline's, of this process."""


@dataclass(frozen=True)
class InputComparison:
    """How many windows were compared, and why none was."""

    windows: int
    reason: str = ""


@lakehouse.faults_named()
def compare_inputs(
    spark: SparkSession,
    monitor: Monitor,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    *,
    as_of: dt.datetime | None = None,
) -> InputComparison:
    """Say how well the touched windows are told from the baseline by all inputs together, and what moved the mean score.

    The results replace former ones in ``…_input_drift`` and ``…_score_changes``, which have the windows of the monitor's longest
    granularity. Call it after :func:`monitoring.refresh` of the same interval.

    Parameters
    ----------
    start, end
        Inclusive and exclusive, naive UTC or aware; None is without bound.
    as_of
        Only windows that end at or before it, naive UTC or aware; None: all.

    Raises
    ------
    InvalidInputError
        If `start` is after `end`.

    Notes
    -----
    Drift of the joint distribution is measured by a domain classifier, which also sees inputs that move against each other while
    each stays as it was. Its threshold is learnt once for each version of the baseline, from up to 8 of its windows. Changes of
    the mean score, of a probability or of numbers, are against the baseline's rows that have scores of the same model; those of
    models that the baseline does not have stay as they were.

    Samples of at most 20,000 rows of the baseline and some 4,000 of the largest window come to the driver; the baseline's is kept
    for the next call in this process. Two commits.
    """
    if start is not None and end is not None and micros_of(start) > micros_of(end):
        raise InvalidInputError(f"start={start} is after end={end}: the interval holds start and not end.")
    if monitor.baseline_table_name is None or monitor.inference is None:
        reason = f"the monitor of {monitor.table_name} has no baseline_table_name, or no inference log."
        return InputComparison(0, reason)
    granularity = longest(monitor.granularities)
    span = _until(Span.touched(granularity, start, end), as_of)
    df = lakehouse.read_table(spark, monitor.table_name)
    inputs, kind = input_columns(df, monitor), kind_of(df, monitor)
    counts = _counts(spark, monitor, span)
    if not inputs or not counts:
        return InputComparison(0, f"{monitor.table_name} has no input to compare, or no row in these windows.")
    version = lakehouse.newest_version(spark, monitor.baseline_table_name)
    baseline, timeless = _baseline(spark, monitor, inputs, kind, version)
    share = _share(max(counts), 2 * MOST_ROWS)
    live = sampled(within(df, monitor, [span]), monitor, inputs, kind, share, timeless=False)
    threshold = _threshold(spark, monitor, granularity, version, baseline, timeless=timeless)
    drift, changes = [], []
    index = window_index(live.time, granularity)
    judged = sorted({one for one in baseline.model[~np.isnan(baseline.score)] if one is not None})
    for one in np.unique(index[span.holds(index)]):
        rows = live.take(index == one)
        window = tuple(time_of(window_start(int(one) + more, granularity)).replace(tzinfo=dt.UTC) for more in (0, 1))
        key = (window, granularity, monitor.monitor_version)
        apart = separation(baseline.inputs, rows.inputs)
        if apart is not None:
            drift.append((*key, version, apart.area, apart.error, threshold, apart.area > threshold, apart.rows))
        for model in judged:
            of_model = _changes(baseline.take(_scored(baseline, model)), rows.take(_scored(rows, model)))
            changes += [(*key, model, *change) for change in of_model]
    where = in_windows([span])
    _write(spark, monitor.input_drift_table, drift, parsed(INPUT_DRIFT), where)
    named = f"{lakehouse.quoted(str(monitor.model_id_col))} IN ({', '.join(map(lakehouse.literal, judged or ['']))})"
    schema = score_changes_schema(str(monitor.model_id_col))
    _write(spark, monitor.score_changes_table, changes, schema, f"{where} AND {named}")
    return InputComparison(len(np.unique(index)))


def _until(span: Span, as_of: dt.datetime | None) -> Span:
    if as_of is None:
        return span
    stop = int(window_index(np.array([micros_of(as_of)]), span.granularity)[0])
    return replace(span, stop=stop if span.stop is None else min(stop, span.stop))


def _baseline(
    spark: SparkSession, monitor: Monitor, inputs: Sequence[ProfiledColumn], kind: str | None, version: int | None
) -> tuple[Sample, bool]:
    """Return a sample of the baseline, and whether it has no times."""
    name = str(monitor.baseline_table_name)
    df = lakehouse.read_table(spark, name, version=version)
    timeless, rows = monitor.timestamp_col not in df.columns, df.count()
    key = (name, version, rows, kind, tuple(inputs))
    if version is None or key not in _samples:
        found = sampled(df, monitor, inputs, kind, _share(rows, _BASELINE_ROWS), timeless=timeless)
        _samples.clear()
        _samples[key] = found
    return _samples[key], timeless


def _counts(spark: SparkSession, monitor: Monitor, span: Span) -> list[int]:
    """Return the rows of each window, as the profile has counted them."""
    rows = lakehouse.read_table(spark, monitor.profile_table).where(
        f"log_type = 'INPUT' AND slice_key IS NULL AND column_name = ':table' AND {in_windows([span])} "
        f"AND {lakehouse.quoted(str(monitor.model_id_col))} = '*'"
    )
    return [row["count"] for row in rows.select("count").collect()]


def _share(rows: int, most: int) -> float:
    return min(1.0, most / rows) if rows else 1.0


def _scored(of: Sample, model: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray((of.model == model) & ~np.isnan(of.score), dtype=np.bool_)


def _threshold(
    spark: SparkSession, monitor: Monitor, granularity: str, version: int | None, baseline: Sample, *, timeless: bool
) -> float:
    """Return the stored threshold of this version of the baseline; else learn it."""
    if version is not None and lakehouse.table_exists(spark, monitor.input_drift_table):
        known = lakehouse.read_table(spark, monitor.input_drift_table).where(
            f"baseline_version = {version} AND monitor_version = {int(monitor.monitor_version)} AND granularity = '{granularity}'"
        )
        for row in known.select("threshold").limit(1).collect():
            return float(row["threshold"])
    parts: list[pd.DataFrame] = []
    if not timeless:
        index = window_index(baseline.time, granularity)
        every = np.unique(index)
        chosen = every[np.unique(np.linspace(0, len(every) - 1, _PARTS).astype(int))]
        parts = [baseline.inputs[index == one] for one in chosen]
    return threshold_of(parts)[0]


def _changes(old: Sample, new: Sample) -> list[tuple[Any, ...]]:
    """Return the changes of the mean score by input and by slice, as rows without their keys."""
    if min(len(old.score), len(new.score)) < _FEWEST:
        return []
    with one_thread():
        return _attributed(old, new)


def _attributed(old: Sample, new: Sample) -> list[tuple[Any, ...]]:
    import pandas as pd

    both = pd.concat([old.inputs, new.inputs], ignore_index=True)
    encoder, score, fidelity = surrogate_of(both, np.r_[old.score, new.score])
    moved = by_input(score, encoder.transform(old.inputs), encoder.transform(new.inputs))
    found = [("input", Attribution(name, None, float(of), 1.0)) for name, of in zip(encoder.names_, moved, strict=True)]
    for name in encoder.categories_:
        found += [("slice", one) for one in by_slice(old.inputs[name], new.inputs[name], old.score, new.score)]
    means = (float(new.score.mean()), float(old.score.mean()))
    return [(kind, one.column, one.value, one.contribution, one.share, *means, fidelity) for kind, one in found]


def _write(spark: SparkSession, name: str, rows: Sequence[tuple[Any, ...]], schema: Any, where: str) -> None:
    lakehouse.ensure_table(spark, name, schema, comment="The monitor's comparison of inputs with the baseline")
    frame: DataFrame = spark.createDataFrame(list(rows), schema)
    lakehouse.replace_where(frame, name, where)
