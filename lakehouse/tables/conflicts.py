"""Writes: what is done again if another writer was faster, and what went wrong in words."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from headwater.lakehouse.errors import ColumnTypeError, InvalidInputError, MissingColumnsError
from headwater.lakehouse.names import TableName
from headwater.lakehouse.sql_text import quoted
from headwater.lakehouse.warehouse.faults import faults_named

if TYPE_CHECKING:
    from pyspark.errors import PySparkException
    from pyspark.sql import DataFrame

__all__ = ["tried_again", "writing"]

_TRIES = 6
_KEPT = (
    "Nothing was written: a table's columns keep their types, for its older rows. Cast the values, or give a feature that is of "
    "another type now another name."
)
_MISFITS = ("DELTA_FAILED_TO_MERGE_FIELDS", "DELTA_METADATA_MISMATCH")
_NO_VALUE = re.compile(r"\[DELTA_NOT_NULL_CONSTRAINT_VIOLATED\] NOT NULL constraint violated for column: (.+?)\.\s")


@contextmanager
def writing(table: TableName, rows: DataFrame | None = None) -> Iterator[None]:
    """Raise what goes wrong with a write of `rows` within as an error that names the table and says what to do, where known."""
    with faults_named(name=str(table)):
        try:
            yield
        except Exception as error:
            text = str(error)
            found = _NO_VALUE.search(text)
            if found is not None:
                raise InvalidInputError(
                    f"The column {found[1]!r} of {table} is NOT NULL, and some of the rows have no value for it. Nothing was "
                    f"written: give each row one, or ALTER TABLE {table.quoted} ALTER COLUMN {quoted(found[1])} DROP NOT NULL."
                ) from error
            misfit = None if rows is None or not any(one in text for one in _MISFITS) else _misfit(table, rows)
            if misfit is not None:
                raise misfit from error
            raise


def _misfit(table: TableName, rows: DataFrame) -> InvalidInputError | None:
    """Return what of the rows' columns does not fit the table: a column that it lacks, or has with another type."""
    stored = {
        field.name.lower(): field.dataType.simpleString() for field in rows.sparkSession.table(table.quoted).schema
    }
    given = {field.name: field.dataType.simpleString() for field in rows.schema}
    wrong = {
        name: (kind, stored[name.lower()]) for name, kind in given.items() if stored.get(name.lower(), kind) != kind
    }
    if wrong:
        return ColumnTypeError(f"the rows for {table}", wrong, _KEPT)
    lacking = [name for name in given if name.lower() not in stored]
    return MissingColumnsError(lacking, str(table), list(stored), "the rows to write have more") if lacking else None


def tried_again(verb: Callable[[], object], table: TableName, rows: DataFrame | None = None) -> None:
    """Do it, a write of `rows` where they are given, and again if another writer's commit came first: each try reads anew."""
    import delta.exceptions  # noqa: F401 - from its import on, PySpark knows Delta's conflicts
    from pyspark.errors import PySparkException

    for attempt in range(_TRIES):
        try:
            with writing(table, rows):
                verb()
        except PySparkException as error:
            if attempt == _TRIES - 1 or not _is_conflict(error):
                raise
            time.sleep(random.uniform(0.1, 0.4) * 2**attempt)
        else:
            return


def _is_conflict(error: PySparkException) -> bool:
    """Say whether another writer was faster, by the exception or its condition, which is all that Spark Connect gives."""
    from delta import exceptions as conflicts

    # Delta's conflicts are siblings in Python, not one family as in Java.
    kinds = (
        conflicts.ConcurrentAppendException,
        conflicts.ConcurrentDeleteDeleteException,
        conflicts.ConcurrentDeleteReadException,
        conflicts.ConcurrentTransactionException,
        conflicts.ConcurrentWriteException,
        conflicts.DeltaConcurrentModificationException,
        conflicts.MetadataChangedException,
        conflicts.ProtocolChangedException,
    )
    conditions = ("DELTA_CONCURRENT_", "DELTA_METADATA_CHANGED", "DELTA_PROTOCOL_CHANGED")
    return isinstance(error, kinds) or str(error.getCondition() or "").startswith(conditions)
