"""CREATE TABLE: what Delta cannot do is read and cut out, the rest is left as it is written."""

from __future__ import annotations

from dataclasses import dataclass, field

from headwater.lakehouse import is_plain_name
from headwater.sql.constraint_grammar import check, constraint, foreign_key, options, starts_constraint
from headwater.sql.constraints import Check, ForeignKey, PrimaryKey
from headwater.sql.cursor import Cursor, Edit, NotOursError
from headwater.sql.tables.statements import CreateTable

__all__ = ["create_table"]

_AFTER_TYPE = frozenset(
    {
        "NOT",
        "NULL",
        "GENERATED",
        "DEFAULT",
        "COMMENT",
        "CONSTRAINT",
        "PRIMARY",
        "FOREIGN",
        "REFERENCES",
        "CHECK",
        "MASK",
    }
)
_ALLOWS_DEFAULTS = "delta.feature.allowColumnDefaults"


@dataclass
class _Found:
    """What has been read of the statement so far."""

    edits: list[Edit] = field(default_factory=list)
    columns: dict[str, int | None] = field(default_factory=dict)  # where NOT NULL can be put in; None: it is there
    defaults: list[str] = field(default_factory=list)
    keys: list[PrimaryKey] = field(default_factory=list)
    parents: list[ForeignKey] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    properties_at: int = 0
    properties_open: bool = False
    allows_defaults: bool = False
    delta: bool = True
    automatic: bool = False
    query: bool = False

    def add(self, found: PrimaryKey | ForeignKey | Check, cursor: Cursor) -> None:
        kinds: dict[type, list[object]] = {PrimaryKey: self.keys, ForeignKey: self.parents, Check: self.checks}  # type: ignore[dict-item]
        kinds[type(found)].append(found)
        if len(self.keys) > 1:
            cursor.ours = True
            raise cursor.wrong("one primary key")


def create_table(cursor: Cursor) -> CreateTable | None:
    """Read ``CREATE [OR REPLACE] TABLE [IF NOT EXISTS] t [(columns, constraints)] [clauses] [AS query]``.

    Returns None, so that Spark is given the text untouched, for a table that Delta can make as it is. A name that cannot be
    held is not given to Spark, which refuses it only after Delta has made the table's folder.
    """
    replace = "REPLACE" in cursor.opening
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    name = cursor.name()
    found = _Found()
    if cursor.word() == "(":
        _columns(cursor, found)
    found.properties_at = cursor.behind
    _clauses(cursor, found)
    defaults = () if found.allows_defaults else tuple(found.defaults)
    can_be_held = all(is_plain_name(part) for part in name[-2:])
    if can_be_held and (not found.delta or not (found.edits or defaults)):
        return None
    key = found.keys[0] if found.keys else None
    return CreateTable(
        name=name,
        text=cursor.text,
        edits=(*found.edits, *_not_null(found, key)),
        properties_at=found.properties_at,
        properties_open=found.properties_open,
        columns=tuple(found.columns),
        primary_key=key,
        foreign_keys=tuple(found.parents),
        checks=tuple(found.checks),
        defaults=defaults,
        replace=replace,
        if_not_exists=if_not_exists,
        automatic=found.automatic,
    )


def _not_null(found: _Found, key: PrimaryKey | None) -> list[Edit]:
    """Return the edits that make key columns NOT NULL, as declaring them a key does."""
    wanted = {column.lower() for column in key.columns} if key else set()
    places = [at for column, at in found.columns.items() if column.lower() in wanted and at is not None]
    return [Edit(at, at, " NOT NULL") for at in places]


def _columns(cursor: Cursor, found: _Found) -> None:
    opened = last = cursor.here
    cursor.need("(")
    while True:
        leading = not found.columns
        start = cursor.here if leading else last
        if starts_constraint(cursor):
            found.add(constraint(cursor), cursor)
            end = cursor.here + 1 if leading and cursor.word() == "," else cursor.behind  # one comma goes with it
            found.edits.append(Edit(start, end, ""))
        else:
            _column(cursor, found)
        last = cursor.behind
        if not cursor.take(","):
            break
    cursor.need(")")
    if not found.columns:
        found.edits[:] = [Edit(opened, cursor.behind, "")]


def _column(cursor: Cursor, found: _Found) -> None:
    """Read ``name type properties…`` up to the comma or the end of the list."""
    name = cursor.identifier()
    _skip_type(cursor)
    found.columns[name] = cursor.behind
    while cursor.word() not in {",", ")"}:
        start = cursor.here
        if cursor.take("NOT", "NULL"):
            found.columns[name] = None
        elif cursor.take("DEFAULT"):
            found.defaults.append(name)
            cursor.next()
            while cursor.word() not in {",", ")"} and cursor.word() not in _AFTER_TYPE:
                _step(cursor)
        elif cursor.word() in {"CONSTRAINT", "PRIMARY", "FOREIGN", "REFERENCES", "CHECK"}:
            found.add(_column_constraint(cursor, name), cursor)
            found.edits.append(Edit(start, cursor.behind, ""))
        else:
            _step(cursor)


def _column_constraint(cursor: Cursor, column: str) -> PrimaryKey | ForeignKey | Check:
    name = cursor.identifier() if cursor.take("CONSTRAINT") else ""
    if cursor.take("PRIMARY", "KEY"):
        time = column if cursor.take("TIMESERIES") else ""
        options(cursor)
        return PrimaryKey((column,), time, name)
    if cursor.take("CHECK"):
        return check(cursor, name)
    cursor.take("FOREIGN", "KEY")
    return foreign_key(cursor, (column,), name)


def _skip_type(cursor: Cursor) -> None:
    depth = 0
    while depth or (cursor.word() not in {",", ")"} and cursor.word() not in _AFTER_TYPE):
        depth += {"<": 1, ">": -1, ">>": -2, "<>": 0}.get(cursor.word(), 0)
        _step(cursor)


def _step(cursor: Cursor) -> None:
    """Step over one token, or a whole group in parentheses."""
    if cursor.word() == "(":
        cursor.skip_group()
    else:
        cursor.next()


def _clauses(cursor: Cursor, found: _Found) -> None:
    """Read what stands between the columns and the query; the query itself is not looked at."""
    while cursor.peek() and cursor.word() not in {"AS", "SELECT", "WITH", "VALUES", "FROM", ";"}:
        start = cursor.here
        if cursor.word() in {"LIKE", "CLONE", "SHALLOW", "DEEP"}:
            raise NotOursError
        if cursor.take("USING"):
            found.delta = ".".join(cursor.name()).lower() == "delta"
        elif cursor.take("TBLPROPERTIES"):
            found.properties_at, found.properties_open = cursor.here + 1, True
            begin, end = cursor.skip_group()
            found.allows_defaults = _ALLOWS_DEFAULTS.lower() in cursor.text[begin:end].lower()
            continue
        elif cursor.take("CLUSTER", "BY", "AUTO"):
            found.automatic = True
            found.edits.append(Edit(start, cursor.behind, ""))
        elif cursor.take("STORED", "AS"):
            found.delta = False
        else:
            _step(cursor)
        if not found.properties_open:
            found.properties_at = cursor.behind
