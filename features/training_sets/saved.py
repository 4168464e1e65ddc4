"""Training sets kept as Delta tables with their spec and source versions, and built again from time travel."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.features.evaluation.evaluate import evaluate
from headwater.features.specs.spec import FeatureSpec
from headwater.lakehouse import HeadwaterError, InvalidInputError, column

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import DataType

__all__ = [
    "ReplayError",
    "SavedTrainingSet",
    "find_saved",
    "replayed",
    "rows_digest",
    "save_rows",
    "saved_training_sets",
]

_PROPERTY = "headwater.trainingSet."
_KEPT = lakehouse.Documents(
    "_training_sets",
    "run_id string, table_name string",
    ("run_id", "table_name"),
    "Training sets that were saved, by run",
)


class ReplayError(HeadwaterError):
    """A training set that was built again has other rows than the one that was saved."""

    def __init__(self, table: str, version: int, saved: str, found: str) -> None:
        super().__init__(table, version, saved, found)

    def __str__(self) -> str:
        table, version, saved, found = self.args
        return (
            f"The rows that were built again for {table} at version {version} have the digest {found}; the saved rows "
            f"have {saved}. A feature table was changed without its history (restored, replaced, other files put in place), "
            "or an on-demand function has changed."
        )


@dataclass(frozen=True)
class SavedTrainingSet:
    """Where a training set was saved.

    Attributes
    ----------
    table, version
        The Delta table and its version: label rows with all columns, features, also those left out of the training rows.
    run_id
        The run it was saved for, or ``v<version>``.
    digest
        Number and order-independent digest of the rows.
    spec
        The feature spec; it names the source tables' versions.
    """

    table: str
    version: int
    run_id: str
    digest: str
    labels: tuple[str, ...]
    spec: FeatureSpec


@lakehouse.faults_named()
def save_rows(spec: FeatureSpec, df: DataFrame, labels: Sequence[str], table: str, run_id: str) -> SavedTrainingSet:
    """Evaluate a training set, and keep it as a new version of a Delta table, which is made if it is missing.

    For a run, the table is noted in ``_training_sets`` of the session's current schema, last of all: killed before, nothing is
    found by the run alone, and saving again completes. Of several of one run in one table the newest counts.
    """
    spark = df.sparkSession
    if any(char.isspace() for char in run_id):
        raise InvalidInputError(f"run_id {run_id!r} has a space in it: give the id of the run.")
    rows = evaluate(spec, df, versions="trained")
    lakehouse.ensure_table(spark, table, rows.schema, comment="Training set: label rows and their features.")
    with lakehouse.table_lock(spark, lakehouse.complete(spark, table)):  # so that the version is that of these rows
        earlier = any(key.startswith(_PROPERTY) for key in lakehouse.table_properties(spark, table))
        lakehouse.overwrite(rows, table, replace_schema=earlier)  # a training set may gain, lose and retype features
        name, version = str(lakehouse.resolve(spark, table)), lakehouse.table_version(spark, table)
    digest = rows_digest(lakehouse.read_table(spark, table, version=version))
    saved = SavedTrainingSet(name, version, run_id or f"v{version}", digest, tuple(labels), spec)
    record = {"version": version, "digest": digest, "labels": list(labels), "spec": spec.to_yaml()}
    lakehouse.set_table_properties(spark, table, {f"{_PROPERTY}{saved.run_id}": json.dumps(record)})
    if run_id:
        _KEPT.keep(spark, "", (run_id, name))
    return saved


def find_saved(spark: SparkSession, table: str | None, run_id: str | None = None) -> SavedTrainingSet:
    """Return what was saved in a table for a run, or last; without a table, what was saved for the run in any.

    Raises
    ------
    InvalidInputError
        Nothing was; names the runs for which something was. Or several tables hold something for the run; names them.
    """
    if table is None:
        table = _table_of_run(spark, run_id)
    found = lakehouse.table_properties(spark, table).items()
    records: dict[str, dict[str, Any]] = {
        key.removeprefix(_PROPERTY): json.loads(value) for key, value in found if key.startswith(_PROPERTY)
    }
    chosen = run_id if run_id is not None else max(records, key=lambda name: records[name]["version"], default="")
    if chosen not in records:
        raise InvalidInputError(
            f"{table} has no training set saved for the run {run_id!r}. {lakehouse.known(str(run_id), records)}"
        )
    one = records[chosen]
    return SavedTrainingSet(
        table=str(lakehouse.resolve(spark, table)),
        version=one["version"],
        run_id=chosen,
        digest=one["digest"],
        labels=tuple(one["labels"]),
        spec=FeatureSpec.from_yaml(one["spec"]),
    )


def saved_training_sets(spark: SparkSession, run_id: str) -> list[SavedTrainingSet]:
    """Return what was saved for a run, as the session's current schema has it noted; one for each table that is still there."""
    tables = [table for table in _tables_of_run(spark, run_id) if lakehouse.table_exists(spark, table)]
    return [find_saved(spark, table, run_id) for table in tables]


