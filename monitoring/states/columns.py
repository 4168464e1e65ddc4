"""Which columns of a table are profiled, and how their values reach the pass over the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headwater.lakehouse import (
    ColumnTypeError,
    InvalidInputError,
    MissingColumnsError,
    column,
    in_utc,
    sql_time,
    utc_cast,
)
from headwater.monitoring.definitions.windows import Span, bounds, time_of

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType

    from headwater.monitoring.definitions.monitor import Monitor

__all__ = [
    "ProfiledColumn",
    "check_types",
    "class_name",
    "class_of_text",
    "in_words_of",
    "prepared",
    "profiled_columns",
    "timestamp",
    "within",
]

_NUMBERS: Final = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")


@dataclass(frozen=True)
class ProfiledColumn:
    """A column, Spark's simple name of its type, and what is computed of it.

    `kind` is ``number``, ``string`` (also booleans: ``'true'`` and ``'false'``), ``time`` (dates and timestamps, as epoch
    seconds), ``binary`` (lengths) or ``other`` (counts of values and nulls alone).
    """

    name: str
    data_type: str
    kind: str


def profiled_columns(df: DataFrame, monitor: Monitor) -> tuple[ProfiledColumn, ...]:
    """Return the columns to profile, in the table's order.

    Raises
    ------
    MissingColumnsError
        If the monitor names a column that the table lacks.
    ColumnTypeError
        If the timestamp is neither a TIMESTAMP nor a DATE.
    InvalidInputError
        If a slicing expression cannot be computed from the table's columns.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as F

    where = f"the table {monitor.table_name}"
    log = monitor.inference
    named = [log.prediction_col, log.model_id_col, log.label_col, log.prediction_proba_col] if log else []
    wanted = [*named, monitor.timestamp_col, *(monitor.columns or ()), *monitor.exclude]
    missing = [name for name in wanted if name is not None and name not in df.columns]
    if missing:
        raise MissingColumnsError(missing, where, df.columns, "the monitor names it")
    if monitor.timestamp_col is not None:
        found = df.schema[monitor.timestamp_col].dataType.simpleString()
        if found not in ("timestamp", "date"):
            raise ColumnTypeError(where, {monitor.timestamp_col: (found, "timestamp or date")})
    always = [log.prediction_col, log.label_col] if log else []
    for text in monitor.slicing_exprs:
        try:
            with in_utc(df.sparkSession):
                _ = df.select(F.expr(text)).schema
        except PySparkException as error:
            reason = str(error).partition("\n")[0]
            raise InvalidInputError(f"The slicing expression {text!r} does not fit {where}: {reason}") from error
    chosen = df.columns if monitor.columns is None else [*monitor.columns, *always]
    left_out = {monitor.timestamp_col, monitor.model_id_col, *monitor.exclude} - set(always)
    return tuple(
        ProfiledColumn(field.name, field.dataType.simpleString(), _kind(field.dataType))
        for field in df.schema
        if field.name in chosen and field.name not in left_out
    )


def check_types(df: DataFrame, columns: tuple[ProfiledColumn, ...], monitor: Monitor, table: str) -> None:
    """Raise if a column of `df`, the monitored table or its baseline, cannot be compared with the profiled column of its name.

    Numbers are compared with numbers and booleans, times with times, lengths of binaries with binaries and text; text with
    all that can be written as text. The prediction and the label of a regression are numbers or booleans.

    Raises
    ------
    ColumnTypeError
        Names the table and all such columns.
    """
    taken = {"number": ("number", "boolean"), "time": ("time",), "binary": ("binary", "string", "boolean")}
    needed = {about.name: about.kind for about in columns}
    log = monitor.inference
    if log is not None and log.problem_type == "regression":
        needed |= dict.fromkeys([name for name in (log.prediction_col, log.label_col) if name is not None], "number")
    wrong = {}
    for field in df.schema:
        found, kind = field.dataType.simpleString(), needed.get(field.name, "other")
        if kind in taken and not {found, _kind(field.dataType)} & set(taken[kind]):
            wrong[field.name] = (
                found,
                " or ".join("a timestamp" if one == "time" else f"a {one}" for one in taken[kind]),
            )
    if wrong:
        raise ColumnTypeError(f"the table {table}", wrong)


