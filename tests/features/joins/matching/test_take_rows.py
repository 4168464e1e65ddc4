"""Rows taken by position against Arrow's own ``take``."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from headwater.features.joins.matching.take_rows import Gather

_DAY = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
_TYPES = {
    "double": (pa.float64(), lambda i: float("nan") if i % 7 == 0 else i / 3),
    "float": (pa.float32(), float),
    "long": (pa.int64(), lambda i: -i),
    "byte": (pa.int8(), lambda i: i % 100),
    "boolean": (pa.bool_(), lambda i: i % 3 == 0),
    "date": (pa.date32(), lambda i: (_DAY + dt.timedelta(days=i)).date()),
    "timestamp": (pa.timestamp("us", "UTC"), lambda i: _DAY + dt.timedelta(microseconds=i)),
    "string": (pa.string(), lambda i: f"é{i}"),
    "decimal": (pa.decimal128(38, 2), Decimal),
    "list": (pa.list_(pa.int32()), lambda i: [i, None]),
    "null": (pa.null(), lambda _: None),
}


@pytest.mark.parametrize("kind", _TYPES)
def test_rows_of_any_type_are_those_that_arrow_takes(kind):
    arrow, value = _TYPES[kind]
    dice = np.random.default_rng(6)
    for _ in range(100):
        count, nulls = int(dice.integers(0, 60)), dice.choice([0, 0.3, 1])
        whole = pa.array([None if dice.random() < nulls else value(i) for i in range(count)], arrow)
        column = whole.slice(int(dice.integers(0, count + 1)))  # begins within a byte of validity
        if dice.random() < 0.5:
            cut = int(dice.integers(0, len(column) + 1))
            column = pa.chunked_array([column.slice(0, cut), column.slice(cut)], arrow)
        rows = dice.integers(0, len(column), int(dice.integers(0, 80))) if len(column) else np.full(5, -1)
        rows = np.where(dice.random(len(rows)) < dice.choice([0, 0.2, 1]), -1, rows)
        taken = Gather(rows).of(column)
        taken.validate(full=True)
        expected = column.take(pa.array(rows, pa.int64(), mask=rows < 0))
        expected = expected.combine_chunks() if isinstance(expected, pa.ChunkedArray) else expected
        assert taken.type == arrow
        assert taken.null_count == expected.null_count
        assert repr(taken.to_pylist()) == repr(expected.to_pylist())
