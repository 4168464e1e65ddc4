"""Rows of pandas as Arrow with the types of a feature spec, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headwater.features.evaluation.json_values import rounded_decimal
from headwater.features.specs.spec import FeatureSpec
from headwater.lakehouse import InvalidInputError, arrow_type

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["arrow_rows", "pandas_rows"]


def arrow_rows(spec: FeatureSpec, rows: pd.DataFrame) -> pa.Table:
    """Return the spec's source and computed columns that the rows have, cast to the spec's types.

    Times without a zone are UTC. Decimals are rounded half up as Spark's cast does; they may come as numbers or text.
    Structs may come as dicts, Spark rows or sequences, maps as dicts or pairs, arrays as lists or NumPy arrays.

    Raises
    ------
    InvalidInputError
        A value does not fit its type; names the column and the type.
    """
    import pyarrow as pa

    columns = [column for column in (*spec.source, *spec.computed) if column.name in rows.columns]
    return pa.table({column.name: _column(rows[column.name], column.type) for column in columns})


def pandas_rows(table: pa.Table) -> pd.DataFrame:
    """Return the rows as pandas has them: times naive UTC, integers with NULLs as floats, maps and structs as dicts."""
    import pyarrow as pa

    for at, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            times = table[field.name].cast(pa.timestamp("us")).cast(pa.timestamp("ns"))
            table = table.set_column(at, field.name, times)
    frame: pd.DataFrame = table.to_pandas(maps_as_pydicts="strict")
    return frame


def _column(values: pd.Series, kind: str) -> pa.Array:
    import pandas as pd
    import pyarrow as pa

    wanted = arrow_type(kind)
    try:
        if pa.types.is_nested(wanted) or pa.types.is_decimal(wanted):
            return pa.array([_value(value, wanted) for value in values], type=wanted)
        if pa.types.is_timestamp(wanted):
            values = pd.to_datetime(values, utc=True)
        return pa.Array.from_pandas(values).cast(wanted, safe=not pa.types.is_timestamp(wanted))
    except (pa.ArrowException, ArithmeticError, TypeError, ValueError) as error:
        raise InvalidInputError(
            f"The column {values.name!r} of the rows has a value that is not of the type {kind}: {error}."
        ) from error


def _value(value: Any, wanted: pa.DataType) -> Any:
    """Return a value of Python that Arrow takes for the type."""
    import pyarrow as pa

    if _missing(value) and not pa.types.is_floating(wanted):
        return None
    if pa.types.is_list(wanted):
        return [_value(one, wanted.value_type) for one in value]
    if pa.types.is_map(wanted):
        pairs = value.items() if isinstance(value, Mapping) else value
        return [(_value(key, wanted.key_type), _value(one, wanted.item_type)) for key, one in pairs]
    return _struct(value, wanted) if pa.types.is_struct(wanted) else _scalar(value, wanted)


def _struct(value: Any, wanted: pa.DataType) -> dict[str, Any]:
    names = [field.name for field in wanted]
    fields = value.asDict() if hasattr(value, "asDict") else value
    if not isinstance(fields, Mapping):
        fields = dict(zip(names, fields, strict=True))
    strange = [name for name in fields if name not in names]
    if strange:
        raise ValueError(f"it has no field {strange[0]!r}")
    return {field.name: _value(fields.get(field.name), field.type) for field in wanted}


def _scalar(value: Any, wanted: pa.DataType) -> Any:
    import pandas as pd
    import pyarrow as pa

    if pa.types.is_decimal(wanted):
        return rounded_decimal(value, wanted.scale)
    if pa.types.is_timestamp(wanted):
        return pd.Timestamp(value)
    return value.item() if hasattr(value, "item") else value


def _missing(value: Any) -> bool:
    import pandas as pd

    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)  # noqa: PLR0124