def prepared(
    df: DataFrame,
    columns: tuple[ProfiledColumn, ...],
    monitor: Monitor,
    *,
    timeless: bool,
    extra: Mapping[str, Column] | None = None,
) -> DataFrame:
    """Return the rows as :class:`~headwater.monitoring.states.scan.Scan` takes them; `timeless`: times are 0 and all rows stay.

    A column that `df` lacks (a baseline without labels, say) is all NULL. No action.
    """
    from pyspark.sql import functions as F

    time = F.lit(0).cast("bigint")
    if not timeless and monitor.timestamp_col is not None:
        df = df.where(column(monitor.timestamp_col).isNotNull())
        time = F.unix_micros(timestamp(df, monitor))
    model = F.lit(None).cast("string")
    if monitor.model_id_col is not None and monitor.model_id_col in df.columns:
        model = utc_cast(column(monitor.model_id_col), _type(df, monitor.model_id_col), "string")
    with in_utc(df.sparkSession):
        sliced = df.withColumns({f"__slice{i}": F.expr(text) for i, text in enumerate(monitor.slicing_exprs)})
    slices = [
        utc_cast(column(f"__slice{i}"), _type(sliced, f"__slice{i}"), "string").alias(f"s{i}")
        for i in range(len(monitor.slicing_exprs))
    ]
    values = [_value(df, about).alias(f"c{i}") for i, about in enumerate(columns)]
    added = [value.alias(name) for name, value in (extra or {}).items()]
    return sliced.select(time.alias("time"), model.alias("model"), *slices, *values, *added)


def timestamp(df: DataFrame, monitor: Monitor) -> Column:
    """Return the time of a row as TIMESTAMP; a DATE is its midnight in UTC."""
    assert monitor.timestamp_col is not None
    return utc_cast(column(monitor.timestamp_col), _type(df, monitor.timestamp_col), "timestamp")


def within(df: DataFrame, monitor: Monitor, spans: Sequence[Span]) -> DataFrame:
    """Return the rows between the first and the last of the windows; Delta skips files by the time's own column."""
    from pyspark.sql import functions as F

    first, last = bounds(spans)
    assert monitor.timestamp_col is not None
    time, own = timestamp(df, monitor), column(monitor.timestamp_col)
    days = _type(df, monitor.timestamp_col) == "date"
    if first is not None:
        bound = F.expr(f"TIMESTAMP '{sql_time(time_of(first))}'")
        df = df.where(own >= F.lit(time_of(first).date()) if days else own >= bound).where(time >= bound)
    if last is not None:
        bound = F.expr(f"TIMESTAMP '{sql_time(time_of(last))}'")
        df = df.where(own <= F.lit(time_of(last).date()) if days else own < bound).where(time < bound)
    return df


def class_name(name: str, data_type: str) -> Column:
    """Return a prediction or label as text: the same for ``1``, ``1.0``, ``'1'`` and ``'1.0'``, and for true and ``'True'``."""
    from pyspark.sql import functions as F

    value = column(name)
    if data_type in ("float", "double") or data_type.startswith("decimal"):
        whole = value == F.floor(value)
        number = F.when(~F.isnan(value), value) if data_type in ("float", "double") else value
        return F.when(whole, number.cast("bigint").cast("string")).otherwise(number.cast("string"))
    return class_of_text(utc_cast(value, data_type, "string"))


def class_of_text(text: Column) -> Column:
    """Return the class that a text writes: numbers without a fraction of zeros, ``true`` and ``false`` in small letters."""
    from pyspark.sql import functions as F

    number = F.regexp_replace(text, r"^([+-]?[0-9]+)\.0+$", "$1")
    return F.when(F.lower(text).isin("true", "false"), F.lower(text)).otherwise(number)


def in_words_of(name: Column, other: Column) -> Column:
    """Return a class by the name that the other side has for it: ``1`` and ``0`` for true and false, and the other way round."""
    from pyspark.sql import functions as F

    to_words = {"1": "true", "0": "false"}
    of_words, of_numbers = other.isin("true", "false"), other.isin("1", "0")
    found = name
    for number, word in to_words.items():
        found = F.when(of_words & (name == number), word).when(of_numbers & (name == word), number).otherwise(found)
    return found


def _value(df: DataFrame, about: ProfiledColumn) -> Column:
    from pyspark.sql import functions as F

    types = {"number": "double", "time": "double", "string": "string", "binary": "double", "other": "boolean"}
    if about.name not in df.columns:
        return F.lit(None).cast(types[about.kind])
    value = column(about.name)
    if about.kind == "time":
        return F.unix_micros(utc_cast(value, _type(df, about.name), "timestamp")) / F.lit(1e6)
    if about.kind == "binary":
        return F.octet_length(value).cast("double")
    if about.kind == "other":
        return F.when(value.isNotNull(), F.lit(True))
    return value.cast(types[about.kind])


def _type(df: DataFrame, name: str) -> str:
    return str(df.schema[name].dataType.simpleString())


def _kind(data_type: DataType) -> str:
    name = data_type.simpleString()
    if name.split("(")[0] in _NUMBERS:
        return "number"
    if name in ("string", "boolean") or name.startswith(("varchar", "char")):
        return "string"
    return {"timestamp": "time", "date": "time", "binary": "binary"}.get(name, "other")
