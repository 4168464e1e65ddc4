"""What is learnt of each model's reference: the labelled rows of the baseline that the model was judged on.

A training that is promoted replaces the baseline. What was learnt of former models stays in ``…_performance_references``, so that
windows of theirs can be estimated again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater import lakehouse
from headwater.monitoring.definitions.windows import window_index
from headwater.monitoring.estimation.answers import Answers, answers_of, rows_of, scored
from headwater.monitoring.estimation.estimator import DocumentedEstimator
from headwater.monitoring.estimation.kinds import NUMBER, estimator_of
from headwater.monitoring.estimation.limits import Limits, learn_limits
from headwater.monitoring.tables.schemas import REFERENCES, parsed

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from headwater.monitoring.definitions.monitor import Monitor
    from headwater.monitoring.estimation.estimator import Estimator, Rows

__all__ = ["FEWEST_ROWS", "Reference", "estimators_of", "references"]

FEWEST_ROWS: Final = 30
"""Fewer labelled rows than this teach nothing."""
_MOST_ROWS: Final = {NUMBER: 30_000}
_MOST_SCORES: Final = 200_000
_PARTS: Final = 10

_fitted: dict[tuple[object, ...], Estimator] = {}
"""Models of the error that this process has fitted: they are not kept in a table."""


@dataclass(frozen=True)
class Reference:
    """What was learnt of one model, from which version of the baseline and how many rows; limits by granularity and metric."""

    model: str
    version: int | None
    rows: int
    kind: str
    classes: tuple[str, ...]
    document: str | None
    limits: Mapping[tuple[str, str], Limits]


def references(spark: SparkSession, monitor: Monitor) -> dict[str, Reference]:
    """Return the newest reference of each model; those of a new version of the baseline are learnt first, and stored.

    Learning reads the baseline twice, and brings at most 200,000 rows of scores, or 30,000 of inputs, to the driver: of a larger
    one a sample by the rows' hashes, the same each time. A baseline that is a view has no version, and is learnt anew each time.
    """
    assert monitor.baseline_table_name is not None
    schema = parsed(REFERENCES)
    lakehouse.ensure_table(
        spark, monitor.references_table, schema, comment="What estimators of performance have learnt"
    )
    version = lakehouse.newest_version(spark, monitor.baseline_table_name)
    stored = lakehouse.read_table(spark, monitor.references_table)
    rows = stored.where(f"monitor_version = {int(monitor.monitor_version)}").toArrow().to_pylist()
    if version is None or version not in {row["baseline_version"] for row in rows}:
        learnt = _learnt(spark, monitor, version)
        own = f"monitor_version = {int(monitor.monitor_version)}"
        where = f"{own} AND baseline_version {'IS NULL' if version is None else f'= {version}'}"
        if learnt:
            frame = spark.createDataFrame([_row(one, monitor) for one in learnt], schema)
            lakehouse.replace_where(frame, monitor.references_table, where)
        rows = [row for row in rows if row["baseline_version"] is not None or version is not None]
        found = [_reference(row) for row in rows] + learnt
    else:
        found = [_reference(row) for row in rows]
    newest = sorted(found, key=lambda one: -1 if one.version is None else one.version)
    return {one.model: one for one in newest}


def estimators_of(
    spark: SparkSession, monitor: Monitor, known: Mapping[str, Reference], models: Sequence[str], answers: Answers
) -> dict[str, Estimator]:
    """Return the estimators of these models, those that can be had.

    Models of the error are fitted from the version of the baseline that the model was judged on, once for each process; where
    that version is vacuumed there is none.
    """
    from pyspark.errors import PySparkException

    found: dict[str, Estimator] = {}
    for model in models:
        reference = known.get(model)
        if reference is None or (reference.kind, reference.classes) != (answers.kind, answers.classes):
            continue
        if reference.document is not None:
            empty = estimator_of(reference.kind, reference.classes)
            assert isinstance(empty, DocumentedEstimator)
            found[model] = empty.restored(json.loads(reference.document))
            continue
        key = _key(monitor, reference)
        if key not in _fitted:
            try:
                of_models = _reference_rows(spark, monitor, reference.version, answers)
            except (PySparkException, lakehouse.HeadwaterError):
                continue
            if model not in of_models:
                continue
            _remember(key, estimator_of(answers.kind, answers.classes).fit(of_models[model][0]))
        found[model] = _fitted[key]
    return found


def _learnt(spark: SparkSession, monitor: Monitor, version: int | None) -> list[Reference]:
    baseline = _baseline(spark, monitor, version)
    answers = (
        None if baseline is None else answers_of(lakehouse.read_table(spark, monitor.table_name), baseline, monitor)
    )
    if baseline is None or answers is None:
        return []
    timed = monitor.timestamp_col in baseline.columns
    found = []
    for model, (rows, time) in _reference_rows(spark, monitor, version, answers).items():
        enough = len(rows) >= FEWEST_ROWS
        occurring = set(np.unique(rows.labels)) if answers.kind != NUMBER else set()
        if not enough or (answers.kind != NUMBER and len(occurring) < len(answers.classes)):
            continue
        estimator = estimator_of(answers.kind, answers.classes).fit(rows)
        limits: dict[tuple[str, str], Limits] = {}
        for granularity in monitor.granularities:
            windows = _windows(rows, time, granularity) if timed else _parts(rows)
            of_metrics = learn_limits(estimator, rows, windows)
            limits |= {(granularity, name): one for name, one in of_metrics.items()}
        text = json.dumps(estimator.document()) if isinstance(estimator, DocumentedEstimator) else None
        one = Reference(model, version, len(rows), answers.kind, answers.classes, text, limits)
        if text is None:
            _remember(_key(monitor, one), estimator)
        found.append(one)
    return found


def _baseline(spark: SparkSession, monitor: Monitor, version: int | None) -> DataFrame | None:
    """Return the baseline; None if it has no column of labels, predictions, models or probabilities."""
    log = monitor.inference
    assert log is not None
    assert monitor.baseline_table_name is not None
    df = lakehouse.read_table(spark, monitor.baseline_table_name, version=version)
    needed = [log.label_col, log.prediction_col, log.model_id_col, log.prediction_proba_col]
    return df if all(name is None or name in df.columns for name in needed) else None


def _reference_rows(
    spark: SparkSession, monitor: Monitor, version: int | None, answers: Answers
) -> dict[str, tuple[Rows, np.ndarray[Any, Any]]]:
    """Return the labelled rows of each model in the order of their times, and the times."""
    from pyspark.sql import functions as F

    df = _baseline(spark, monitor, version)
    if df is None:
        return {}
    rows = scored(df, monitor, answers, timeless=monitor.timestamp_col not in df.columns).where("label IS NOT NULL")
    most, total = _MOST_ROWS.get(answers.kind, _MOST_SCORES), rows.count()
    if total > most:
        hashed = F.pmod(F.xxhash64(*rows.columns), F.lit(1_000_000))
        rows = rows.where(hashed < int(1_000_000 * most / total))
    table: pa.Table = rows.toArrow()
    models = np.asarray(table.column("model").to_numpy(zero_copy_only=False), dtype=object)
    time = np.asarray(table.column("time").to_numpy(zero_copy_only=False), dtype=np.int64)
    every, found = rows_of(table, answers), {}
    for model in sorted(set(models)):
        own = np.flatnonzero(models == model)
        own = own[np.lexsort((every.predictions[own], time[own]))]
        found[str(model)] = (every.take(own), time[own])
    return found


def _windows(rows: Rows, time: np.ndarray[Any, Any], granularity: str) -> list[Rows]:
    index = window_index(time, granularity)
    return [rows.take(index == one) for one in np.unique(index)]


def _parts(rows: Rows) -> list[Rows]:
    """Return ten parts by chance, always the same: a baseline without times has no windows."""
    order = np.random.default_rng(0).permutation(len(rows))
    return [rows.take(part) for part in np.array_split(order, _PARTS)]


def _key(monitor: Monitor, of: Reference) -> tuple[object, ...]:
    # The figures tell a table that was made anew, whose versions begin again, from its predecessor.
    figures = tuple(sorted((*key, one.reference) for key, one in of.limits.items()))
    return (monitor.baseline_table_name, of.version, of.model, of.rows, figures)


def _remember(key: tuple[object, ...], estimator: Estimator) -> None:
    if len(_fitted) >= 8:
        _fitted.clear()
    _fitted[key] = estimator


def _row(of: Reference, monitor: Monitor) -> tuple[object, ...]:
    limits = [(granularity, name, *_numbers(one)) for (granularity, name), one in of.limits.items()]
    return (of.model, of.version, monitor.monitor_version, of.kind, list(of.classes), of.rows, of.document, limits)


def _numbers(of: Limits) -> tuple[float, ...]:
    return (of.reference, of.error, of.lower, of.upper)


def _reference(row: Mapping[str, Any]) -> Reference:
    limits = {
        (one["granularity"], one["metric"]): Limits(one["reference"], one["error"], one["lower"], one["upper"])
        for one in row["limits"]
    }
    classes = tuple(row["classes"])
    return Reference(
        row["model_id"], row["baseline_version"], row["rows"], row["kind"], classes, row["document"], limits
    )
