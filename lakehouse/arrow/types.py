"""Types by their simple names, in Spark's and Arrow's form, without a Spark session: workers and plain processes have none."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql.types import DataType

__all__ = ["arrow_type", "spark_type"]

_NESTED = re.compile(r"(array|map|struct)<(.*)>", re.DOTALL)
_DECIMAL = re.compile(r"decimal\((\d+),(-?\d+)\)")


@cache
def spark_type(kind: str) -> DataType:
    """Return Spark's type of a simple name, as ``DataType.simpleString`` of Python writes it.

    Names that only Spark's parser knows (intervals, collations) go to that parser, which needs a session.

    Examples
    --------
    >>> spark_type("struct<a:int,b:array<decimal(5,2)>>").simpleString()
    'struct<a:int,b:array<decimal(5,2)>>'
    """
    from pyspark.sql import types as t

    integers = (t.ByteType(), t.ShortType(), t.IntegerType(), t.LongType())
    times = (t.DateType(), t.TimestampType(), t.TimestampNTZType())
    others = (t.BinaryType(), t.BooleanType(), t.DoubleType(), t.FloatType(), t.NullType(), t.StringType())
    scalars: dict[str, DataType] = {one.simpleString(): one for one in (*integers, *times, *others)}
    if kind in scalars:
        return scalars[kind]
    decimal, nested = _DECIMAL.fullmatch(kind), _NESTED.fullmatch(kind)
    if decimal:
        return t.DecimalType(int(decimal[1]), int(decimal[2]))
    if not nested:
        return t.DataType.fromDDL(kind)
    parts = _split(nested[2])
    if nested[1] == "array":
        return t.ArrayType(spark_type(nested[2]))
    if nested[1] == "map":
        return t.MapType(spark_type(parts[0]), spark_type(parts[1]))
    named = [part.split(":", 1) for part in parts]
    return t.StructType([t.StructField(name, spark_type(rest)) for name, rest in named])


@cache
def arrow_type(kind: str) -> pa.DataType:
    """Return the Arrow type of a simple name; of times, microseconds in UTC.

    Examples
    --------
    >>> arrow_type("bigint"), arrow_type("timestamp")
    (DataType(int64), TimestampType(timestamp[us, tz=UTC]))
    """
    from pyspark.sql.pandas.types import to_arrow_type

    return to_arrow_type(spark_type(kind), timezone="UTC")


def _split(text: str) -> list[str]:
    """Return the parts between the commas that are in no bracket."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "<(") - (sign in ">)")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [part for part in parts if part]