def _tables_of_run(spark: SparkSession, run_id: str) -> list[str]:
    return sorted(row["table_name"] for row in _KEPT.rows(spark, "") if row["run_id"] == run_id)


def _table_of_run(spark: SparkSession, run_id: str | None) -> str:
    if run_id is None:
        raise InvalidInputError(
            "Give the id of the run whose training set is to be built again, or table=: then its newest training set is built."
        )
    tables = _tables_of_run(spark, run_id)
    if not tables:
        known = lakehouse.known(run_id, sorted({row["run_id"] for row in _KEPT.rows(spark, "")}))
        raise InvalidInputError(
            f"No training set was saved for the run {run_id!r} from the schema {spark.catalog.currentDatabase()}. "
            f"{known} If it was saved from another schema, give its table=."
        )
    if len(tables) > 1:
        raise InvalidInputError(
            f"For the run {run_id!r} training sets were saved in {' and '.join(tables)}: give table=."
        )
    return tables[0]


def replayed(spark: SparkSession, saved: SavedTrainingSet) -> DataFrame:
    """Return the label rows of a saved training set, after its features were built again and found to be the same.

    Raises
    ------
    ReplayError
        They are not.
    """
    rows = lakehouse.read_table(spark, saved.table, version=saved.version)
    names = [*(c.name for c in saved.spec.source), *saved.labels]
    labels = rows.select(*[column(name) for name in rows.columns if name in names])
    found = rows_digest(evaluate(saved.spec, labels, versions="trained").select(*map(column, rows.columns)))
    if found != saved.digest:
        raise ReplayError(saved.table, saved.version, saved.digest, found)
    return labels


def rows_digest(rows: DataFrame) -> str:
    """Return the number of rows, and sum and exclusive or of their 64-bit hashes: the same for the same rows in any order.

    One Spark job. Duplicates count as often as they are there.

    Examples
    --------
    >>> rows = spark.createDataFrame([(1, "a"), (2, None), (2, None)], "id int, s string")
    >>> rows_digest(rows) == rows_digest(rows.orderBy("id", ascending=False))
    True
    >>> rows_digest(rows) == rows_digest(rows.distinct())
    False
    """
    from pyspark.sql import functions as F

    # Hashing passes NULLs over: (NULL, 1) and (1, NULL) would be one without the pattern of the NULLs beside them.
    values = [_hashable(column(field.name), field.dataType) for field in rows.schema]
    nulls = F.concat(*[F.when(column(name).isNull(), "0").otherwise("1") for name in rows.columns])
    hashed = rows.select(F.xxhash64(nulls, *values).alias("hash"))
    total = F.coalesce(F.sum(F.col("hash").cast("decimal(38,0)")), F.lit(0)).cast("string")
    found = hashed.agg(F.count("hash"), total, F.coalesce(F.bit_xor("hash"), F.lit(0))).collect()[0]
    return f"{found[0]}:{found[1]}:{found[2]}"


def _hashable(value: Column, kind: DataType) -> Column:
    """Return a column that Spark can hash: maps, which have no order, as text of their sorted entries."""
    from pyspark.sql import functions as F

    if kind.typeName() == "map":
        return F.to_json(F.array_sort(F.map_entries(value)))
    return F.to_json(value) if "map<" in kind.simpleString() else value
