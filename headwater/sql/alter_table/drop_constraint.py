"""ALTER TABLE … DROP CONSTRAINT, DROP PRIMARY KEY, DROP FOREIGN KEY."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from headwater import lakehouse
from headwater.lakehouse import quoted
from headwater.sql.call import Call, frame
from headwater.sql.clauses import finished
from headwater.sql.constraints import FOREIGN, KEY_NAME
from headwater.sql.cursor import Cursor, Name
from headwater.sql.errors import NotFoundError
from headwater.sql.registry import Form
from headwater.sql.statement import Statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["FORMS", "DropConstraint"]


@dataclass(frozen=True)
class DropConstraint(Statement):
    """ALTER TABLE … DROP CONSTRAINT, DROP PRIMARY KEY, DROP FOREIGN KEY."""

    table: Name
    kind: Literal["CONSTRAINT", "PRIMARY KEY", "FOREIGN KEY"]
    name: str = ""
    columns: tuple[str, ...] = ()
    if_exists: bool = False
    text: str = ""


def read_primary_key(cursor: Cursor) -> DropConstraint:
    """Read ``[IF EXISTS] [RESTRICT | CASCADE]`` after ``DROP PRIMARY KEY``."""
    if_exists = cursor.take("IF", "EXISTS")
    cursor.take_any("RESTRICT", "CASCADE")
    return finished(cursor, DropConstraint(cursor.named[0], "PRIMARY KEY", if_exists=if_exists))


def read_foreign_key(cursor: Cursor) -> DropConstraint:
    """Read ``[IF EXISTS] (columns)`` after ``DROP FOREIGN KEY``."""
    if_exists = cursor.take("IF", "EXISTS")
    columns = cursor.names()
    return finished(cursor, DropConstraint(cursor.named[0], "FOREIGN KEY", columns=columns, if_exists=if_exists))


def read_constraint(cursor: Cursor) -> DropConstraint:
    """Read ``[IF EXISTS] name [RESTRICT | CASCADE]`` after ``DROP CONSTRAINT``."""
    if_exists = cursor.take("IF", "EXISTS")
    name = cursor.identifier()
    cursor.take_any("RESTRICT", "CASCADE")
    statement = DropConstraint(cursor.named[0], "CONSTRAINT", name, if_exists=if_exists, text=cursor.text)
    return finished(cursor, statement)


def drop_constraint(statement: DropConstraint, call: Call) -> DataFrame:
    """Forget a key; Spark drops a condition on rows."""
    from headwater.features import declared_key, without_key

    full, now = call.table(statement.table)
    kept = {key.removeprefix(FOREIGN): key for key in now.properties if key.startswith(FOREIGN)}
    has_key, key_name = bool(declared_key(now.properties)[0]), now.properties.get(KEY_NAME, f"{full.table}_pk")
    if statement.kind == "FOREIGN KEY":
        columns = f"FOREIGN KEY ({', '.join(map(quoted, statement.columns))}) "
        gone = [key for key in kept.values() if now.properties[key].startswith(columns)]
    else:
        gone = [key for name, key in kept.items() if name.lower() == statement.name.lower()]
    changes: dict[str, None] = dict.fromkeys(gone)
    if has_key and (statement.kind == "PRIMARY KEY" or statement.name.lower() == key_name.lower()):
        changes = {**without_key(), KEY_NAME: None}
    if changes:
        lakehouse.set_table_properties(call.spark, full.quoted, changes)
        return frame(call, [])
    if statement.kind == "CONSTRAINT":
        return call.given(statement.text)
    if statement.if_exists:
        return frame(call, [])
    names = [*kept, *([key_name] if has_key else [])]
    raise NotFoundError(statement.kind.lower(), f"of {full}", names)


FORMS = tuple(
    Form((f"ALTER TABLE … DROP {opening}",), grammar, {DropConstraint: drop_constraint}, (example,))
    for opening, grammar, example in (
        ("PRIMARY KEY !", read_primary_key, "ALTER TABLE t DROP PRIMARY KEY"),
        ("FOREIGN KEY !", read_foreign_key, "ALTER TABLE t DROP FOREIGN KEY (a)"),
        ("CONSTRAINT", read_constraint, "ALTER TABLE t DROP CONSTRAINT IF EXISTS c"),
    )
)
