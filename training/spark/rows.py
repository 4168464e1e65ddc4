"""The rows of a training that stay in Spark: typed, split by time, counted, and sampled where a few are enough."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from headwater.lakehouse import InvalidInputError, MissingColumnsError, RowLimitError, column, quoted, sql_time
from headwater.training.data.pandas_rows import columns_of, typed_rows
from headwater.training.data.splits import Holdout
from headwater.training.errors import TrainingDataError
from headwater.training.models.families import Columns
from headwater.training.problems.problem import Problem
from headwater.training.spark.families import LABEL, WEIGHT

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["SAMPLE", "SparkRows", "label_number", "to_fit", "within"]

SAMPLE = 200_000
"""Training rows, at most, that are collected for baselines, cards and the look for leaks."""

_LIMIT = "HEADWATER_PANDAS_ROW_LIMIT"


@dataclass(frozen=True)
class SparkRows:
    """A training's rows.

    Attributes
    ----------
    train
        The training rows in Spark, kept there: inputs as double or string, label, time and excluded columns.
    count, first, last
        How many training rows there are, and the times of the first and of the last.
    sample
        At most 200,000 of them in this process, drawn by a hash of the row; all where there are no more.
    holdout
        The rows to judge on, in this process.
    columns
        The inputs.
    """

    train: DataFrame
    count: int
    first: pd.Timestamp
    last: pd.Timestamp
    sample: pd.DataFrame
    holdout: pd.DataFrame
    columns: Columns

    @classmethod
    def of(
        cls,
        df: DataFrame,
        *,
        label: str,
        time_column: str,
        exclude: Sequence[str],
        holdout: Holdout,
        problem: Problem,
        row_limit: int,
        seed: int = 0,
    ) -> SparkRows:
        """Return the rows of a training set, split at the holdout.

        Raises
        ------
        RowLimitError
            The holdout has more than `row_limit` rows; training rows may be as many as Spark takes.
        TrainingDataError
            A part has no rows, or a label is missing or impossible.
        InvalidInputError
            An input is named like a column that a pipeline is given, ``label`` or ``weight``.

        Notes
        -----
        Three passes over the rows: one that counts, one that samples, and the holdout's. The training rows are persisted in
        Spark, in memory and on disk; :meth:`release` lets them go.
        """
        from pyspark.storagelevel import StorageLevel

        missing = [name for name in (label, time_column, *exclude) if name not in df.columns]
        if missing:
            raise MissingColumnsError(missing, "the training set", df.columns)
        typed = typed_rows(df, label, {time_column, *exclude}, problem)
        before, start, end = holdout_bounds(holdout)
        train = typed.where(within(time_column, None, before)).persist(StorageLevel.MEMORY_AND_DISK)
        judged = typed.where(within(time_column, start, end))
        try:
            count, first, last = _extent(train, time_column)
            _check_split(holdout, count, judged.count(), row_limit)
            sample = _frame(sampled(train, SAMPLE, count, seed), label, time_column, exclude, problem)
            rows = _frame(judged, label, time_column, exclude, problem)
            return cls(train, count, first, last, sample, rows, _inputs(sample, {label, time_column, *exclude}))
        except BaseException:
            train.unpersist()
            raise

    def content(self) -> str:
        """Return a digest of the training rows that is equal for the same rows in any order; one pass over them."""
        from pyspark.sql import functions as F

        hashed = F.xxhash64(*map(column, self.train.columns)).cast("decimal(38,0)")
        return f"{self.count}-{self.train.agg(F.sum(hashed)).collect()[0][0]}"

    def release(self) -> None:
        """Let Spark forget the training rows that it keeps."""
        self.train.unpersist()


def _check_split(holdout: Holdout, count: int, found: int, row_limit: int) -> None:
    """Raise if there are no training rows, or too few or too many rows to judge on."""
    if not count or not found:
        raise TrainingDataError(
            f"The holdout [{holdout.start}, {holdout.end}) with a gap of {holdout.gap}",
            f"{count} rows before it and {found} in it",
            "Move the holdout inside the rows' times.",
        )
    if found > row_limit:
        raise RowLimitError("The holdout", found, row_limit, _LIMIT)


def _extent(rows: DataFrame, time_column: str) -> tuple[int, pd.Timestamp, pd.Timestamp]:
    """Return how many rows there are, and their first and last time, naive UTC."""
    from pyspark.sql import functions as F

    time = column(time_column)
    # By Arrow, in the session's zone: a collected row has times of this process's own zone.
    one = rows.agg(F.count("*").alias("rows"), F.min(time).alias("first"), F.max(time).alias("last")).toPandas().iloc[0]
    return int(one["rows"]), pd.Timestamp(one["first"]), pd.Timestamp(one["last"])


def _inputs(sample: pd.DataFrame, others: set[str]) -> Columns:
    columns = columns_of(sample.drop(columns=list(others)))
    taken = sorted({LABEL, WEIGHT} & set(columns.all))
    if taken:
        raise InvalidInputError(
            f"The input {taken[0]!r} has the name of a column that a Spark pipeline is given: rename it in the training set."
        )
    return columns


def holdout_bounds(holdout: Holdout) -> tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp]:
    """Return the time before which rows train, and the holdout's start and end, naive UTC."""
    start, end = (
        pd.Timestamp(one.astimezone(dt.UTC).replace(tzinfo=None) if one.tzinfo else one)
        for one in (holdout.start, holdout.end)
    )
    return start - pd.Timedelta(holdout.gap), start, end


