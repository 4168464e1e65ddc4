"""Writes: what is done again if another writer was faster, and what went wrong in words."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from headwater.lakehouse.errors import InvalidInputError
from headwater.lakehouse.names import TableName
from headwater.lakehouse.sql_text import quoted
from headwater.lakehouse.warehouse.faults import faults_named

if TYPE_CHECKING:
    from pyspark.errors import PySparkException

__all__ = ["tried_again", "writing"]

_TRIES = 6
_NO_VALUE = re.compile(r"\[DELTA_NOT_NULL_CONSTRAINT_VIOLATED\] NOT NULL constraint violated for column: (.+?)\.\s")


@contextmanager
def writing(table: TableName) -> Iterator[None]:
    """Raise what goes wrong with a write within as an error that names the table and says what to do, where that is known."""
    with faults_named(name=str(table)):
        try:
            yield
        except Exception as error:
            found = _NO_VALUE.search(str(error))
            if found is None:
                raise
            raise InvalidInputError(
                f"The column {found[1]!r} of {table} is NOT NULL, and some of the rows have no value for it. Nothing was "
                f"written: give each row one, or ALTER TABLE {table.quoted} ALTER COLUMN {quoted(found[1])} DROP NOT NULL."
            ) from error


def tried_again(verb: Callable[[], object], table: TableName) -> None:
    """Do it, and again if another writer's commit came first: each try reads the table anew."""
    import delta.exceptions  # noqa: F401 - from its import on, PySpark knows Delta's conflicts
    from pyspark.errors import PySparkException

    for attempt in range(_TRIES):
        try:
            with writing(table):
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
