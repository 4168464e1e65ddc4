"""Alerts: which rules the newest windows violate, remembered in a table, once each."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError
from headwater.lakehouse.threads import side_by_side
from headwater.monitoring.alerts.messages import sentence
from headwater.monitoring.definitions.thresholds import Threshold
from headwater.monitoring.definitions.windows import SNAPSHOT, micros_of, time_of, window_index, window_start
from headwater.monitoring.distances import benjamini_hochberg
from headwater.monitoring.states.store import create_tables, replace_rows
from headwater.monitoring.tables.schemas import alerts_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from headwater.monitoring.definitions.monitor import Monitor

__all__ = ["Alert", "evaluate_alerts"]

_PVALUE: Final = "coalesce(ks_test.pvalue, chi_squared_test.pvalue)"
_SERIES: Final = ("column_name", "slice_key", "slice_value", "model_id")


@dataclass(frozen=True)
class Alert:
    """A rule that was violated in the window that ended last; the fields are the columns of ``…_alerts``.

    `value` is the metric in that window, or its difference to the baseline for rules relative to it. `raised_at` is the
    window's end, so that an alert is the same whenever it is computed. Times are naive UTC.
    """

    rule: str
    column_name: str
    window: tuple[dt.datetime, dt.datetime]
    granularity: str
    slice_key: str | None
    slice_value: str | None
    model_id: str | None
    drift_type: str | None
    metric: str
    value: float
    threshold: float
    severity: str
    concerns: str
    message: str
    raised_at: dt.datetime


@lakehouse.faults_named()
def evaluate_alerts(
    spark: SparkSession, monitor: Monitor, rules: Sequence[Threshold], as_of: dt.datetime
) -> list[Alert]:
    """Return the alerts of the last complete window of each granularity, and write them to ``…_alerts``.

    The last complete window is the last one that ends at or before `as_of`. The alerts of these rules for these windows
    replace former ones, in one commit: run again it gives the same table, and an alert that late rows or labels have made
    void disappears.

    Parameters
    ----------
    rules
        Each with a name of its own; see :func:`monitoring.default_rules`.
    as_of
        Inclusive, naive UTC or aware.

    Returns
    -------
    list[Alert]
        The most severe first. What one model has raised is not repeated for all models together. The metrics of the last
        `m` windows come to the driver: a row for each window, column, slice and model.

    Raises
    ------
    InvalidInputError
        If two rules have one name, or a rule names a granularity that the monitor has not.
    """
    known = monitor.granularities or (SNAPSHOT,)
    names = [rule.name for rule in rules]
    if len(set(names)) < len(names):
        raise InvalidInputError(f"Each rule needs a name of its own, found {names}.")
    for rule in rules:
        if rule.granularity is not None and rule.granularity not in known:
            raise InvalidInputError(
                f"The rule {rule.name!r} is on {rule.granularity!r}; the monitor has {list(known)}."
            )
    create_tables(spark, monitor)
    alerts: list[Alert] = []
    evaluated: list[str] = []
    for granularity in known:
        windows = _windows(spark, monitor, granularity, as_of, max((rule.m for rule in rules), default=1))
        mine = [rule for rule in rules if rule.granularity in (None, granularity)]
        if not windows or not mine:
            continue
        evaluated.append(
            f"(granularity = '{granularity}' AND window.start = TIMESTAMP '{lakehouse.sql_time(windows[0])}' "
            f"AND rule IN ({', '.join(map(lakehouse.literal, [rule.name for rule in mine]))}))"
        )
        drift, profile = side_by_side(
            spark,
            partial(_values, spark, monitor, granularity, windows, [rule for rule in mine if rule.drift_type]),
            partial(_values, spark, monitor, granularity, windows, [rule for rule in mine if not rule.drift_type]),
        )
        for rule in mine:
            alerts += _violations(rule, granularity, windows[: rule.m], drift if rule.drift_type else profile)
    alerts = _without_repeats(alerts)
    if evaluated:
        rows = [_as_row(alert) for alert in alerts]
        replace_rows(spark.createDataFrame(rows, alerts_schema()), monitor.alerts_table, " OR ".join(evaluated))
    order = {"critical": 0, "warning": 1, "info": 2}
    return sorted(
        alerts,
        key=lambda a: (order[a.severity], a.rule, a.granularity, a.column_name, str(a.model_id), str(a.slice_value)),
    )


def _as_row(alert: Alert) -> tuple[Any, ...]:
    """Return an alert as Spark takes it: its times with their zone, as those without one would be this machine's."""
    start, end = (time.replace(tzinfo=dt.UTC) for time in alert.window)
    return astuple(replace(alert, window=(start, end), raised_at=alert.raised_at.replace(tzinfo=dt.UTC)))


def _windows(
    spark: SparkSession, monitor: Monitor, granularity: str, as_of: dt.datetime, most: int
) -> list[dt.datetime]:
    """Return the starts of the last complete windows, the newest first: of the calendar, or of the stored snapshots."""
    import numpy as np

    if granularity == SNAPSHOT:
        rows = lakehouse.read_table(spark, monitor.profile_table).where(
            f"granularity = '{SNAPSHOT}' AND column_name = ':table' AND slice_key IS NULL "
            f"AND window.start <= TIMESTAMP '{lakehouse.sql_time(as_of)}'"
        )
        starts = rows.selectExpr("unix_micros(window.start) AS start").orderBy("start", ascending=False)
        return [time_of(row["start"]) for row in starts.limit(most).collect()]
    current = int(window_index(np.array([micros_of(as_of)]), granularity)[0])
    return [time_of(window_start(current - back, granularity)) for back in range(1, most + 1)]


