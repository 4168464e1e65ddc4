"""Values of requests against what Arrow makes of the same values in pandas."""

from __future__ import annotations

import base64
import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from headwater.features import FeatureSpec, SpecColumn, arrow_rows, json_reader

CASES = [
    ("tinyint", 5, 5),
    ("smallint", -300, -300),
    ("int", 3.0, 3),
    ("bigint", 2**63 - 1, 2**63 - 1),
    ("float", 0.1, 0.10000000149011612),
    ("double", 3, 3.0),
    ("boolean", True, True),
    ("string", "é\0", "é\0"),
    ("date", "2026-01-31", dt.date(2026, 1, 31)),
    ("timestamp", "2026-01-31T12:00:00.123456", dt.datetime(2026, 1, 31, 12, 0, 0, 123456, dt.UTC)),
    ("timestamp", "2026-01-31T12:00:00+02:00", dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)),
    ("timestamp_ntz", "2026-01-31T12:00:00", dt.datetime(2026, 1, 31, 12)),
    ("decimal(5,2)", 1.005, Decimal("1.01")),
    ("decimal(5,2)", "-0", Decimal("0.00")),
    ("decimal(38,10)", "1234567890123456789012345678.0123456789", Decimal("1234567890123456789012345678.0123456789")),
    ("array<int>", [1, None, 2], [1, None, 2]),
    ("map<string,int>", {"a": 1, "b": None}, [("a", 1), ("b", None)]),
    ("map<int,string>", {"7": "x"}, [(7, "x")]),
    ("struct<a:int,b:array<date>>", {"b": ["2026-01-31"]}, {"a": None, "b": [dt.date(2026, 1, 31)]}),
]


@pytest.mark.parametrize(("kind", "value", "wanted"), CASES, ids=str)
def test_a_value_is_read_as_its_type(kind, value, wanted):
    read = json_reader(kind)(value)
    assert read == wanted
    assert type(read) is type(wanted)
    assert json_reader(kind)(None) is None


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [case for case in CASES if case[0] not in ("timestamp_ntz", "map<int,string>")],
    ids=str,
)
def test_arrow_makes_the_same_of_it(kind, value, wanted):
    spec = FeatureSpec((SpecColumn("c", kind),), (), (), ())
    given = [dt.date.fromisoformat(value)] if kind == "date" else [value]
    if kind.startswith("struct"):
        given = [{"b": [dt.date(2026, 1, 31)]}]
    assert arrow_rows(spec, pd.DataFrame({"c": given}))["c"].to_pylist() == [wanted]


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("int", True, "found a boolean, not int"),
        ("int", "3", "found a text, not int"),
        ("int", 1.5, "found a number, not int"),
        ("int", 2**31, "beyond the range of int"),
        ("bigint", 10**400, "beyond the range of bigint"),
        ("double", "1", "found a text, not double"),
        ("double", 10**400, "beyond the range of double"),
        ("float", 1e300, "beyond the range of float"),
        ("boolean", 1, "found a whole number, not boolean"),
        ("string", 1, "found a whole number, not string"),
        ("date", "31.1.2026", "the text is no date"),
        ("timestamp", 1769860800, "found a whole number"),
        ("timestamp", "tomorrow", "the text is no time"),
        ("timestamp", "9999-12-31T23:59:59-12:00", "the text is no time"),
        ("binary", "no base64!", "no base64"),
        ("decimal(5,2)", 1000, "does not fit"),
        ("decimal(5,2)", "NaN", "does not fit"),
        ("decimal(5,2)", [1], "found an array"),
        ("array<int>", 3, "found a whole number, not array<int>"),
        ("array<int>", ["x"], "found a text"),
        ("struct<a:int>", {"b": 1}, "has no field 'b'"),
        ("struct<a:int>", [1, 2], "argument 2 is longer"),
    ],
)
def test_a_value_of_another_type_is_refused(kind, value, message):
    with pytest.raises(ValueError, match=message):
        json_reader(kind)(value)


def test_binary_values_are_base64():
    assert json_reader("binary")(base64.b64encode(b"\x00\xff").decode()) == b"\x00\xff"
