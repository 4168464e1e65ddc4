"""Functions: Python ones live in the catalog's own table, the others where Spark has them, kept in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import TableName, quoted
from headwater.sql.call import Call, frame
from headwater.sql.cursor import Edit, edited
from headwater.sql.errors import NotFoundError, TakenError
from headwater.sql.functions.statements import (
    CreateFunction,
    CreatePythonFunction,
    DescribeFunction,
    DropFunction,
    ShowFunctions,
)
from headwater.sql.securables import require_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from headwater.features import CatalogFunction

__all__ = [
    "create_function",
    "create_python_function",
    "describe_function",
    "drop_function",
    "register_kept_functions",
    "show_functions",
]


def register_kept_functions(call: Call) -> None:
    """Let the session call every Python function of the warehouse from SQL."""
    from headwater import features

    for schema in lakehouse.schema_folders(lakehouse.settings_of(call.spark).warehouse, "_functions"):
        for function in features.list_functions(call.spark, f"{quoted(schema.catalog)}.{quoted(schema.schema)}"):
            features.register_function(call.spark, function)


def create_python_function(statement: CreatePythonFunction, call: Call) -> DataFrame:
    """Keep a Python function in the schema's table, and let SQL call it."""
    from headwater import features
    from headwater.features import CatalogFunction

    full = call.full(statement.name)
    lakehouse.check_new_name(call.spark, "function", full.schema, full.table)
    require_schema(call, full.catalog, full.schema)
    there = call.spark.catalog.functionExists(full.quoted) or _python(call, full) is not None
    if there and statement.if_not_exists:
        return frame(call, [])
    if there and not statement.replace:
        raise TakenError("function", str(full), "say CREATE OR REPLACE FUNCTION, or drop it first")
    made = CatalogFunction.of_body(
        str(full),
        [(parameter.name, parameter.type) for parameter in statement.parameters],
        statement.returns,
        statement.body,
        defaults=tuple((p.name, p.default) for p in statement.parameters if p.default is not None),
        comments=tuple((p.name, p.comment) for p in statement.parameters if p.comment),
        comment=statement.comment,
        deterministic=statement.deterministic,
    )
    features.keep_function(call.spark, made)
    features.register_function(call.spark, made)
    lakehouse.forget_function(call.folder(full), full.table)
    return frame(call, [])


def create_function(statement: CreateFunction, call: Call) -> DataFrame:
    """Let Spark make a function of another language, and keep it."""
    from headwater import features

    full = call.full(statement.name)
    lakehouse.check_new_name(call.spark, "function", full.schema, full.table)
    found = _python(call, full)
    if found is not None:
        if not statement.replace:
            raise TakenError("function", str(full), "say CREATE OR REPLACE FUNCTION, or drop it first")
        features.drop_function(call.spark, found.name)
    made = call.given(edited(statement.text, [Edit(*statement.name_at, _entry(call, full))]))
    lakehouse.keep_function(call.spark, call.folder(full), full.table)
    return made


def drop_function(statement: DropFunction, call: Call) -> DataFrame:
    """Drop a function, of Python or of another language."""
    from headwater import features

    full = call.full(statement.name)
    found = _python(call, full)
    if found is not None:
        features.drop_function(call.spark, found.name)
        return frame(call, [])
    if not call.spark.catalog.functionExists(full.quoted):
        if statement.if_exists:
            return frame(call, [])
        raise NotFoundError("function", str(full), _names(call, full))
    dropped = call.run(f"DROP FUNCTION {_entry(call, full)}")
    lakehouse.keep_function(call.spark, call.folder(full), full.table)
    return dropped


def describe_function(statement: DescribeFunction, call: Call) -> DataFrame:
    """Show what is kept of a Python function; Spark's rows for another."""
    full = call.full(statement.name) if len(statement.name) <= 3 else None
    found = _python(call, full) if full else None
    if (
        found is None
        and full
        and not lakehouse.is_main(full.catalog)
        and call.spark.catalog.functionExists(full.quoted)
    ):
        return call.run(f"DESCRIBE FUNCTION {'EXTENDED ' if statement.extended else ''}{_entry(call, full)}")
    if found is None:
        return call.given(statement.text)
    comments = dict(found.comments)
    inputs = [f"{p} {kind.upper()}" + (f" '{comments[p]}'" if p in comments else "") for p, kind in found.parameters]
    lines = [
        f"Function:      {found.name}",
        "Type:          SCALAR",
        "Language:      PYTHON",
        f"Input:         {', '.join(inputs) or '()'}",
        f"Returns:       {found.returns.upper()}",
    ]
    if found.comment:
        lines.append(f"Comment:       {found.comment}")
    if statement.extended:
        lines += [f"Deterministic: {str(found.deterministic).lower()}", f"Body:          {found.source}"]
    return frame(call, ["function_desc"], [[line] for line in lines])


def show_functions(statement: ShowFunctions, call: Call) -> DataFrame:
    """Show Spark's list with ours in it, and without what ours stand on."""
    from headwater import features

    register_kept_functions(call)
    shown = call.given(statement.text)
    return shown.filter(f"NOT endswith({shown.columns[0]}, '{features.PYTHON_SUFFIX}')")


def _entry(call: Call, full: TableName) -> str:
    """Return the function's name as Spark takes it in CREATE and DROP, which know the session catalog's databases alone."""
    return f"spark_catalog.{quoted(call.folder(full).database)}.{quoted(full.table)}"


def _python(call: Call, full: TableName) -> CatalogFunction | None:
    from headwater import features

    if not (call.folder(full).path / "_functions").is_dir():
        return None
    stored = features.list_functions(call.spark, full.quoted_schema)
    return next((f for f in stored if f.name.split(".", 1)[1].lower() == f"{full.schema}.{full.table}".lower()), None)


def _names(call: Call, full: TableName) -> list[str]:
    from headwater import features

    rows = call.run(f"SHOW USER FUNCTIONS IN {full.quoted_schema}").collect()
    return [row[0] for row in rows if "." in row[0] and not row[0].endswith(features.PYTHON_SUFFIX)]
