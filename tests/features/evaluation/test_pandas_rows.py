"""Rows of pandas with the types of a spec: what Spark's own casts give, and what they refuse."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from headwater.features import FeatureSpec, SpecColumn, arrow_rows, pandas_rows


def of(kind: str, values: list) -> list:
    spec = FeatureSpec((SpecColumn("x", kind),), (), (), ())
    return arrow_rows(spec, pd.DataFrame({"x": pd.Series(values, dtype=object)})).column("x").to_pylist()


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("tinyint", [1, -128, None], [1, -128, None]),
        (
            "decimal(5,2)",
            [Decimal("1.005"), 2.5, "3.125", None],
            [Decimal("1.01"), Decimal("2.50"), Decimal("3.13"), None],
        ),
        ("array<int>", [[1, None], np.array([2, 3]), None], [[1, None], [2, 3], None]),
        ("array<array<double>>", [[[1, 2.5], None], []], [[[1.0, 2.5], None], []]),
        ("map<string,decimal(4,1)>", [{"a": 1.25}, [("b", None)]], [[("a", Decimal("1.3"))], [("b", None)]]),
        ("struct<a:int,b:string>", [{"b": "x"}, (1, "y"), None], [{"a": None, "b": "x"}, {"a": 1, "b": "y"}, None]),
        ("array<timestamp>", [["2024-03-01"]], [[dt.datetime(2024, 3, 1, tzinfo=dt.UTC)]]),
    ],
)
def test_values_are_kept_as_sparks_casts_keep_them(kind, given, kept):
    assert of(kind, given) == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [("tinyint", [128]), ("decimal(3,2)", [1000]), ("array<int>", [7]), ("struct<a:int>", [{"b": 1}])],
)
def test_a_value_that_does_not_fit_is_refused_with_column_and_type(kind, given):
    with pytest.raises(ValueError, match=r"The column 'x' of the rows has a value that is not of the type "):
        of(kind, given)


def test_maps_and_structs_come_back_as_dicts_and_times_without_a_zone():
    spec = FeatureSpec(
        (SpecColumn("m", "map<string,int>"), SpecColumn("s", "struct<a:int>"), SpecColumn("t", "timestamp")), (), (), ()
    )
    given = pd.DataFrame({"m": [{"k": 1}], "s": [{"a": 2}], "t": [pd.Timestamp("2024-03-01T02:00+02:00")]})
    rows = pandas_rows(arrow_rows(spec, given))
    assert rows.iloc[0].to_dict() == {"m": {"k": 1}, "s": {"a": 2}, "t": pd.Timestamp("2024-03-01")}
