"""What only a table's own log says, and the one change that SQL on plain Delta refuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater.lakehouse.errors import InvalidInputError, MissingColumnsError, NullKeysError
from headwater.lakehouse.java_gateway import jvm, jvm_session
from headwater.lakehouse.runtime.session import is_embedded
from headwater.lakehouse.sql_text import quoted
from headwater.lakehouse.tables.conflicts import tried_again
from headwater.lakehouse.tables.existing import resolve
from headwater.lakehouse.tables.properties import table_properties
from headwater.lakehouse.warehouse.layout import database_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.lakehouse.names import TableName

__all__ = ["TableMetadata", "TableNotes", "metadata_of", "notes_of", "set_not_null"]

_FILLED = ("delta.generationExpression", "delta.identity.start", "CURRENT_DEFAULT")
_SCHEMA_STRING = 4  # place in Scala's case class Metadata


@dataclass(frozen=True)
class TableMetadata:
    """A table's metadata at one version, as its log has it.

    Attributes
    ----------
    fields
        Columns as Spark's JSON has them, with what SQL declares of them (defaults, generation) in their metadata.
    """

    version: int
    fields: tuple[dict[str, Any], ...]
    partition_columns: tuple[str, ...]
    properties: dict[str, str]
    comment: str

    def column(self, name: str, where: str) -> str:
        """Return the column's name as the table spells it.

        Raises
        ------
        MissingColumnsError
            If there is none, in any spelling.
        """
        names = [str(field["name"]) for field in self.fields]
        spelled = next((each for each in names if each.lower() == name.lower()), None)
        if spelled is None:
            raise MissingColumnsError([name], where, names)
        return spelled


@dataclass(frozen=True)
class TableNotes:
    """What is noted beside a table's columns: its properties, how it is partitioned, and its comment, empty for none.

    `filled_columns` are those that Delta fills where a row does not give them: generated, identity and default columns; they
    are known in an embedded session alone.
    """

    properties: dict[str, str]
    partition_columns: tuple[str, ...]
    comment: str
    filled_columns: tuple[str, ...] = ()


def notes_of(spark: SparkSession, name: str) -> TableNotes:
    """Return what is noted of a table: in an embedded session from its Delta log, 10 ms, else by SQL, 60 ms. No Spark job.

    Raises
    ------
    TableNotFoundError
        There is no such table.
    """
    full = resolve(spark, name)
    if is_embedded(spark):
        try:
            logged = _metadata(spark, full)
        except InvalidInputError:  # a view
            pass
        else:
            filled = [str(f["name"]) for f in logged.fields if not f.get("metadata", {}).keys().isdisjoint(_FILLED)]
            return TableNotes(logged.properties, logged.partition_columns, logged.comment, tuple(filled))
    described = [(row["col_name"], row["data_type"]) for row in spark.sql(f"DESCRIBE EXTENDED {full.quoted}").collect()]
    comment = next((text for name, text in described if name == "Comment"), "")
    return TableNotes(table_properties(spark, full.quoted), _partitions(described), comment or "")


def _partitions(described: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    names = [column for column, _ in described]
    if "# Partition Information" not in names:
        return ()
    rest = names[names.index("# Partition Information") + 2 :]
    return tuple(rest[: next((i for i, column in enumerate(rest) if not column or column.startswith("#")), len(rest))])


def metadata_of(spark: SparkSession, name: str) -> TableMetadata:
    """Return a Delta table's metadata; some 10 ms, no Spark job.

    Raises
    ------
    TableNotFoundError
        There is no such table.
    InvalidInputError
        There is, but it is a view, or no Delta table.
    """
    return _metadata(spark, resolve(spark, name))


def _metadata(spark: SparkSession, full: TableName) -> TableMetadata:
    snapshot = _log(spark, full).update(False, _none(spark), _none(spark))
    if snapshot.version() < 0:
        raise InvalidInputError(f"{full} is a view or another table without a Delta log: name a Delta table.")
    return _read(snapshot)


def set_not_null(spark: SparkSession, name: str, columns: Sequence[str]) -> None:
    """Make columns NOT NULL, which Delta then enforces on every write; data, history and properties stay.

    One job counts the NULLs, then one commit changes the schema and nothing else. A writer that adds rows in between
    makes this commit fail, and it is tried again. Columns that are NOT NULL already are left as they are.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    NullKeysError
        A column has NULLs; nothing is changed.
    """
    full = resolve(spark, name)
    metadata_of(spark, name)
    tried_again(lambda: _commit_not_null(spark, full, columns), full)


def _commit_not_null(spark: SparkSession, full: TableName, columns: Sequence[str]) -> None:
    java = jvm(spark)
    log = _log(spark, full)
    log.update(False, _none(spark), _none(spark))
    transaction = log.startTransaction()
    now = _read(transaction.snapshot())
    named = {now.column(column, str(full)) for column in columns}
    changed = [field["name"] for field in now.fields if field["name"] in named and field["nullable"]]
    if not changed:
        return
    _refuse_nulls(spark, full, now.version, changed)
    fields = [field | {"nullable": field["nullable"] and field["name"] not in named} for field in now.fields]
    schema = json.dumps({"type": "struct", "fields": fields})
    metadata = transaction.metadata()
    parts = [getattr(metadata, f"copy$default${i + 1}")() for i in range(metadata.productArity())]
    parts[_SCHEMA_STRING] = schema
    transaction.readWholeTable()
    transaction.updateMetadata(metadata.copy(*parts), False)
    field = java.org.apache.spark.sql.types.DataType.fromJson(schema).apply(changed[0])
    sequence = java.org.apache.spark.api.python.PythonUtils.toSeq
    operation = getattr(java.org.apache.spark.sql.delta, "DeltaOperations$ChangeColumn")
    transaction.commit(sequence([]), operation(sequence([]), ", ".join(changed), field, _none(spark)))


def _refuse_nulls(spark: SparkSession, full: TableName, version: int, columns: Sequence[str]) -> None:
    counts = ", ".join(f"count_if({quoted(column)} IS NULL)" for column in columns)
    counted = spark.sql(f"SELECT {counts} FROM {full.quoted} VERSION AS OF {version}").collect()[0]
    nulls = {column: counted[i] for i, column in enumerate(columns) if counted[i]}
    if nulls:
        raise NullKeysError(str(full), nulls)


def _read(snapshot: Any) -> TableMetadata:
    # As JSON by one call into Java: its collections take a call for each value.
    metadata = json.loads(snapshot.metadata().json())["metaData"]
    schema = json.loads(metadata.get("schemaString") or '{"fields": []}')
    return TableMetadata(
        version=snapshot.version(),
        fields=tuple(schema["fields"]),
        partition_columns=tuple(metadata.get("partitionColumns", ())),
        properties=metadata.get("configuration", {}),
        comment=metadata.get("description") or "",
    )


def _log(spark: SparkSession, full: TableName) -> Any:
    java, schema = jvm(spark), full.schema
    if is_embedded(spark):
        schema = database_of(full.catalog, full.schema)
    identifier = java.org.apache.spark.sql.catalyst.TableIdentifier(full.table, java.scala.Option.apply(schema))
    entry = jvm_session(spark).sessionState().catalog().getTableMetadata(identifier)
    if entry.tableType().name() == "VIEW":
        raise InvalidInputError(f"{full} is a view: name the table that it reads.")
    return java.org.apache.spark.sql.delta.DeltaLog.forTable(jvm_session(spark), identifier)


def _none(spark: SparkSession) -> Any:
    return jvm(spark).scala.Option.empty()