def within(time_column: str, start: pd.Timestamp | None, end: pd.Timestamp) -> str:
    """Return the condition that a time lies in [start, end), naive UTC; without `start`, before `end`."""
    name = quoted(time_column)
    until = f"{name} < {_literal(end)}"
    return until if start is None else f"{name} >= {_literal(start)} AND {until}"


def _literal(time: pd.Timestamp) -> str:
    """Return a bound for times of whole microseconds, as Spark has them: the next one from `time` on."""
    return f"TIMESTAMP '{sql_time(time.ceil('us').to_pydatetime())}'"


def sampled(rows: DataFrame, most: int, count: int, seed: int) -> DataFrame:
    """Return about `most` of `count` rows, the same ones for the same seed however they are partitioned; all if fewer."""
    from pyspark.sql import functions as F

    if count <= most:
        return rows
    drawn = F.pmod(F.xxhash64(F.lit(seed), *map(column, rows.columns)), F.lit(1 << 30))
    return rows.where(drawn < int(most / count * (1 << 30)))


def label_number(label: str, problem: Problem) -> Column:
    """Return a label as the number that MLlib takes: of several classes, the place among them."""
    from pyspark.sql import functions as F

    classes = getattr(problem, "classes", None)
    if classes is None:
        return column(label).cast("double")
    values = F.array(*[F.lit(one).cast(problem.label_type) for one in classes])
    return (F.array_position(values, column(label)) - 1).cast("double")


def to_fit(rows: DataFrame, columns: Columns, label: str, weight: str | None, problem: Problem) -> DataFrame:
    """Return the inputs, ``label`` and ``weight``, as a pipeline is fitted on them."""
    beside: list[Any] = [label_number(label, problem).alias(LABEL)]
    if weight is not None:
        beside.append(column(weight).cast("double").alias(WEIGHT))
    return rows.select(*map(column, columns.all), *beside)


def _frame(rows: DataFrame, label: str, time_column: str, exclude: Sequence[str], problem: Problem) -> pd.DataFrame:
    frame = rows.toPandas()
    frame[label] = problem.to_fit(problem.labels(frame[label]))
    order = [time_column, *(name for name in exclude if name != time_column)]
    return frame.sort_values(order, kind="stable", ignore_index=True)


def classes_of(problem: Problem) -> tuple[Any, ...]:
    """Return the classes in the order in which MLlib numbers them; none of a number."""
    if not problem.has_probabilities:
        return ()
    return tuple(getattr(problem, "classes", (0, 1)))


def odd_labels(rows: DataFrame, label: str, problem: Problem) -> int:
    """Return how many rows have no label, or one that is none of the problem's classes or no finite number."""
    from pyspark.sql import functions as F

    number = label_number(label, problem)
    odd = number.isNull() | F.isnan(number)
    if problem.has_probabilities:
        count = len(classes_of(problem))
        odd = odd | ~number.isin([float(place) for place in range(count)])
    return int(rows.where(odd).count())
