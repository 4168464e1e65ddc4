"""Past, limits, findings and incidents as tables: read to the driver, and written one commit each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater import lakehouse
from headwater.monitoring.alerts.incidents import Action, Finding, Incident
from headwater.monitoring.alerts.kinds.kind import Column
from headwater.monitoring.alerts.past import Limit, Past, learn_limits, learn_margin
from headwater.monitoring.definitions.windows import Span, time_of, window_start
from headwater.monitoring.inputs.input import open_input
from headwater.monitoring.inputs.on_spark import OnSpark
from headwater.monitoring.states.columns import profiled_columns
from headwater.monitoring.states.scan import merged_schema
from headwater.monitoring.states.state_rows import rows_of, state_of
from headwater.monitoring.states.store import read_learnt
from headwater.monitoring.tables.schemas import ACTIONS, FINDINGS, INCIDENTS, LIMITS, parsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pyspark.sql import DataFrame, SparkSession

    from headwater.monitoring.definitions.monitor import Monitor
    from headwater.monitoring.definitions.policy import AlertPolicy
    from headwater.monitoring.states.column_state import ColumnState

__all__ = ["learnt_past", "read_findings", "read_states", "write_findings", "write_incidents"]

_TABLE = ":table"
_FINDINGS = "Changes over their limits, window by window"


def learnt_past(
    spark: SparkSession, monitor: Monitor, policy: AlertPolicy, granularity: str, cause_of: Callable[[str], str]
) -> tuple[Past, dict[tuple[str, str], Limit], float]:
    """Return the baseline's windows, their limits and the margin; learnt anew when baseline, monitor or policy changed.

    A baseline without the monitor's time is one window. Learning reads the baseline once; its states come to the driver: a row
    for each column and window.
    """
    assert monitor.baseline_table_name is not None
    version = lakehouse.newest_version(spark, monitor.baseline_table_name)
    known = f"{granularity} {policy!r}"
    edges = read_learnt(spark, monitor).edges
    lakehouse.ensure_table(
        spark, monitor.limits_table, parsed(LIMITS), comment="Limits learnt from the baseline's windows"
    )
    rows = lakehouse.read_table(spark, monitor.limits_table).collect()
    fresh = version is not None and bool(rows)
    fresh &= {(r["baseline_version"], r["monitor_version"], r["policy"]) for r in rows} == {
        (version, monitor.monitor_version, known)
    }
    if not fresh:
        states = _baseline_states(spark, monitor, version, granularity, edges)
        lakehouse.ensure_table(spark, monitor.past_table, states.schema, comment="States of the baseline's windows")
        lakehouse.overwrite(states, monitor.past_table)
    past = _past(monitor, lakehouse.read_table(spark, monitor.past_table), edges)
    if fresh:
        limits = {(r["column_name"], r["kind"]): Limit(r["value"], tuple(r["effects"])) for r in rows}
        return past, limits, float(rows[0]["margin"])
    limits = learn_limits(past, policy)
    days = (window_start(1, granularity) - window_start(0, granularity)) / 86_400e6
    margin = learn_margin(past, limits, policy, per_month=30 / days, cause_of=cause_of)
    learnt = [
        (name, kind, limit.value, list(limit.effects), margin, version, monitor.monitor_version, known)
        for (name, kind), limit in limits.items()
    ]
    lakehouse.overwrite(spark.createDataFrame(learnt, parsed(LIMITS)), monitor.limits_table)
    return past, limits, margin


def _baseline_states(
    spark: SparkSession,
    monitor: Monitor,
    version: int | None,
    granularity: str,
    edges: Mapping[str, NDArray[np.float64]],
) -> DataFrame:
    from pyspark.sql import functions as F

    assert monitor.baseline_table_name is not None
    df = lakehouse.read_table(spark, monitor.baseline_table_name, version=version)
    columns = profiled_columns(lakehouse.read_table(spark, monitor.table_name), monitor)
    timeless = monitor.timestamp_col is None or monitor.timestamp_col not in df.columns
    whole = replace(monitor, slicing_exprs=())
    rows = OnSpark(df, whole, columns, (Span(granularity, None, None),), timeless, version)
    states = open_input(spark, monitor.baseline_table_name, rows).states("BASELINE", edges).where("model_id = '*'")
    bounds = {f"{end}_micros": F.unix_micros(f"window.{end}") for end in ("start", "end")}
    return states.withColumns(bounds).select(*merged_schema().names)


def _past(monitor: Monitor, rows: DataFrame, edges: Mapping[str, NDArray[np.float64]]) -> Past:
    found = [row for row in rows_of(rows.toArrow().to_batches()) if row["column_name"] != _TABLE]
    indices = sorted({row["window_index"] for row in found})
    at = {index: position for position, index in enumerate(indices)}
    columns: dict[str, Column] = {}
    states: dict[str, list[ColumnState | None]] = {}
    for row in found:
        name = row["column_name"]
        columns[name] = Column(name, _kind(monitor, name, row["column_kind"]), edges.get(name, np.zeros(1)))
        states.setdefault(name, [None] * len(indices))[at[row["window_index"]]] = state_of(row)
    return Past(columns, indices, states)


def _kind(monitor: Monitor, name: str, kind: str) -> str:
    log = monitor.inference
    return (
        "class"
        if log and log.problem_type == "classification" and name in (log.prediction_col, log.label_col)
        else kind
    )


def read_states(
    spark: SparkSession, monitor: Monitor, granularity: str, indices: Sequence[int]
) -> dict[int, dict[str, ColumnState]]:
    """Return the states of all models together by window index and column, from ``…_histograms``."""
    rows = lakehouse.read_table(spark, monitor.histograms_table).where(
        f"log_type = 'INPUT' AND granularity = '{granularity}' AND slice_key IS NULL AND model_id = '*' "
        f"AND window_index BETWEEN {min(indices)} AND {max(indices)}"
    )
    found: dict[int, dict[str, ColumnState]] = {}
    for row in rows_of(rows.toArrow().to_batches()):
        found.setdefault(row["window_index"], {})[row["column_name"]] = state_of(row)
    return found


def write_findings(
    spark: SparkSession, monitor: Monitor, granularity: str, indices: Sequence[int], findings: Sequence[Finding]
) -> None:
    """Replace the findings of these windows."""
    schema = parsed(FINDINGS)
    lakehouse.ensure_table(spark, monitor.findings_table, schema, comment=_FINDINGS)
    rows = [((_aware(f.start), _aware(f.end)), granularity, *astuple(f)[2:]) for f in findings]
    first = lakehouse.sql_time(time_of(window_start(min(indices), granularity)))
    last = lakehouse.sql_time(time_of(window_start(max(indices) + 1, granularity)))
    where = (
        f"granularity = '{granularity}' AND window.start >= TIMESTAMP '{first}' AND window.start < TIMESTAMP '{last}'"
    )
    lakehouse.replace_where(spark.createDataFrame(rows, schema), monitor.findings_table, where)


def read_findings(spark: SparkSession, monitor: Monitor, granularity: str) -> tuple[list[Finding], list[Action]]:
    """Return all findings of a granularity, and what people did."""
    lakehouse.ensure_table(spark, monitor.actions_table, parsed(ACTIONS), comment="What people did about incidents")
    lakehouse.ensure_table(spark, monitor.findings_table, parsed(FINDINGS), comment=_FINDINGS)
    table = lakehouse.read_table(spark, monitor.findings_table).where(f"granularity = '{granularity}'")
    names = [name for name in parsed(FINDINGS).names if name not in ("window", "granularity")]
    rows = table.selectExpr("unix_micros(window.start) AS start", "unix_micros(window.end) AS end", *names).collect()
    findings = [Finding(time_of(r["start"]), time_of(r["end"]), *(r[name] for name in names)) for r in rows]
    acted = lakehouse.read_table(spark, monitor.actions_table).selectExpr(
        "incident_id", "action", "unix_micros(until) AS until", "who", "unix_micros(at) AS at", "note"
    )
    return findings, [
        Action(r["incident_id"], r["action"], _time(r["until"]), r["who"], time_of(r["at"]), r["note"])
        for r in acted.collect()
    ]


def write_incidents(spark: SparkSession, monitor: Monitor, incidents: Sequence[Incident]) -> None:
    """Replace the table of incidents; one commit."""
    schema = parsed(INCIDENTS)
    lakehouse.ensure_table(spark, monitor.incidents_table, schema, comment="Incidents: what people are told, once each")
    rows = [tuple(_spark_value(value) for value in astuple(incident)) for incident in incidents]
    lakehouse.overwrite(spark.createDataFrame(rows, schema), monitor.incidents_table)


def _spark_value(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return _aware(value)
    return list(value) if isinstance(value, tuple) else value


def _aware(time: dt.datetime) -> dt.datetime:
    return time.replace(tzinfo=dt.UTC)


def _time(micros: int | None) -> dt.datetime | None:
    return None if micros is None else time_of(micros)
