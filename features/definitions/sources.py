"""Where the rows come from that features are computed of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.lakehouse import ColumnTypeError, InvalidInputError, MissingColumnsError
from headwater.lakehouse.sql_tokens import split

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

__all__ = ["DataFrameSource", "DataSource", "DeltaTableSource", "RequestSource", "VolumeSource", "column_types"]


class DataSource:
    """What all sources have; make one of them: DeltaTableSource, DataFrameSource, RequestSource, FeatureViewSource."""

    has_rows = True

    def __init__(self, *, source_type: Any, lateness: Any = None) -> None:
        del lateness
        raise InvalidInputError(
            f"A DataSource of the type {source_type!r} is one of DeltaTableSource, DataFrameSource, RequestSource, "
            "FeatureViewSource: make one of these."
        )

    @property
    def full_name(self) -> str:
        """What to call the source."""
        raise InvalidInputError(f"{type(self).__name__} has no name.")

    def load_df(self, spark: SparkSession, version: int | None = None) -> DataFrame:
        """Return the rows, lazily; of a table as they were at a version, if one is given."""
        del spark, version
        raise InvalidInputError(
            f"{self.full_name} has no rows: its columns are those of the rows to compute features for."
        )


@dataclass(frozen=True, kw_only=True)
class DeltaTableSource(DataSource):
    """Rows of a Delta table: those that meet `filter_condition` (SQL), with the columns of `transformation_sql`.

    `transformation_sql` is a SQL select list, for example ``"*, delay > 15 AS late"``. `dataframe_schema` is the JSON of
    the schema that comes of it: where it is given, the rows must have its columns and types.
    """

    catalog_name: str
    schema_name: str
    table_name: str
    filter_condition: str | None = None
    transformation_sql: str | None = None
    dataframe_schema: str | None = None

    def __post_init__(self) -> None:
        for name in ("catalog_name", "schema_name", "table_name"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value:
                raise InvalidInputError(f"{name} of a DeltaTableSource must be a name, found {value!r}.")

    @property
    def full_name(self) -> str:
        """The table's full name."""
        return f"{self.catalog_name}.{self.schema_name}.{self.table_name}"

    def load_df(self, spark: SparkSession, version: int | None = None) -> DataFrame:
        """Return the rows, lazily."""
        rows = lakehouse.read_table(spark, self.full_name, version=version)
        with lakehouse.in_utc(spark):
            if self.filter_condition:
                rows = rows.where(self.filter_condition)
            if self.transformation_sql:
                rows = rows.selectExpr(*split(self.transformation_sql, ","))
        if self.dataframe_schema:
            _require(_parsed(self.dataframe_schema), rows.schema, self.full_name)
        return rows


@dataclass(frozen=True, kw_only=True)
class DataFrameSource(DataSource):
    """Rows of a Spark DataFrame: to try features out. It cannot be kept with a feature or a model."""

    dataframe: Any
    source_name: str | None = None

    def __post_init__(self) -> None:
        from pyspark.sql import DataFrame

        if not isinstance(self.dataframe, DataFrame):
            found = f"{type(self.dataframe).__module__.split('.')[0]}.{type(self.dataframe).__name__}"
            raise InvalidInputError(
                f"DataFrameSource takes a Spark DataFrame, found {found}: convert it with spark.createDataFrame(df)."
            )

    @property
    def full_name(self) -> str:
        """What to call the source."""
        return self.source_name or "a DataFrame"

    def load_df(self, spark: SparkSession, version: int | None = None) -> DataFrame:
        """Return the rows, lazily."""
        del spark, version
        found: DataFrame = self.dataframe
        return found


@dataclass(frozen=True, kw_only=True)
class RequestSource(DataSource):
    """Columns that come with the rows to compute features for: with the label rows, or with the request to score.

    Parameters
    ----------
    schema
        Their names and types: pairs, or objects with `name` and `data_type`.
    dataframe_schema
        The same as the JSON of a Spark schema. One of the two is needed.

    Examples
    --------
    >>> RequestSource(schema=[("amount", "DOUBLE"), ("pieces", "LONG")]).schema
    (('amount', 'double'), ('pieces', 'bigint'))
    """

    schema: Any = None
    dataframe_schema: str | None = None
    has_rows = False

    def __post_init__(self) -> None:
        if (self.schema is None) == (self.dataframe_schema is None):
            raise InvalidInputError(
                "A RequestSource takes its columns by schema or by dataframe_schema: give one of them."
            )
        if self.dataframe_schema is not None:
            fields = [(f.name, f.dataType.simpleString()) for f in _parsed(self.dataframe_schema)]
        else:
            fields = [_field(one) for one in self.schema]
        names = [name for name, _ in fields]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled or not names:
            raise InvalidInputError(f"A RequestSource needs columns of different names, found {names}.")
        object.__setattr__(self, "schema", tuple(fields))
        object.__setattr__(self, "dataframe_schema", None)

    @classmethod
    def from_dataframe(cls, *, dataframe: DataFrame) -> RequestSource:
        """Return the source of columns like those of a DataFrame."""
        return cls(schema=[(field.name, field.dataType.simpleString()) for field in dataframe.schema])

    @property
    def field_names(self) -> list[str]:
        """The names of the columns."""
        return [name for name, _ in self.schema]

    @property
    def full_name(self) -> str:
        """What to call the source."""
        return "the request"


class VolumeSource(DataSource):
    """Files of a volume: the published client names no files for it either, so that nothing can be read."""

    def __init__(self) -> None:
        raise InvalidInputError(
            "A VolumeSource names no files: read them, spark.read.parquet('/Volumes/…'), and use "
            "DataFrameSource(dataframe=…), or write them into a table and use DeltaTableSource."
        )


def column_types(rows: DataFrame, names: list[str], where: str, why: str) -> dict[str, Any]:
    """Return the types of columns.

    Raises
    ------
    MissingColumnsError
        Some are not there.
    """
    missing = [name for name in dict.fromkeys(names) if name not in rows.columns]
    if missing:
        raise MissingColumnsError(missing, where, rows.columns, why)
    return {name: rows.schema[name].dataType for name in names}


def _field(given: Any) -> tuple[str, str]:
    from pyspark.errors import PySparkException
    from pyspark.sql.types import DataType

    if isinstance(given, Mapping):
        name, kind = given.get("name"), given.get("data_type")
    elif isinstance(given, tuple | list) and len(given) == 2:
        name, kind = given
    else:
        name, kind = getattr(given, "name", None), getattr(given, "data_type", None)
    text = str(getattr(kind, "value", kind))
    try:
        return str(name), DataType.fromDDL(text).simpleString()
    except PySparkException as error:
        raise InvalidInputError(f"The column {name!r} of a RequestSource has an unknown type {text!r}.") from error


def _parsed(text: str) -> StructType:
    import json

    from pyspark.sql.types import StructType

    try:
        return StructType.fromJson(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(
            f"dataframe_schema must be the JSON of a Spark schema (df.schema.json()), found {text!r}."
        ) from error


def _require(wanted: StructType, found: StructType, where: str) -> None:
    missing = [name for name in wanted.names if name not in found.names]
    if missing:
        raise MissingColumnsError(missing, where, found.names, "dataframe_schema")
    pairs = {f.name: (found[f.name].dataType.simpleString(), f.dataType.simpleString()) for f in wanted}
    wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if wrong:
        raise ColumnTypeError(where, wrong)
