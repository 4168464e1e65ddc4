"""The scored rows of a table as estimators take them: classes by their positions, labels where they are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from headwater.lakehouse import column
from headwater.monitoring.estimation.estimator import Rows
from headwater.monitoring.estimation.kinds import BINARY, MULTICLASS, NUMBER
from headwater.monitoring.estimation.multiclass import MOST_CLASSES
from headwater.monitoring.states.columns import ProfiledColumn, class_name, class_of_text, prepared, profiled_columns

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from pyspark.sql import Column, DataFrame

    from headwater.monitoring.definitions.monitor import Monitor, MonitorInferenceLog

__all__ = ["Answers", "answers_of", "kind_of", "no_rows", "rows_of", "scored"]

_SAME: Final = {"true": "1", "false": "0"}


@dataclass(frozen=True)
class Answers:
    """How a monitor's answers are read: their kind, the classes in the order of their positions, and the model's inputs.

    Of a binary kind the second class is the positive one. Inputs are read of numbers alone.
    """

    kind: str
    classes: tuple[str, ...]
    inputs: tuple[ProfiledColumn, ...]


def kind_of(df: DataFrame, monitor: Monitor) -> str | None:
    """Return the kind of the monitor's answers; None where nothing can be estimated: of classes without probabilities."""
    log = monitor.inference
    if log is None or log.label_col is None:
        return None
    if log.problem_type == "regression":
        return NUMBER
    if log.prediction_proba_col is None or log.prediction_proba_col not in df.columns:
        return None
    found = df.schema[log.prediction_proba_col].dataType.simpleString()
    return MULTICLASS if found.startswith(("map<", "array<")) else BINARY


def answers_of(df: DataFrame, reference: DataFrame, monitor: Monitor) -> Answers | None:
    """Return how answers are read; None where nothing can be estimated.

    The classes of a map of probabilities are the keys that the reference's maps have: one job. Of more than `MOST_CLASSES`
    nothing is estimated.
    """
    from pyspark.sql import functions as F

    kind, log = kind_of(df, monitor), monitor.inference
    if kind is None or log is None:
        return None
    if kind == NUMBER:
        outputs = (log.prediction_col, log.label_col)
        columns = [one for one in profiled_columns(df, monitor) if one.kind in ("number", "string")]
        return Answers(kind, (), tuple(one for one in columns if one.name not in outputs))
    types = {field.name: field.dataType.simpleString() for field in df.schema}
    if kind == BINARY:
        assert log.label_col is not None
        positive = log.positive_class or ("true" if types[log.label_col] == "boolean" else "1")
        return Answers(kind, ("", positive), ())
    assert log.prediction_proba_col is not None
    chances = column(log.prediction_proba_col)
    if types[log.prediction_proba_col].startswith("map<"):
        keys = reference.select(F.explode(F.map_keys(chances)).alias("name")).distinct()
        names = sorted(str(row["name"]) for row in keys.limit(MOST_CLASSES + 1).collect())
    else:
        most = reference.agg(F.max(F.size(chances)).alias("size")).collect()[0]["size"]
        names = [str(at) for at in range(most or 0)]
    return Answers(kind, tuple(names), ()) if 2 <= len(names) <= MOST_CLASSES else None


def scored(df: DataFrame, monitor: Monitor, answers: Answers, *, timeless: bool) -> DataFrame:
    """Return time (microseconds), model, prediction, label, scores, and the inputs ``c0``, ``c1``, … of the rows with an answer.

    No action.
    """
    from pyspark.sql import functions as F

    log = monitor.inference
    assert log is not None
    assert log.label_col is not None
    types = {field.name: field.dataType.simpleString() for field in df.schema}
    label = F.lit(None).cast("double")
    if answers.kind == NUMBER:
        label = column(log.label_col).cast("double") if log.label_col in types else label
        extra = {"prediction": column(log.prediction_col).cast("double"), "scores": F.lit(None).cast("double")}
    else:
        assert log.prediction_proba_col is not None
        if log.label_col in types:
            label = _position(class_name(log.label_col, types[log.label_col]), answers)
        extra = {
            "prediction": _position(class_name(log.prediction_col, types[log.prediction_col]), answers),
            "scores": _scores(log, types[log.prediction_proba_col], answers),
        }
    extra["label"] = F.when(~F.isnan(label), label)
    rows = prepared(df, answers.inputs, monitor, timeless=timeless, extra=extra)
    there = F.col("prediction").isNotNull() & ~F.isnan("prediction")
    if answers.kind == BINARY:
        there &= F.col("scores").between(0.0, 1.0)
    if answers.kind == MULTICLASS:
        there &= F.forall("scores", lambda one: one.between(0.0, 1.0)) & F.col("scores").isNotNull()
    return rows.where(there).where("model IS NOT NULL")


def _position(name: Column, answers: Answers) -> Column:
    """Return the position of a class as a number; NULL of one that is not known, of a binary kind 0 of each other one."""
    from pyspark.sql import functions as F

    if answers.kind == BINARY:
        return F.when(name.isNotNull(), (_plain(name) == _plain(F.lit(answers.classes[1]))).cast("double"))
    names = F.array(*[_plain(class_of_text(F.lit(one))) for one in answers.classes])
    at = F.array_position(names, _plain(name))
    return F.when(at > 0, (at - 1).cast("double"))


def _plain(name: Column) -> Column:
    """Return ``1`` and ``0`` for true and false: a prediction and a label may write them differently."""
    from pyspark.sql import functions as F

    found = name
    for word, number in _SAME.items():
        found = F.when(name == word, number).otherwise(found)
    return found


def _scores(log: MonitorInferenceLog, data_type: str, answers: Answers) -> Column:
    from pyspark.sql import functions as F

    assert log.prediction_proba_col is not None
    value = column(log.prediction_proba_col)
    if answers.kind == BINARY:
        return value.cast("double")
    if data_type.startswith("map<"):
        chances = F.array(*[F.coalesce(value[name].cast("double"), F.lit(0.0)) for name in answers.classes])
        return F.when(value.isNotNull(), chances)
    return F.when(F.size(value) == len(answers.classes), value.cast("array<double>"))


def rows_of(table: pa.Table | pa.RecordBatch, answers: Answers) -> Rows:
    """Return the collected rows of :func:`scored`."""

    def numbers(name: str) -> NDArray[np.float64]:
        return np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype=np.float64)

    scores, inputs = None, None
    if answers.kind == BINARY:
        scores = numbers("scores")
    elif answers.kind == MULTICLASS:
        lists = table.column("scores")
        flat = (lists.combine_chunks() if hasattr(lists, "combine_chunks") else lists).flatten()
        scores = np.asarray(flat.to_numpy(zero_copy_only=False), dtype=np.float64).reshape(-1, len(answers.classes))
    else:
        names = {f"c{at}": one.name for at, one in enumerate(answers.inputs)}
        chosen: Sequence[str] = list(names)
        inputs = table.select(chosen).to_pandas().rename(columns=names)
        inputs = inputs.astype({one.name: "float64" for one in answers.inputs if one.kind == "number"})
    return Rows(numbers("prediction"), scores, numbers("label"), inputs)


def no_rows(answers: Answers) -> Rows:
    """Return no rows, as :func:`rows_of` would."""
    import pandas as pd

    none = np.zeros(0)
    kinds = {one.name: pd.Series(dtype="float64" if one.kind == "number" else "object") for one in answers.inputs}
    scores = {BINARY: none, MULTICLASS: np.zeros((0, len(answers.classes)))}.get(answers.kind)
    return Rows(none, scores, none, pd.DataFrame(kinds) if answers.kind == NUMBER else None)
