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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, arrow_type, utc_cast

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession

__all__ = [
    "CatalogFunction",
    "create_function",
    "drop_function",
    "get_function",
    "keep_function",
    "list_functions",
]

_KEPT = lakehouse.Documents(
    "_functions", "name string, definition string", ("name",), "Python functions that features are computed with"
)
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
    """A Python function: full name, parameters with their SQL types, returned SQL type, source.

    Attributes
    ----------
    defaults
        SQL expressions by parameter, for calls from SQL.
    comments
        What is said of parameters.
    """

    name: str
    parameters: tuple[tuple[str, str], ...]
    returns: str
    source: str
    defaults: tuple[tuple[str, str], ...] = ()
    comments: tuple[tuple[str, str], ...] = ()
    comment: str = ""
    deterministic: bool = True

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

    @classmethod
    def of_body(
        cls, name: str, parameters: Sequence[tuple[str, str]], returns: str, body: str, **said: Any
    ) -> CatalogFunction:
        """Return the catalog's form of a function whose body alone is given, as between the ``$$`` of SQL.

        Types are SQL's, in any spelling; `said` are defaults, comments, comment and deterministic.

        Raises
        ------
        InvalidInputError
            The body is no Python, or a type is unknown.

        Examples
        --------
        >>> CatalogFunction.of_body("main.ml.f", [("a", "DOUBLE")], "DOUBLE", "  return 2 * a").compiled()(3.0)
        6.0
        """
        arguments = ast.parse(f"def f({', '.join(p for p, _ in parameters)}): pass").body[0]
        assert isinstance(arguments, ast.FunctionDef)
        try:
            arguments.body = ast.parse(textwrap.dedent(body).strip()).body
        except SyntaxError as error:
            raise InvalidInputError(f"The body of function {name} is not Python: {error}.") from error
        if not arguments.body:
            raise InvalidInputError(f"The body of function {name} is empty: let it return a value.")
        arguments.name = name.rsplit(".", 1)[-1] if name.rsplit(".", 1)[-1].isidentifier() else "f"
        typed = tuple((p, _plain_type(name, t)) for p, t in parameters)
        made = cls(name, typed, _plain_type(name, returns), ast.unparse(arguments), **said)
        made.compiled()
        return made

    def compiled(self) -> Callable[..., Any]:
        """Return the callable, made from the source in an empty namespace."""
        namespace: dict[str, Any] = {}
        exec(compile(self.source, self.name, "exec"), namespace)  # noqa: S102 - the catalog's code is the user's code
        found: Callable[..., Any] = namespace[ast.parse(self.source).body[0].name]  # type: ignore[attr-defined]
        return found

    def column(self, *arguments: Column, kinds: Sequence[str] = ()) -> Column:
        """Return the Spark column of the function's value for each row; arguments are cast to the declared types.

        Parameters
        ----------
        kinds
            The arguments' types, which make casts of times go by UTC as they do in process; none: Spark's own casts.
        """
        from pyspark.sql import functions as F

        wanted = [kind for _, kind in self.parameters]
        if kinds:
            typed = [utc_cast(*one) for one in zip(arguments, kinds, wanted, strict=True)]
        else:
            typed = [argument.cast(kind) for argument, kind in zip(arguments, wanted, strict=True)]
        result: Column = self.udf()(*(typed or [F.lit(1)]))
        return result

    def udf(self) -> Any:
        """Return the Spark function of arguments of the declared types (of any one argument if it has no parameters).

        One Arrow batch at a time is turned into Python values, so that NULL, integers, dates and times arrive as what
        they are; about 1 µs a row and argument.
        """
        import pyarrow as pa
        from pyspark.sql.pandas.functions import arrow_udf

        source, name, returns, kind = self.source, self.name, self.returns, arrow_type(self.returns)
        given = len(self.parameters)

        def evaluate(*columns: Any) -> Any:
            import pyarrow as pa

            namespace: dict[str, Any] = {}
            exec(compile(source, name, "exec"), namespace)  # noqa: S102
            function = next(value for key, value in namespace.items() if key != "__builtins__")
            rows = zip(*(column.to_pylist() for column in columns), strict=True)
            values = [function(*row[:given]) for row in rows]
            return pa.array(values, type=kind)

        # Spark reads the kind of function off real types, which the module's own hints, kept as text, are not.
        evaluate.__annotations__ = {"columns": pa.Array, "return": pa.Array}
        made: Any = arrow_udf(evaluate, returns)  # type: ignore[call-overload]
        return made if self.deterministic else made.asNondeterministic()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        data: dict[str, Any] = {
            "name": self.name,
            "parameters": [list(parameter) for parameter in self.parameters],
            "returns": self.returns,
            "source": self.source,
        }
        said = {"defaults": [list(pair) for pair in self.defaults], "comments": [list(pair) for pair in self.comments]}
        said |= {"comment": self.comment} if self.comment else {}  # type: ignore[dict-item]
        return data | {k: v for k, v in said.items() if v} | ({} if self.deterministic else {"deterministic": False})

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CatalogFunction:
        """Return the function that :meth:`to_dict` described."""
        pairs: dict[str, Any] = {
            key: tuple((p, t) for p, t in data.get(key, ())) for key in ("parameters", "defaults", "comments")
        }
        said = {"comment": data.get("comment", ""), "deterministic": data.get("deterministic", True)}
        return cls(name=data["name"], returns=data["returns"], source=data["source"], **pairs, **said)


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
    lakehouse.check_new_name(spark, "function", full.schema, full.table)
    made = CatalogFunction.of(function, str(full))
    keep_function(spark, made)
    return made


