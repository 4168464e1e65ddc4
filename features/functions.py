"""Python functions as on-demand features: kept in the catalog as source, run on Spark in Arrow batches.

A function is data (its parameters, types and source), so that a model's feature spec carries the very function that it
was trained with, and runs it wherever the model goes.
"""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import json
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

import lakehouse
from lakehouse import InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession

__all__ = ["CatalogFunction", "create_function", "get_function"]

_TABLE = "_functions"
_SQL_TYPES: dict[type, str] = {
    bool: "boolean",
    bytes: "binary",
    dt.date: "date",
    dt.datetime: "timestamp",
    float: "double",
    int: "bigint",
    str: "string",
}


@dataclass(frozen=True)
class CatalogFunction:
    """A Python function: full name, parameters with their SQL types, returned SQL type, source."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    returns: str
    source: str

    @classmethod
    def of(cls, function: Callable[..., Any], name: str) -> CatalogFunction:
        """Return the catalog's form of a Python function with type hints.

        The function must stand by itself: what it needs it imports inside. Hints are int, float, str, bool, bytes,
        datetime.date and datetime.datetime (aware, UTC), each perhaps ``| None``; NULL arrives as None.
        """
        source = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(source)
        definition = tree.body[0]
        if not isinstance(definition, ast.FunctionDef):
            raise InvalidInputError(f"{name} must be made from a function written with def, found:\n{source}")
        definition.decorator_list = []
        definition.returns = None
        for argument in definition.args.args:
            argument.annotation = None
        hints = get_type_hints(function)
        parameters = tuple((p, _sql_type(name, p, hints.get(p))) for p in inspect.signature(function).parameters)
        made = cls(name, parameters, _sql_type(name, "return", hints.get("return")), ast.unparse(definition))
        made.compiled()
        return made

    def compiled(self) -> Callable[..., Any]:
        """Return the callable, made from the source in an empty namespace."""
        namespace: dict[str, Any] = {}
        exec(compile(self.source, self.name, "exec"), namespace)  # noqa: S102 - the catalog's code is the user's code
        found: Callable[..., Any] = namespace[ast.parse(self.source).body[0].name]  # type: ignore[attr-defined]
        return found

    def column(self, *arguments: Column) -> Column:
        """Return the Spark column of the function's value for each row.

        Arguments are cast to the declared types. One Arrow batch at a time is turned into Python values, so that NULL,
        integers, dates and times arrive as what they are; about 1 µs a row and argument.
        """
        import pyarrow as pa
        from pyspark.sql.pandas.functions import arrow_udf

        source, name, returns, kind = self.source, self.name, self.returns, _arrow_type(self.returns)

        def evaluate(*columns: Any) -> Any:
            import pyarrow as pa

            namespace: dict[str, Any] = {}
            exec(compile(source, name, "exec"), namespace)  # noqa: S102
            function = next(value for key, value in namespace.items() if key != "__builtins__")
            values = [function(*row) for row in zip(*(column.to_pylist() for column in columns), strict=True)]
            return pa.array(values, type=kind)

        # Spark reads the kind of function off real types, which the module's own hints, kept as text, are not.
        evaluate.__annotations__ = {"columns": pa.Array, "return": pa.Array}
        typed = [argument.cast(kind) for argument, (_, kind) in zip(arguments, self.parameters, strict=True)]
        result: Column = arrow_udf(evaluate, returns)(*typed)  # type: ignore[call-overload]
        return result

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self) | {"parameters": [list(parameter) for parameter in self.parameters]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CatalogFunction:
        """Return the function that :meth:`to_dict` described."""
        return cls(data["name"], tuple((p, t) for p, t in data["parameters"]), data["returns"], data["source"])


def create_function(spark: SparkSession, function: Callable[..., Any], name: str | None = None) -> CatalogFunction:
    """Keep a Python function in the catalog, replacing one of the same name; return its catalog form.

    Parameters
    ----------
    function
        With type hints; stands by itself (imports inside).
    name
        One to three levels; default: the function's own name in the current schema.

    Examples
    --------
    >>> def doubled(x: float) -> float | None:
    ...     return None if x is None else 2 * x
    >>> create_function(spark, doubled).returns  # doctest: +SKIP
    'double'
    """
    full = lakehouse.complete(spark, name or function.__name__)
    made = CatalogFunction.of(function, str(full))
    table = f"{full.catalog}.{full.schema}.{_TABLE}"
    if not lakehouse.table_exists(spark, table):
        from pyspark.sql.types import StringType, StructField, StructType

        columns = StructType([StructField("name", StringType(), False), StructField("definition", StringType(), False)])
        lakehouse.create_table(spark, table, columns, comment="Python functions that features are computed with")
    if _stored(spark, table).get(str(full)) != made:
        row = spark.createDataFrame([(str(full), json.dumps(made.to_dict()))], "name string, definition string")
        lakehouse.merge(row, table, ["name"])
    return made


def get_function(spark: SparkSession, name: str) -> CatalogFunction:
    """Return a function of the catalog.

    Raises
    ------
    InvalidInputError
        If there is none of this name.
    """
    full = lakehouse.complete(spark, name)
    table = f"{full.catalog}.{full.schema}.{_TABLE}"
    stored = _stored(spark, table) if lakehouse.table_exists(spark, table) else {}
    if str(full) not in stored:
        raise InvalidInputError(f"There is no function {full}. {lakehouse.known(str(full), stored)}")
    return stored[str(full)]


def _arrow_type(kind: str) -> Any:
    import pyarrow as pa

    others = {
        "double": pa.float64(),
        "bigint": pa.int64(),
        "boolean": pa.bool_(),
        "timestamp": pa.timestamp("us", "UTC"),
    }
    return others.get(kind) or {"binary": pa.binary(), "date": pa.date32(), "string": pa.string()}[kind]


def _stored(spark: SparkSession, table: str) -> dict[str, CatalogFunction]:
    rows = lakehouse.read_table(spark, table).collect()
    return {row["name"]: CatalogFunction.from_dict(json.loads(row["definition"])) for row in rows}


def _sql_type(function: str, parameter: str, hint: Any) -> str:
    kinds: Sequence[Any] = getattr(hint, "__args__", (hint,))
    for kind in kinds:
        if kind in _SQL_TYPES:
            return _SQL_TYPES[kind]
    known = ", ".join(sorted(kind.__name__ for kind in _SQL_TYPES))
    raise InvalidInputError(f"{parameter!r} of function {function} needs a type hint, found {hint!r}. Known: {known}.")
