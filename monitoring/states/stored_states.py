"""Stored states on the driver or on Spark: two forms of the same steps, which give the same tables.

Most refreshes touch few windows. For those, Spark's planning, code generation and shuffles took most of the time: to
derive profiles and drift of a week of flights (1,440 states of 4 MB) it needed 11 seconds warm, of which the functions
of a state and of a pair of states took two. So few states come to the driver, in one job, and many stay on Spark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from headwater import lakehouse
from headwater.monitoring.definitions.windows import Span
from headwater.monitoring.states.cells import CELL, same_cell
from headwater.monitoring.states.state_rows import arrow_schema, rows_of
from headwater.monitoring.states.store import in_windows

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from headwater.monitoring.definitions.monitor import Monitor

__all__ = ["Comparison", "States", "stored_states"]

MOST: Final = 5_000
"""Most states that come to the driver: 15 MB as they are now, 400 MB if each had all the 4,096 strings it may hold."""
_KEY: Final = ("slice_key", "slice_value", "column_name")

Row = dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """What a refresh compares: `touched` windows with the baseline, and the windows `after` with the ones `around` them.

    `before` has the index of the window before each; None: it is one less.
    """

    touched: tuple[Span, ...]
    after: tuple[Span, ...]
    around: tuple[Span, ...]
    before: Mapping[int, int] | None
    baseline: bool


class States(Protocol):
    """Rows of ``…_histograms``, or what was made of them."""

    def touched(self, spans: tuple[Span, ...], *, baseline: bool) -> Self:
        """Return the states of these windows, and those of the baseline if asked for."""
        ...

    def may_have(self, column_name: str) -> bool:
        """Say whether there may be values in this column."""
        ...

    def with_metrics(self, metrics: DataFrame) -> Self:
        """Return the states, the ``:table`` ones with the columns of the row of `metrics` that has the same cell."""
        ...

    def pairs(self, comparison: Comparison) -> Self:
        """Return each state beside those it is compared with, whose columns start with ``cmp_``.

        `drift_type` is CONSECUTIVE or BASELINE. A model's windows are compared with the model's own baseline, and with
        that of all models (``'*'``) if it has none, as a model younger than the baseline.
        """
        ...

    def derived(self, function: Callable[[Row], Row], schema: StructType) -> DataFrame:
        """Return a row of `schema` per row here: the function's, NULL where it gives none."""
        ...


def stored_states(spark: SparkSession, monitor: Monitor, comparison: Comparison) -> States:
    """Return the stored states that the comparison's profiles and drift are made of. One job, of at most `MOST` rows."""
    needed = f"log_type = 'INPUT' AND ({in_windows(comparison.after)} OR {in_windows(comparison.around)})"
    if comparison.baseline:
        needed = f"({needed}) OR log_type = 'BASELINE'"
    stored = lakehouse.read_table(spark, monitor.histograms_table).where(needed)
    found = stored.limit(MOST + 1).toArrow()
    return OnSpark(stored) if found.num_rows > MOST else OnDriver(spark, tuple(rows_of(found.to_batches())))


@dataclass(frozen=True)
class OnDriver:
    """Few states."""

    spark: SparkSession
    rows: tuple[Row, ...]

    def touched(self, spans: tuple[Span, ...], *, baseline: bool) -> OnDriver:
        """Return the rows of these windows."""
        return OnDriver(self.spark, tuple(r for r in self.rows if _inside(r, spans) or (baseline and _is_baseline(r))))

    def may_have(self, column_name: str) -> bool:
        """Say whether any state has values."""
        return any(row["column_name"] == column_name and row["count"] for row in self.rows)

    def with_metrics(self, metrics: DataFrame) -> OnDriver:
        """Return the rows with the metrics, whose cells are no more than the states' ones: they come to the driver."""
        found = metrics.toArrow().to_pylist()
        names = [name for name in metrics.columns if name not in CELL]
        by_cell = {tuple(row[c] for c in CELL): {name: row[name] for name in names} for row in found}

        def of(row: Row) -> Row:
            return by_cell.get(tuple(row[c] for c in CELL), {}) if row["column_name"] == ":table" else {}

        return OnDriver(self.spark, tuple(row | of(row) for row in self.rows))

    def pairs(self, comparison: Comparison) -> OnDriver:
        """Return the pairs of rows."""
        previous = {_consecutive(r, r["window_index"]): r for r in self.rows if _inside(r, comparison.around)}
        baseline = {(r["model_id"], *(r[c] for c in _KEY)): r for r in self.rows if _is_baseline(r)}
        models = {row["model_id"] for row in baseline.values()}
        before = comparison.before
        found = []
        for row in self.rows:
            if _inside(row, comparison.after):
                index = row["window_index"] - 1 if before is None else before.get(row["window_index"])
                found.append((row, previous.get(_consecutive(row, index)), "CONSECUTIVE"))
            if comparison.baseline and _inside(row, comparison.touched):
                model = row["model_id"] if row["model_id"] in models else "*"
                found.append((row, baseline.get((model, *(row[c] for c in _KEY))), "BASELINE"))
        return OnDriver(
            self.spark,
            tuple(
                row | {f"cmp_{name}": value for name, value in other.items()} | {"drift_type": drift_type}
                for row, other, drift_type in found
                if other is not None
            ),
        )

    def derived(self, function: Callable[[Row], Row], schema: StructType) -> DataFrame:
        """Return the rows as a local relation, whose write Spark plans at once."""
        import pyarrow as pa

        table = pa.Table.from_pylist([function(row) for row in self.rows], schema=arrow_schema(schema))
        return self.spark.createDataFrame(table, schema)


