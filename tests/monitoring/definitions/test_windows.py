"""Windows: alignment, and the same index in Python and in Spark."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from headwater.monitoring.definitions.windows import (
    GRANULARITIES,
    Span,
    index_column,
    micros_of,
    time_of,
    window_index,
    window_start,
)

MOMENTS = [dt.datetime(1969, 12, 31, 23, 59, 59, 999_999), dt.datetime(1970, 1, 1), dt.datetime(2013, 1, 7)]
MOMENTS += [
    dt.datetime(2012, 2, 29, 12, 31),
    dt.datetime(2013, 12, 31, 23, 59, 59, 999_999),
    dt.datetime(1965, 3, 4, 5),
]


def test_spark_and_python_put_moments_in_the_same_windows(spark):
    from pyspark.sql import functions as F

    frame = spark.createDataFrame([(m,) for m in MOMENTS], "t timestamp")
    found = frame.select("t", *[index_column(F.col("t"), g).alias(g) for g in GRANULARITIES]).collect()
    for row in found:
        for granularity in GRANULARITIES:
            index = int(window_index(np.array([micros_of(row["t"])]), granularity)[0])
            assert row[granularity] == index, (row["t"], granularity)
            start, end = window_start(index, granularity), window_start(index + 1, granularity)
            assert start <= micros_of(row["t"]) < end


@pytest.mark.parametrize(
    ("granularity", "start", "end"),
    [
        ("1 hour", dt.datetime(2013, 5, 15, 10), dt.datetime(2013, 5, 15, 11)),
        ("1 week", dt.datetime(2013, 5, 13), dt.datetime(2013, 5, 20)),
        ("1 month", dt.datetime(2013, 5, 1), dt.datetime(2013, 6, 1)),
        ("1 year", dt.datetime(2013, 1, 1), dt.datetime(2014, 1, 1)),
    ],
)
def test_a_touched_window_is_whole(granularity, start, end):
    span = Span.touched(granularity, dt.datetime(2013, 5, 15, 10, 20), dt.datetime(2013, 5, 15, 10, 21))
    assert (time_of(span.start), time_of(span.end)) == (start, end)


def test_an_end_on_a_boundary_does_not_touch_the_next_window():
    span = Span.touched("1 day", dt.datetime(2013, 5, 1), dt.datetime(2013, 5, 2))
    assert span.stop - span.first == 1


def test_an_aware_time_is_taken_in_utc():
    eastern = dt.timezone(dt.timedelta(hours=-5))
    assert micros_of(dt.datetime(2013, 1, 1, tzinfo=eastern)) == micros_of(dt.datetime(2013, 1, 1, 5))
