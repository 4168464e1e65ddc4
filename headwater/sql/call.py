"""One call of ``spark.sql``: what a statement is run with, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.lakehouse import InvalidNameError, SchemaFolder, TableMetadata, TableName, literal, quoted
from headwater.sql.cursor import Name

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Call", "frame"]


@dataclass(frozen=True)
class Call:
    """The session, Spark's own ``sql``, and the parameters that the user gave.

    Attributes
    ----------
    spark_sql
        ``SparkSession.sql`` as PySpark has it: ``spark_sql(session, text, args, **frames)``.
    """

    spark: SparkSession
    spark_sql: Callable[..., DataFrame]
    args: Any = None
    frames: Mapping[str, Any] = field(default_factory=dict)

    def given(self, text: str) -> DataFrame:
        """Run the user's own text, with the user's parameters."""
        return self.spark_sql(self.spark, text, self.args, **self.frames)

    def run(self, text: str) -> DataFrame:
        """Run a text of ours."""
        return self.spark_sql(self.spark, text)

    def full(self, name: Name) -> TableName:
        """Return the full name, missing levels taken from the current catalog and schema."""
        if len(name) > 3:
            raise InvalidNameError("name", ".".join(name), "name, schema.name or catalog.schema.name")
        return lakehouse.complete(self.spark, ".".join(map(quoted, name)))

    def table(self, name: Name) -> tuple[TableName, TableMetadata]:
        """Return the full name of a table that is there, and its metadata."""
        full = self.full(name)
        return full, lakehouse.metadata_of(self.spark, full.quoted)

    def folder(self, full: TableName) -> SchemaFolder:
        """Return the schema, with its folder, of a table or a function."""
        return lakehouse.schema_folder(lakehouse.settings_of(self.spark).warehouse, full.catalog, full.schema)

    def schema(self, name: Name) -> tuple[str, str]:
        """Return catalog and schema of a schema's name; the current ones where it does not say."""
        if len(name) > 2:
            raise InvalidNameError("schema", ".".join(name), "schema or catalog.schema")
        now = lakehouse.complete(self.spark, "any")
        return ([now.catalog, now.schema][: 2 - len(name)] + list(name))[0], name[-1] if name else now.schema


def frame(call: Call, columns: Sequence[str], rows: Sequence[Sequence[object]] = ()) -> DataFrame:
    """Return rows of texts as a DataFrame that needs no Spark job; nothing at all without columns, as Spark does."""
    if not columns:
        from pyspark.sql.types import StructType

        return call.spark.createDataFrame([], StructType([]))
    names = ", ".join(map(quoted, columns))
    shown = rows or [[""] * len(columns)]
    values = ", ".join("(" + ", ".join(literal(str(value)) for value in row) + ")" for row in shown)
    empty = "" if rows else " WHERE false"
    return call.run(f"SELECT * FROM VALUES {values} AS t({names}){empty}")