@dataclass(frozen=True)
class OnSpark:
    """Many states. No action but the list of the baseline's models."""

    df: DataFrame

    def touched(self, spans: tuple[Span, ...], *, baseline: bool) -> OnSpark:
        """Return the rows of these windows."""
        where = f"(log_type = 'INPUT' AND {in_windows(spans)})"
        return OnSpark(self.df.where(where + (" OR log_type = 'BASELINE'" if baseline else "")))

    def may_have(self, column_name: str) -> bool:  # noqa: ARG002 - to know is a job
        """Say yes."""
        return True

    def with_metrics(self, metrics: DataFrame) -> OnSpark:
        """Return the rows joined with the metrics; a shuffle at most."""
        from pyspark.sql import functions as F

        condition = same_cell(self.df, metrics) & (self.df["column_name"] == F.lit(":table"))
        added = [metrics[name] for name in metrics.columns if name not in CELL]
        return OnSpark(self.df.join(metrics, condition, "left").select(*[self.df[c] for c in self.df.columns], *added))

    def pairs(self, comparison: Comparison) -> OnSpark:
        """Return the pairs by two joins."""
        from pyspark.sql import functions as F

        inputs = self.df.where("log_type = 'INPUT'")
        current = inputs.where(in_windows(comparison.after))
        index = current["window_index"]
        before = index - 1
        if comparison.before is not None:
            before = F.lit(None).cast("bigint")
            for after, previous in comparison.before.items():
                before = F.when(index == after, F.lit(previous)).otherwise(before)
        same = {"granularity": current["granularity"], "window_index": before, "model_id": current["model_id"]}
        found = _beside(current, inputs.where(in_windows(comparison.around)), "CONSECUTIVE", same)
        if not comparison.baseline:
            return OnSpark(found)
        baseline = self.df.where("log_type = 'BASELINE'")
        models = [
            r["model_id"] for r in baseline.where("column_name = ':table'").select("model_id").distinct().collect()
        ]
        current = inputs.where(in_windows(comparison.touched))
        own = F.when(current["model_id"].isin(models), current["model_id"]).otherwise(F.lit("*"))
        return OnSpark(found.unionByName(_beside(current, baseline, "BASELINE", {"model_id": own})))

    def derived(self, function: Callable[[Row], Row], schema: StructType) -> DataFrame:
        """Return the rows lazily."""
        out = arrow_schema(schema)

        def derive(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            import pyarrow as pa

            for batch in batches:
                yield pa.RecordBatch.from_pylist([function(row) for row in rows_of([batch])], schema=out)

        return self.df.mapInArrow(derive, schema)


def _inside(row: Row, spans: tuple[Span, ...]) -> bool:
    return row["log_type"] == "INPUT" and any(
        row["granularity"] == span.granularity
        and (span.first is None or span.first <= row["window_index"])
        and (span.stop is None or row["window_index"] < span.stop)
        for span in spans
    )


def _is_baseline(row: Row) -> bool:
    return bool(row["log_type"] == "BASELINE")


def _consecutive(row: Row, index: int | None) -> tuple[Any, ...]:
    return (row["granularity"], index, row["model_id"], *(row[name] for name in _KEY))


def _beside(current: DataFrame, other: DataFrame, drift_type: str, of_current: Mapping[str, Column]) -> DataFrame:
    from pyspark.sql import functions as F

    renamed = other.select(*[F.col(name).alias(f"cmp_{name}") for name in other.columns])
    same = [current[name].eqNullSafe(renamed[f"cmp_{name}"]) for name in _KEY]
    same += [value == renamed[f"cmp_{name}"] for name, value in of_current.items()]
    return current.join(renamed, reduce(lambda a, b: a & b, same)).withColumn("drift_type", F.lit(drift_type))
