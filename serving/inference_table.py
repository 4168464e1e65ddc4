"""The inference table of a project: every score with its features, from batches and from endpoints, and its label once known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from headwater import lakehouse
from headwater.conventions import MODEL_VERSION, PREDICTION, PREDICTION_PROBA, REQUEST_ID

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType

__all__ = ["InferenceTable", "Problem"]

_TRACE = "feature_trace"


class Problem(Protocol):
    """As much of a problem, such as ``headwater.training.Regression``, as its scores depend on."""

    @property
    def result_type(self) -> str:
        """Return the SQL type in which ``score_batch`` gives an answer."""

    @property
    def label_type(self) -> str:
        """Return the label's type in SQL."""

    def scored(self, answer: Column) -> dict[str, Column]:
        """Return the columns of a score: the prediction, and probabilities."""


@dataclass(frozen=True)
class InferenceTable:
    """Columns, writes and labels of an inference table.

    Its columns: those of the scored rows, features too; ``prediction``, where the problem has probabilities also
    ``prediction_proba``; ``model_version``, ``request_id`` (NULL for scores of a batch), and the label (NULL until it is known).

    Parameters
    ----------
    name
        Full name.
    keys
        Columns that tell scored rows apart.
    time_column
        When a prediction was made, UTC.
    label
        Name of the label's column.
    problem
        What is predicted: how answers become columns.
    comment
        What the table holds, for people.
    """

    name: str
    keys: Sequence[str]
    time_column: str
    label: str
    problem: Problem
    comment: str = ""

    def write_batch(self, scored: DataFrame, version: str, start: dt.datetime, end: dt.datetime) -> int:
        """Replace the batch's scores in [start, end), in one commit; return how many rows were written.

        Parameters
        ----------
        scored
            Rows of the interval with the model's answer in ``prediction``, as ``score_batch`` gives it for the problem's
            ``result_type``.

        Notes
        -----
        Rows that an endpoint wrote stay. The rows are computed once.
        """
        from pyspark.sql import functions as F

        rows = self._judged(scored, F.lit(version), F.lit(None).cast("string"))
        self._ensure(rows.sparkSession, rows.schema)
        # Delta plans a write several times over, and this plan is a large one: 12 s against 9 for a week of flights.
        rows = rows.persist()
        try:
            within = f"{self._within(start, end)} AND {REQUEST_ID} IS NULL"
            lakehouse.replace_where(rows, self.name, within, evolve=True)  # a new version may have new features
            return rows.count()
        finally:
            rows.unpersist()

    def add_served(
        self, spark: SparkSession, payload_table: str, start: dt.datetime, end: dt.datetime
    ) -> tuple[int, int]:
        """Add the scores of the requests that an endpoint answered in [start, end); called again, it changes nothing.

        Parameters
        ----------
        payload_table
            The endpoint's table of requests and answers.

        Returns
        -------
        tuple of int
            Rows that were written, and requests that were left out because the endpoint kept no feature values with them
            (``ENABLE_FEATURE_TRACING``).
        """
        from pyspark.sql import functions as F

        if not lakehouse.table_exists(spark, self.name):
            raise lakehouse.InvalidInputError(
                f"{self.name} is made by the first batch: run `headwater score` once, then this."
            )
        self._ensure(spark, None)
        table = lakehouse.read_table(spark, self.name)
        own = (PREDICTION, PREDICTION_PROBA, MODEL_VERSION, REQUEST_ID, self.label)
        columns = [field for field in table.schema if field.name not in own]
        values = ", ".join(f"{lakehouse.quoted(field.name)}: {field.dataType.simpleString()}" for field in columns)
        answered = lakehouse.read_table(spark, payload_table).where(
            f"request_time >= TIMESTAMP '{lakehouse.sql_time(start)}' AND request_time < TIMESTAMP '{lakehouse.sql_time(end)}' "
            "AND status_code = 200 AND NOT array_contains(logging_error_codes, 'SHADOW')"
        )
        traced = answered.where(F.col(_TRACE).isNotNull())
        answers = F.from_json(F.get_json_object("response", "$.predictions"), f"array<{self.problem.result_type}>")
        one = traced.select(
            F.col("databricks_request_id").alias("id"),
            "request_time",
            F.element_at(F.split("served_entity_id", "/"), -1).alias("version"),
            answers.alias("answers"),
            F.posexplode(F.from_json(_TRACE, f"array<struct<values: struct<{values}>>>")).alias("at", "row"),
        )
        time = F.coalesce(F.col("row.values")[self.time_column], F.col("request_time"))
        scored = one.select(
            *(
                (time if field.name == self.time_column else F.col("row.values")[field.name]).alias(field.name)
                for field in columns
            ),
            F.get("answers", F.col("at")).alias(PREDICTION),
            "version",
            F.concat_ws("/", "id", "at").alias(REQUEST_ID),
        )
        rows = self._judged(scored, F.col("version"), F.col(REQUEST_ID)).drop("version")
        rows = rows.drop(self.label).localCheckpoint()  # a label that came meanwhile stays
        written = rows.count()
        if written:
            lakehouse.merge(rows, self.name, [REQUEST_ID])
        return written, answered.where(F.col(_TRACE).isNull()).count()

    def add_labels(self, known: DataFrame, start: dt.datetime, end: dt.datetime) -> int:
        """Write labels to the rows scored in [start, end) that have none yet, or another; return of how many keys.

        Parameters
        ----------
        known
            `keys` and the label; each key once. A label that is NULL is not known, and leaves what is there.
        """
        from pyspark.sql import functions as F

        within = self._within(start, end)
        scored = lakehouse.read_table(known.sparkSession, self.name).where(within)
        label, there = lakehouse.column(self.label), "__label_there"
        scored = scored.select(*self.keys, label.alias(there))
        now = known.select(*self.keys, label.cast(scored.schema[there].dataType).alias(self.label)).dropna()
        # A row may be there twice, as a batch's and an endpoint's: one that differs is enough.
        differs = ~F.col(there).eqNullSafe(label)
        found = (
            scored.join(now, list(self.keys)).where(differs).select(*self.keys, self.label).distinct().localCheckpoint()
        )
        rows = found.count()
        if rows:
            lakehouse.merge(found, self.name, self.keys, condition=f"t.{within.replace(' AND ', ' AND t.')}")
        return rows

    def _judged(self, scored: DataFrame, version: Column, request: Column) -> DataFrame:
        from pyspark.sql import functions as F

        columns = self.problem.scored(F.col(PREDICTION))
        return scored.withColumns(
            {
                **columns,
                MODEL_VERSION: version,
                REQUEST_ID: request,
                self.label: F.lit(None).cast(self.problem.label_type),
            }
        )

    def _ensure(self, spark: SparkSession, schema: StructType | None) -> None:
        """Make the table where it is missing, and the column of requests where an older one lacks it."""
        if schema is not None:
            lakehouse.ensure_table(spark, self.name, schema, cluster_by=[self.time_column], comment=self.comment)
        full = lakehouse.resolve(spark, self.name)
        if REQUEST_ID not in spark.table(full.quoted).columns:
            spark.sql(f"ALTER TABLE {full.quoted} ADD COLUMN {REQUEST_ID} STRING")

    def _within(self, start: dt.datetime, end: dt.datetime) -> str:
        first, last = lakehouse.sql_time(start), lakehouse.sql_time(end)
        return f"{self.time_column} >= TIMESTAMP '{first}' AND {self.time_column} < TIMESTAMP '{last}'"
