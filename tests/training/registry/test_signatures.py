"""The outer signature has a type for every column, and example rows are JSON."""

from __future__ import annotations

import json
from decimal import Decimal

import numpy as np
import pandas as pd
from pyspark.sql import Row

from headwater.features import FeatureSpec, SpecColumn
from headwater.training.registry.signatures import json_rows, outer_signature

KINDS = ("tinyint", "decimal(10,2)", "array<int>", "struct<a:int>", "map<string,double>", "timestamp_ntz", "date")


def test_every_source_column_is_in_the_signature_with_a_type():
    spec = FeatureSpec(tuple(SpecColumn(kind, kind) for kind in KINDS), (), (), ())
    inputs = outer_signature(spec, None).inputs
    assert inputs.input_names() == list(KINDS)
    assert [str(one.type) for one in inputs.inputs] == [
        "DataType.integer",
        "Any",
        "Any",
        "Any",
        "Any",
        "DataType.datetime",
        "DataType.datetime",
    ]


def test_example_rows_are_json():
    rows = pd.DataFrame(
        {"d": [Decimal("1.5"), None], "n": [Row(a=Decimal(2), b=np.array([1])), {"m": None}], "i": [1, 2]}
    )
    plain = json_rows(rows)
    assert json.loads(json.dumps(plain[["d", "n"]].to_dict("list"))) == {
        "d": [1.5, None],
        "n": [{"a": 2.0, "b": [1]}, {"m": None}],
    }
    assert list(plain["i"]) == [1, 2]