def keep_function(spark: SparkSession, made: CatalogFunction) -> None:
    """Keep a function in the catalog, replacing one of the same name; nothing is written if it is there already."""
    from headwater.features.functions.sql_registration import forget

    full = lakehouse.complete(spark, made.name)
    lakehouse.check_new_name(spark, "function", full.schema, full.table)
    schema = f"{full.catalog}.{full.schema}"
    if _stored(spark, schema).get(str(full)) != made:
        _KEPT.keep(spark, schema, (str(full), json.dumps(made.to_dict())))
        forget(spark, full)


def drop_function(spark: SparkSession, name: str) -> None:
    """Remove a Python function from the catalog.

    Raises
    ------
    InvalidInputError
        If there is none of this name.
    """
    from headwater.features.functions.sql_registration import forget

    full = lakehouse.complete(spark, get_function(spark, name).name)
    _KEPT.remove(spark, f"{full.catalog}.{full.schema}", str(full))
    forget(spark, full)


def list_functions(spark: SparkSession, schema: str) -> tuple[CatalogFunction, ...]:
    """Return the Python functions of a schema (``catalog.schema``), by name."""
    stored = _stored(spark, schema)
    return tuple(stored[name] for name in sorted(stored))


def get_function(spark: SparkSession, name: str) -> CatalogFunction:
    """Return a function of the catalog.

    Raises
    ------
    InvalidInputError
        If there is none of this name.
    """
    full = lakehouse.complete(spark, name)
    stored = _stored(spark, f"{full.catalog}.{full.schema}")
    if str(full) not in stored:
        raise InvalidInputError(f"There is no function {full}. {lakehouse.known(str(full), stored)}")
    return stored[str(full)]


def _plain_type(function: str, kind: str) -> str:
    """Return a SQL type as Spark writes it."""
    from pyspark.errors import PySparkException
    from pyspark.sql.types import DataType

    try:
        return DataType.fromDDL(kind).simpleString()
    except PySparkException as error:
        raise InvalidInputError(f"Function {function} has a type {kind!r} that Spark does not know.") from error


def _stored(spark: SparkSession, schema: str) -> dict[str, CatalogFunction]:
    return {row["name"]: CatalogFunction.from_dict(json.loads(row["definition"])) for row in _KEPT.rows(spark, schema)}


def _sql_type(function: str, parameter: str, hint: Any) -> str:
    kinds: Sequence[Any] = getattr(hint, "__args__", (hint,))
    for kind in kinds:
        if kind in _SQL_TYPES:
            return _SQL_TYPES[kind]
    known = ", ".join(sorted(kind.__name__ for kind in _SQL_TYPES))
    raise InvalidInputError(f"{parameter!r} of function {function} needs a type hint, found {hint!r}. Known: {known}.")
