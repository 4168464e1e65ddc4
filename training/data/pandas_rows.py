"""From a training set in Spark to a frame in this process's memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.lakehouse import ColumnTypeError, MissingColumnsError, RowLimitError, column, faults_named
from headwater.training.errors import TrainingDataError
from headwater.training.models.families import Columns
from headwater.training.problems.binary import Binary
from headwater.training.problems.problem import Problem

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["columns_of", "texts_of", "to_pandas", "typed_rows", "weights_of"]

_BINARY = Binary()


def columns_of(inputs: pd.DataFrame) -> Columns:
    """Return the inputs' names by kind: float64 is a number, object a string.

    Examples
    --------
    >>> columns_of(pd.DataFrame({"carrier": ["UA", None], "distance": [1.0, None]}))
    Columns(numeric=('distance',), strings=('carrier',))
    """
    kinds = {str(name): str(dtype) for name, dtype in inputs.dtypes.items()}
    wrong = {name: (kind, "float64 or object") for name, kind in kinds.items() if kind not in {"float64", "object"}}
    if wrong:
        raise ColumnTypeError("the model's inputs", wrong)
    return Columns(
        numeric=tuple(name for name, kind in kinds.items() if kind == "float64"),
        strings=tuple(name for name, kind in kinds.items() if kind == "object"),
    )


def weights_of(rows: pd.DataFrame, column: str | None) -> NDArray[np.float64] | None:
    """Return the rows' weights; None without a column.

    Raises
    ------
    TrainingDataError
        One is missing, negative or infinite, or all are 0.
    """
    if column is None:
        return None
    found = pd.to_numeric(rows[column], errors="coerce").to_numpy(dtype=np.float64)
    odd = ~(np.isfinite(found) & (found >= 0))
    if odd.any() or not found.any():
        told = (
            f"{int(odd.sum())} of {len(found)} that are missing, negative or infinite"
            if odd.any()
            else "0 for every row"
        )
        raise TrainingDataError(f"The weights {column!r}", told, "Give each row a weight of 0 or more.")
    return found


@faults_named()
def to_pandas(
    df: DataFrame,
    *,
    label: str,
    time_column: str,
    exclude: Sequence[str] = (),
    problem: Problem = _BINARY,
    row_limit: int = 5_000_000,
    stored: bool = False,
) -> pd.DataFrame:
    """Return the rows in memory, sorted by time and then by the excluded columns.

    `stored` says that the rows lie in a table, so that to count them costs nothing.

    Numbers and booleans become float64 (a missing one is NaN), strings stay objects (a missing one is None). The label is as
    estimators of the problem take it, for :class:`Binary`, the default, int64 of 0 and 1. Excluded columns and the time column
    keep their types.

    Raises
    ------
    RowLimitError
        If there are more than `row_limit` rows; nothing is collected then.
    ColumnTypeError
        If an input is neither number nor boolean nor string, or the label is another type than the problem's.
    TrainingDataError
        If a label is missing or impossible, or there are no rows.

    Notes
    -----
    Rows that are not `stored` are computed once and kept in Spark (memory, then disk) between counting and collecting by
    Arrow: two actions.
    """
    from pyspark.storagelevel import StorageLevel

    missing = [name for name in (label, time_column, *exclude) if name not in df.columns]
    if missing:
        raise MissingColumnsError(missing, "the training set", df.columns)
    typed = typed_rows(df, label, {time_column, *exclude}, problem)
    if not stored:
        typed = typed.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        rows = typed.count()
        if rows > row_limit:
            raise RowLimitError("The training set", rows, row_limit, "HEADWATER_PANDAS_ROW_LIMIT")
        frame = typed.toPandas()
    finally:
        if not stored:
            typed.unpersist()
    if frame.empty:
        raise TrainingDataError("The training set", "no rows", "Check the label table and its interval.")
    frame[label] = problem.to_fit(problem.labels(frame[label]))
    order = [time_column, *(name for name in exclude if name != time_column)]
    return frame.sort_values(order, kind="stable", ignore_index=True)


def texts_of(values: pd.Series) -> pd.Series:
    """Return texts as Python objects, None where one is missing, as the rows of a training have them."""
    missing = values.isna()
    return pd.Series(
        [None if gone else one for one, gone in zip(values, missing, strict=True)], values.index, dtype=object
    )


def typed_rows(df: DataFrame, label: str, kept: set[str], problem: Problem) -> DataFrame:
    """Return the rows with inputs as double or string and the label as the problem reads it; `kept` columns stay as they are.

    Raises
    ------
    ColumnTypeError
        An input or the label is of another type; all such columns are named.
    """
    from pyspark.sql.types import BooleanType, CharType, NumericType, StringType, VarcharType

    casts: list[Any] = []
    wrong: dict[str, tuple[str, str]] = {}
    for field in df.schema:
        values = column(field.name)
        numeric = isinstance(field.dataType, NumericType | BooleanType)
        text = isinstance(field.dataType, StringType | CharType | VarcharType)
        if field.name == label and (numeric or (text and problem.label_type == "string")):
            casts.append(problem.read(values).alias(field.name))
        elif field.name == label:
            wanted = "a number or a boolean" + (" or a string" if problem.label_type == "string" else "")
            wrong[field.name] = (field.dataType.simpleString(), wanted)
        elif field.name in kept or text:
            casts.append(values)
        elif numeric:
            casts.append(values.cast("double").alias(field.name))
        else:
            wrong[field.name] = (field.dataType.simpleString(), "a number, a boolean or a string, or excluded")
    if wrong:
        raise ColumnTypeError("the training set", wrong)
    return df.select(*casts)
