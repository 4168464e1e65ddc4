"""FLOAT values in rows of Spark's types; NumPy's float32 is the oracle."""

import math

import numpy as np
from pyspark.sql import Row
from pyspark.sql.types import ArrayType, DoubleType, FloatType, MapType, StringType, StructField, StructType

from headwater.notebook.kernel.display import display_bundle
from headwater.notebook.kernel.short_floats import shorten_floats


def _schema(*kinds):
    return StructType([StructField(f"c{at}", kind) for at, kind in enumerate(kinds)])


def test_floats_are_written_as_float32_writes_them_and_doubles_stay():
    values = [-5.71, 0.1, 1e-38, 3.4e38, 16777216.0, math.inf]
    rows = [(float(np.float32(value)), value) for value in values]
    shortened = shorten_floats(rows, _schema(FloatType(), DoubleType()))
    assert [row[0] for row in shortened] == [float(str(np.float32(value))) for value in values]
    assert [row[1] for row in shortened] == values


def test_floats_in_arrays_maps_and_structs_are_shortened_and_nulls_stay():
    inner = StructType([StructField("x", FloatType()), StructField("y", StringType())])
    float_ = float(np.float32(-5.71))
    row = ([float_, None], {"k": float_}, Row(x=float_, y="z"), None)
    schema = _schema(ArrayType(FloatType()), MapType(StringType(), FloatType()), inner, FloatType())
    assert shorten_floats([row], schema) == [([-5.71, None], {"k": -5.71}, Row(x=-5.71, y="z"), None)]


def test_float32_columns_of_pandas_are_displayed_as_such():
    import pandas as pd

    frame = pd.DataFrame({"f": np.array([-5.71], dtype="float32"), "d": [-5.71], "n": [None]})
    assert display_bundle(frame)["text/plain"].split("\n")[2].split(" | ") == ["-5.71", "-5.71", "null"]
