"""ALTER TABLE … RENAME TO with a catalog, which Spark does not take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, quoted
from headwater.sql.call import Call
from headwater.sql.cursor import Cursor, Name, NotOursError
from headwater.sql.registry import Form
from headwater.sql.statement import Statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["FORMS", "RenameTable"]


@dataclass(frozen=True)
class RenameTable(Statement):
    """ALTER TABLE … RENAME TO; `text` up to the new name."""

    table: Name
    to: Name
    text: str


def read(cursor: Cursor) -> RenameTable | None:
    """Read the new name; None for one without a catalog."""
    head = cursor.text[: cursor.behind]
    to = cursor.name()
    cursor.finish()
    if len(to) > 3:
        raise NotOursError
    return RenameTable(cursor.named[0], to, head) if len(to) == 3 else None


def rename(statement: RenameTable, call: Call) -> DataFrame:
    """Rename within the schema: Spark's catalog takes the new name with two levels."""
    full, to = call.full(statement.table), call.full(statement.to)
    if call.folder(full) != call.folder(to):
        raise InvalidInputError(
            f"{full} cannot become {to}: a table keeps its catalog and schema. CREATE TABLE … CLONE copies it."
        )
    lakehouse.check_new_name(call.spark, "table", to.schema, to.table)
    return call.run(f"ALTER TABLE {full.quoted} RENAME TO {quoted(to.schema)}.{quoted(to.table)}")


FORMS = (Form(("ALTER TABLE … RENAME TO",), read, {RenameTable: rename}, ("ALTER TABLE c.s.t RENAME TO c.s.u",)),)