def _values(
    spark: SparkSession, monitor: Monitor, granularity: str, windows: Sequence[dt.datetime], rules: Sequence[Threshold]
) -> list[dict[str, Any]]:
    """Return the metrics that the rules look at: a dict per row of these windows, and of the baseline."""
    from pyspark.sql import functions as F

    if not rules:
        return []
    drift = rules[0].drift_type is not None
    rows: DataFrame = lakehouse.read_table(spark, monitor.drift_table if drift else monitor.profile_table)
    bounds = f"window.start >= TIMESTAMP '{lakehouse.sql_time(windows[-1])}' "
    bounds += f"AND window.start <= TIMESTAMP '{lakehouse.sql_time(windows[0])}'"
    inside = f"(granularity = '{granularity}' AND {bounds})"
    rows = rows.where(inside if drift else f"{inside} OR log_type = 'BASELINE'")
    if not any(rule.slices for rule in rules):
        rows = rows.where("slice_key IS NULL")
    if all(rule.columns is not None for rule in rules):
        rows = rows.where(F.col("column_name").isin([name for rule in rules for name in rule.columns or ()]))
    model = lakehouse.column(monitor.model_id_col) if monitor.model_id_col else F.lit(None).cast("string")
    metrics = sorted({rule.metric for rule in rules})
    ends = [
        F.unix_micros(f"window.{end}").alias(end) for end in ("start", "end")
    ]  # collected times go by this machine's clock
    chosen = [*ends, F.col("column_name"), F.col("slice_key"), F.col("slice_value"), model.alias("model_id")]
    chosen += [
        F.expr("drift_type" if drift else "NULL").alias("drift_type"),
        F.expr(_PVALUE if drift else "NULL").alias("p"),
    ]
    chosen += [F.col(metric).cast("double").alias(metric.replace(".", "__")) for metric in metrics]
    return [_with_window(row.asDict()) for row in rows.select(*chosen).collect()]


def _with_window(row: dict[str, Any]) -> dict[str, Any]:
    start, end = row.pop("start"), row.pop("end")
    return row | {"window": None if start is None else {"start": time_of(start), "end": time_of(end)}}


def _violations(
    rule: Threshold, granularity: str, windows: Sequence[dt.datetime], rows: Sequence[dict[str, Any]]
) -> list[Alert]:
    rows = [row for row in rows if row["drift_type"] == rule.drift_type and (rule.slices or row["slice_key"] is None)]
    significant = _significant(rule, rows)
    chosen = [row for row in rows if rule.columns is None or row["column_name"] in rule.columns]
    baseline = {tuple(row[c] for c in _SERIES): row for row in chosen if row["window"] is None}
    metric = rule.metric.replace(".", "__")
    series: dict[tuple[Any, ...], dict[dt.datetime, tuple[float, float | None, bool, dict[str, Any]]]] = {}
    for row in chosen:
        value = row[metric]
        if row["window"] is None or value is None or math.isnan(value):
            continue
        key = tuple(row[c] for c in _SERIES)
        against = None
        if rule.relative_to_baseline:
            of = baseline.get(key) or baseline.get((*key[:-1], "*"))
            if of is None or of[metric] is None:
                continue
            against = of[metric]
            value -= against
        violates = rule.violated(value) and (rule.max_pvalue is None or id(row) in significant)
        series.setdefault(key, {})[row["window"]["start"]] = (value, against, violates, row)
    alerts = []
    for key, found in series.items():
        count = sum(found[start][2] for start in windows if start in found)
        if windows[0] in found and found[windows[0]][2] and count >= rule.n:
            value, against, _, row = found[windows[0]]
            alerts.append(_alert(rule, granularity, key, value, against, row["window"], count))
    return alerts


def _without_repeats(alerts: Sequence[Alert]) -> list[Alert]:
    """Return the alerts without those of all models together that a single model has raised too."""
    told = {(a.rule, a.column_name, a.granularity, a.slice_key, a.slice_value) for a in alerts if a.model_id != "*"}
    return [
        a
        for a in alerts
        if a.model_id != "*" or (a.rule, a.column_name, a.granularity, a.slice_key, a.slice_value) not in told
    ]


def _significant(rule: Threshold, rows: Sequence[dict[str, Any]]) -> set[int]:
    """Return which rows are significant after correction for the columns of the same window, slice and model."""
    if rule.max_pvalue is None:
        return set()
    families: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if row["p"] is not None:
            key = (row["window"]["start"], row["slice_key"], row["slice_value"], row["model_id"])
            families.setdefault(key, []).append(row)
    found = set()
    for family in families.values():
        corrected = benjamini_hochberg([row["p"] for row in family])
        found |= {id(row) for row, p in zip(family, corrected, strict=True) if p <= rule.max_pvalue}
    return found


def _alert(
    rule: Threshold,
    granularity: str,
    key: tuple[Any, ...],
    value: float,
    baseline: float | None,
    window: dict[str, dt.datetime],
    count: int,
) -> Alert:
    name, slice_key, slice_value, model = key
    message = sentence(
        rule, name, window["start"], granularity, value, baseline=baseline, model=model, count=count,
        slice_=None if slice_key is None else (slice_key, slice_value),
    )  # fmt: skip
    return Alert(
        rule=rule.name, column_name=name, window=(window["start"], window["end"]), granularity=granularity,
        slice_key=slice_key, slice_value=slice_value, model_id=model, drift_type=rule.drift_type, metric=rule.metric,
        value=value, threshold=rule.value, severity=rule.severity, concerns=rule.concerns, message=message,
        raised_at=window["end"],
    )  # fmt: skip
