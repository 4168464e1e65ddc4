"""Named definitions that a schema keeps in a table of its own: functions, features, feature specs, training sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater.lakehouse.sql_text import quoted
from headwater.lakehouse.tables.existing import table_exists
from headwater.lakehouse.tables.verbs import ensure_table, merge, read_table
from headwater.lakehouse.warehouse.catalog import complete

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

__all__ = ["Documents"]


@dataclass(frozen=True)
class Documents:
    """A kind of definition, and the table in which each schema keeps its own; the table is made by the first that is kept.

    Parameters
    ----------
    table
        Name of the table within a schema, such as ``_functions``.
    columns
        Spark DDL of its columns.
    keys
        Columns that tell definitions apart; one that is kept again replaces the one before.
    comment
        What the table holds, for people.

    Examples
    --------
    >>> notes = Documents("_notes", "name string, text string", ("name",), "Notes, by name")
    >>> _ = spark.sql("CREATE SCHEMA IF NOT EXISTS main.noted")
    >>> notes.keep(spark, "main.noted", ("a", "first")), notes.keep(spark, "main.noted", ("a", "second"))
    (None, None)
    >>> notes.rows(spark, "main.noted")
    [Row(name='a', text='second')]
    >>> notes.remove(spark, "main.noted", "a"), notes.rows(spark, "main.noted"), notes.rows(spark, "main.elsewhere")
    (None, [], [])
    >>> _ = spark.sql("DROP SCHEMA main.noted CASCADE")
    """

    table: str
    columns: str
    keys: tuple[str, ...]
    comment: str

    def rows(self, spark: SparkSession, schema: str) -> list[Row]:
        """Return a schema's definitions as rows, in no order; none where the table is not there. One Spark job."""
        name = self._name(spark, schema)
        return read_table(spark, name).collect() if table_exists(spark, name) else []

    def keep(self, spark: SparkSession, schema: str, values: tuple[Any, ...]) -> None:
        """Keep one definition, its `values` in the order of the columns, in place of the one with the same keys."""
        name = self._name(spark, schema)
        row = spark.createDataFrame([values], self.columns)
        ensure_table(spark, name, row.schema, comment=self.comment)
        merge(row, name, self.keys)

    def remove(self, spark: SparkSession, schema: str, *keys: Any) -> None:
        """Remove the definition with these keys, in the order of `keys`; nothing happens where there is none."""
        name = complete(spark, self._name(spark, schema))
        if table_exists(spark, str(name)):
            given = dict(zip(self.keys, keys, strict=True))
            where = " AND ".join(f"{quoted(key)} = :{key}" for key in given)
            spark.sql(f"DELETE FROM {name.quoted} WHERE {where}", args=given)

    def _name(self, spark: SparkSession, schema: str) -> str:
        """Return the table's full name; an empty `schema` is the current one."""
        return f"{schema}.{self.table}" if schema else str(complete(spark, self.table))
