"""Refresh: compute the touched windows anew, and write states, profiles and drift, one commit for each table.

The histograms table is written first and is the truth: profiles and drift are functions of it, so that a refresh that
was killed between two commits is made good by running it again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError
from headwater.lakehouse.threads import side_by_side
from headwater.monitoring.definitions.metric import CustomMetricError
from headwater.monitoring.definitions.monitor import Monitor, MonitorSnapshot
from headwater.monitoring.definitions.windows import BASELINE, SNAPSHOT, Span, micros_of, time_of
from headwater.monitoring.inputs.input import Input, open_input
from headwater.monitoring.inputs.on_spark import OnSpark
from headwater.monitoring.metrics.custom.aggregates import aggregates, like
from headwater.monitoring.metrics.custom.checked import CustomMetrics, checked_metrics, notes_of
from headwater.monitoring.metrics.custom.drift import with_drift_metrics
from headwater.monitoring.metrics.custom.parts import Part, written
from headwater.monitoring.metrics.custom.profile import with_profile_metrics
from headwater.monitoring.metrics.drift import drifts
from headwater.monitoring.metrics.profile import profiles
from headwater.monitoring.states.columns import ProfiledColumn, check_types, profiled_columns
from headwater.monitoring.states.store import (
    Learnt,
    create_tables,
    in_windows,
    neighbours,
    note_columns,
    profiled_baselines,
    read_learnt,
    replace_rows,
)
from headwater.monitoring.states.stored_states import Comparison, States, stored_states
from headwater.monitoring.tables.schemas import histograms_schema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["RefreshResult", "refresh"]


@dataclass(frozen=True)
class RefreshResult:
    """What a refresh covered.

    `windows` has by granularity the start of the first touched window and the exclusive end of the last, naive UTC; None
    is without bound. `version` is the version of the monitored table that was read, None for a view. `failed_metrics` says of
    each custom metric and column that could not be computed why; these are NULL, and all else was written.
    """

    profile_table: str
    drift_table: str
    windows: Mapping[str, tuple[dt.datetime | None, dt.datetime | None]]
    version: int | None
    baseline_computed: bool
    failed_metrics: tuple[CustomMetricError, ...] = ()


@lakehouse.faults_named()
def refresh(
    spark: SparkSession, monitor: Monitor, start: dt.datetime | None = None, end: dt.datetime | None = None
) -> RefreshResult:
    """Compute the windows that share a moment with `start` to `end`, for every granularity, slice and model.

    Each touched window is computed whole, from all of its rows, and replaces its former result; so do late rows and late
    labels: refresh the interval again. The CONSECUTIVE drift of the window after is computed again too. The baseline's
    rows are computed at the first refresh and whenever the baseline table has a new version; the bin edges stay as they
    were learnt at the first refresh. BASELINE drift of windows that are not touched stays as it was.

    Parameters
    ----------
    start, end
        Inclusive and exclusive, naive UTC or aware; None is without bound. A snapshot takes no `start`, and `end` is its
        moment (None: the time of the version read).

    Returns
    -------
    RefreshResult
        What was covered. The results are in the tables `monitor.profile_table` and `monitor.drift_table`.

    Raises
    ------
    InvalidInputError
        If `start` is after `end`, or a snapshot of a view has no `end`.
    MissingColumnsError, ColumnTypeError, TableNotFoundError
        If the monitored tables are not as the monitor says.

    Notes
    -----
    Reads the rows of the touched windows (Delta skips other files) and the stored states of these windows and the ones
    beside them: the cost does not grow with history. Three commits, the first refresh four; those of profiles and drift
    side by side, or with custom drift metrics one after the other. Custom aggregates take one more pass over the rows. A
    custom metric that cannot be computed is in the result's `failed_metrics`, and harms no other. Run again, it gives the
    same tables.
    """
    if start is not None and end is not None and micros_of(start) > micros_of(end):
        raise InvalidInputError(f"start={start} is after end={end}: the interval holds start and not end.")
    create_tables(spark, monitor)
    version = lakehouse.newest_version(spark, monitor.table_name)
    spans = _spans(spark, monitor, start, end, version)
    df = lakehouse.read_table(spark, monitor.table_name, version=version)
    columns = profiled_columns(df, monitor)
    check_types(df, columns, monitor, monitor.table_name)
    timeless = isinstance(monitor.kind, MonitorSnapshot)
    current = open_input(spark, monitor.table_name, OnSpark(df, monitor, columns, spans, timeless, version))
    learnt = read_learnt(spark, monitor)
    custom = _checked_metrics(spark, monitor, df, columns)
    baseline = _stale_baseline(spark, monitor, columns, learnt, metrics_changed=custom.stale)
    result = RefreshResult(
        monitor.profile_table, monitor.drift_table, _covered(spans), version, baseline is not None, custom.errors
    )
    if start is not None and end is not None and micros_of(start) == micros_of(end):
        return result
    edges = _edges(spark, monitor, columns, (baseline, current), learnt)
    inputs = {"INPUT": current} | ({"BASELINE": baseline} if baseline else {})
    touched = f"(log_type = 'INPUT' AND {in_windows(spans)})" + (" OR log_type = 'BASELINE'" if baseline else "")

    states = [source.states(log_type, edges) for log_type, source in inputs.items()]
    replace_rows(_united(states), monitor.histograms_table, touched)

    # What is derived is derived from what was stored, so that it is the same after a kill.
    comparison = _comparison(spark, monitor, spans)
    stored = stored_states(spark, monitor, comparison)

    def write_profiles() -> list[CustomMetricError]:
        of = stored.touched(spans, baseline=baseline is not None)
        found = _quality(inputs) if _may_have_labels(of, monitor) else None
        metrics, parts = custom.of("aggregate", "derived")
        rows = profiles(of, found, edges, monitor, indexed=bool(metrics))

        def frame(chosen: Sequence[Part]) -> DataFrame:
            of_cells = _aggregates(inputs, df, monitor, chosen)
            return with_profile_metrics(rows, of_cells, metrics, chosen, monitor.model_id_col) if metrics else rows

        return written(frame, parts, lambda ready: replace_rows(ready, monitor.profile_table, touched), monitor)

    def write_drift() -> list[CustomMetricError]:
        where = (
            f"((drift_type = 'CONSECUTIVE' AND {in_windows(comparison.after)}) "
            f"OR (drift_type = 'BASELINE' AND {in_windows(spans)}))"
        )
        metrics, parts = custom.of("drift")
        rows = drifts(stored.pairs(comparison), edges, monitor, compared=bool(metrics))
        near = f"log_type = 'BASELINE' OR {in_windows(comparison.after)} OR {in_windows(comparison.around)}"

        def frame(chosen: Sequence[Part]) -> DataFrame:
            beside = lakehouse.read_table(spark, monitor.profile_table).where(near)
            return with_drift_metrics(rows, beside, metrics, chosen, monitor.model_id_col) if metrics else rows

        return written(frame, parts, lambda ready: replace_rows(ready, monitor.drift_table, where), monitor)

    compared = bool(custom.of("drift")[0])  # rows of the profile, which must be there
    failed = [write_profiles(), write_drift()] if compared else side_by_side(spark, write_profiles, write_drift)
    note_columns(spark, monitor.profile_table, notes_of(custom.metrics))
    return replace(result, failed_metrics=(*custom.errors, *failed[0], *failed[1]))


def _checked_metrics(
    spark: SparkSession, monitor: Monitor, df: DataFrame, columns: tuple[ProfiledColumn, ...]
) -> CustomMetrics:
    sources = {monitor.table_name: df}
    if monitor.custom_metrics and monitor.baseline_table_name is not None:
        name = monitor.baseline_table_name
        sources[name] = like(lakehouse.read_table(spark, name), df.schema)
    return checked_metrics(spark, monitor, [about.name for about in columns], sources)


def _aggregates(
    inputs: Mapping[str, Input], df: DataFrame, monitor: Monitor, parts: Sequence[Part]
) -> DataFrame | None:
    """Return the custom aggregates of all cells; None if there are none."""
    mine = [part for part in parts if part.metric.type == "aggregate"]
    found = [
        aggregates(like(of.df, df.schema), monitor, mine, of.spans, of.popular, timeless=of.timeless)
        for of in inputs.values()
        if mine
    ]
    return _united(found) if found else None


def _spans(
    spark: SparkSession, monitor: Monitor, start: dt.datetime | None, end: dt.datetime | None, version: int | None
) -> tuple[Span, ...]:
    if monitor.granularities:
        return tuple(Span.touched(granularity, start, end) for granularity in monitor.granularities)
    if start is not None:
        raise InvalidInputError(f"A snapshot is of the whole table, found start={start}: leave it out.")
    if end is None:
        if version is None:
            raise InvalidInputError(f"{monitor.table_name} is a view, whose versions have no time: give end=….")
        full = lakehouse.resolve(spark, monitor.table_name)
        history = spark.sql(f"DESCRIBE HISTORY {full.quoted}").where(f"version = {version}")
        end = time_of(history.selectExpr("unix_micros(timestamp) AS at").collect()[0]["at"])
    return (Span(SNAPSHOT, micros_of(end), micros_of(end) + 1),)


def _stale_baseline(
    spark: SparkSession, monitor: Monitor, columns: tuple[ProfiledColumn, ...], learnt: Learnt, *, metrics_changed: bool
) -> Input | None:
    """Return the baseline if its stored states or profiles are missing or of another version, monitor, columns or metrics.

    The profiles are written last: a refresh that was killed before is made good by the next.
    """
    if monitor.baseline_table_name is None:
        return None
    version = lakehouse.newest_version(spark, monitor.baseline_table_name)
    facts = {(version, by) for version, by, _, _ in learnt.baseline}
    names = {name for _, _, name, _ in learnt.baseline}
    slices = {slice_key for _, _, _, slice_key in learnt.baseline} - {None}
    fresh = version is not None and facts == {(version, monitor.monitor_version)}
    complete = names == {":table", *(c.name for c in columns)} and slices <= set(monitor.slicing_exprs)
    if fresh and complete and not metrics_changed and profiled_baselines(spark, monitor) == facts:
        return None
    df = lakehouse.read_table(spark, monitor.baseline_table_name, version=version)
    check_types(df, columns, monitor, monitor.baseline_table_name)
    rows = OnSpark(df, monitor, columns, (Span(BASELINE, 0, 1),), timeless=True, version=version)
    return open_input(spark, monitor.baseline_table_name, rows)


def _edges(
    spark: SparkSession,
    monitor: Monitor,
    columns: tuple[ProfiledColumn, ...],
    sources: tuple[Input | None, Input],
    stored: Learnt,
) -> dict[str, NDArray[np.float64]]:
    """Return the bin edges; those of columns that have none yet are learnt, and stored before they are used.

    They are learnt from the baseline if it is read, else from the first window, else from all rows of this refresh: the first
    of these in which the column varies. One that varies in none has few values, which are kept as they are.
    """
    missing = [c.name for c in columns if c.kind in ("number", "time") and c.name not in stored.edges]
    if not missing:
        return stored.edges
    baseline, current = sources
    sources_of = [] if baseline is None else [(baseline, False)]
    if not current.timeless and baseline is None:
        sources_of.append((current, True))
    sources_of.append((current, False))
    learnt: dict[str, NDArray[np.float64]] = {}
    for source, first_window in sources_of:
        wanted = [name for name in missing if name not in learnt]
        if wanted:
            learnt |= source.learn_edges(wanted, first_window=first_window)
    if not learnt:
        return stored.edges
    rows: list[dict[str, Any]] = [
        {"log_type": "EDGES", "column_name": name, "edges": of.tolist(), "monitor_version": monitor.monitor_version}
        for name, of in learnt.items()
    ]
    schema = histograms_schema()
    names = ", ".join("'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'" for name in learnt)
    frame = spark.createDataFrame([tuple(row.get(name) for name in schema.names) for row in rows], schema)
    replace_rows(frame, monitor.histograms_table, f"log_type = 'EDGES' AND column_name IN ({names})")
    return stored.edges | learnt


def _comparison(spark: SparkSession, monitor: Monitor, spans: tuple[Span, ...]) -> Comparison:
    """Return what is compared: each touched window and the one after it with the one before, and with the baseline."""
    baseline = monitor.baseline_table_name is not None
    if not isinstance(monitor.kind, MonitorSnapshot):
        after = tuple(replace(span, stop=None if span.stop is None else span.stop + 1) for span in spans)
        around = tuple(replace(s, first=None if s.first is None else s.first - 1) for s in spans)
        return Comparison(spans, after, around, None, baseline)
    moment = spans[0].first or 0
    previous, following = neighbours(spark, monitor, moment)
    before = ({} if previous is None else {moment: previous}) | ({} if following is None else {following: moment})
    after = (Span(SNAPSHOT, moment, (moment if following is None else following) + 1),)
    around = (Span(SNAPSHOT, before.get(moment, moment), moment + 1),)
    return Comparison(spans, after, around, before, baseline)


def _may_have_labels(states: States, monitor: Monitor) -> bool:
    log = monitor.inference
    return log is not None and log.label_col is not None and states.may_have(log.label_col)


def _quality(inputs: Mapping[str, Input]) -> DataFrame | None:
    metrics = [df for df in (source.quality() for source in inputs.values()) if df is not None]
    return _united(metrics) if metrics else None


def _covered(spans: tuple[Span, ...]) -> dict[str, tuple[dt.datetime | None, dt.datetime | None]]:
    return {
        s.granularity: (None if s.start is None else time_of(s.start), None if s.end is None else time_of(s.end))
        for s in spans
    }


def _united(frames: list[DataFrame]) -> DataFrame:
    first, *rest = frames
    for frame in rest:
        first = first.unionByName(frame)
    return first
