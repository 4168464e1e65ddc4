"""Rows written to feature tables: merged by the primary keys, or all of them replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features.tables.checks import check_keys_of_rows, check_rows_fit, require_dataframe
from headwater.features.tables.properties import get_feature_table
from headwater.lakehouse import InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["overwrite_feature_table", "write_feature_table"]


def write_feature_table(df: DataFrame, name: str, mode: str = "merge") -> None:
    """Upsert rows by the primary keys: matched rows get only the columns that `df` has (rules 9 to 13).

    One aggregation over `df` for its keys, then one merge. New columns are added to the table. Generated, identity and
    default columns that `df` lacks are filled by Delta.

    Raises
    ------
    NullKeysError, DuplicateKeysError, MissingColumnsError, ColumnTypeError, InvalidInputError
        `df` does not fit the table; nothing is written.
    """
    if mode != "merge":
        raise InvalidInputError(
            f"mode={mode!r} is not possible: write_table merges. To start anew, drop_table and create_table."
        )
    require_dataframe(df, name)
    if df.isStreaming:
        raise InvalidInputError(f"The DataFrame for {name} is a stream: write_feature_stream writes those.")
    table = get_feature_table(df.sparkSession, name)
    check_rows_fit(df, table)
    check_keys_of_rows(df, table.primary_keys, f"the DataFrame for {table.name}")
    lakehouse.merge(df, table.name, table.primary_keys, evolve=True)


def overwrite_feature_table(df: DataFrame, name: str) -> None:
    """Replace all rows, in one commit; columns that `df` lacks become NULL, new ones are added.

    Raises
    ------
    NullKeysError, DuplicateKeysError, MissingColumnsError, ColumnTypeError, InvalidInputError
        `df` does not fit the table; nothing is written.
    """
    require_dataframe(df, name)
    if df.isStreaming:
        raise InvalidInputError(f"The DataFrame for {name} is a stream, which can only be merged: mode='merge'.")
    table = get_feature_table(df.sparkSession, name)
    check_rows_fit(df, table)
    check_keys_of_rows(df, table.primary_keys, f"the DataFrame for {table.name}")
    lakehouse.overwrite(df, table.name, evolve=True)
