"""The rules of declared features, by their numbers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from headwater.features import (
    AggregationFunction,
    Avg,
    ColumnSelection,
    Count,
    DeltaTableSource,
    Feature,
    RollingWindow,
    SawtoothWindow,
    SlidingWindow,
    Sum,
    TumblingWindow,
)
from tests.headwater.clients.rules.rule import AT, DAY, rule


def amounts_of(s, window, function=Sum):
    source = DeltaTableSource(
        **dict(zip(("catalog_name", "schema_name", "table_name"), f"{s}.sales".split("."), strict=True))
    )
    measure = AggregationFunction(function("amount"), window)
    return Feature(source=source, function=measure, entity="shop", timeseries_column="ts")


@rule(34, "a declared feature is kept in the catalog, computed, and asked for by training sets")
def test_rule_34(fe, s, spark):
    catalog, schema = s.split(".")
    made = amounts_of(s, RollingWindow(window_duration=2 * DAY))
    where = {"catalog_name": catalog, "schema_name": schema}
    kept = fe.create_feature(
        source=made.source, function=made.function, entity="shop", timeseries_column="ts", name="amount_2d", **where
    )
    assert fe.get_feature(full_name=f"{s}.amount_2d") == kept
    assert fe.list_features(**where) == [kept]
    assert fe.compute_features(features=[kept]).columns == ["shop", "ts", "amount_2d"]
    labels = spark.createDataFrame([(1, AT, 0), (9, AT, 1)], "shop long, ts timestamp, y int")
    rows = fe.create_training_set(df=labels, features=[kept], label="y", exclude_columns=["shop", "ts"]).load_df()
    assert sorted(rows.collect(), key=lambda row: row.y) == [(1.0, 0), (None, 1)]
    fe.delete_feature(full_name=f"{s}.amount_2d")
    assert fe.list_features(**where) == []


@rule(
    35,
    "windows end before the label's time, on their own multiples, in UTC; of an empty one counts are 0 and all else NULL",
)
def test_rule_35(fe, s, spark):
    # Shop 1 sold for 1.0 at noon of the 9th, 2.0 of the 10th and 3.0 of the 11th; shop 2 for 9.0 at noon of the 1st.
    windows = {
        "rolling": RollingWindow(window_duration=DAY),
        "delayed": RollingWindow(window_duration=DAY, delay=DAY),
        "tumbling": TumblingWindow(window_duration=DAY),
        "sliding": SlidingWindow(window_duration=DAY, slide_duration=DAY / 2),
        "sawtooth": SawtoothWindow(window_duration=8 * DAY + DAY / 4 * 3),
    }
    asked = [replace(amounts_of(s, window), name=name) for name, window in windows.items()]
    asked.append(replace(amounts_of(s, windows["rolling"], Count), name="counted"))
    asked.append(replace(asked[0], function=ColumnSelection("amount"), name="as_of"))
    moment = dt.timedelta(microseconds=1)
    times = [(1, AT), (1, AT + moment), (1, AT + DAY / 2), (2, AT), (9, AT)]
    labels = spark.createDataFrame([(i, *time) for i, time in enumerate(times)], "i int, shop long, ts timestamp")
    rows = fe.create_training_set(df=labels, features=asked, label="i", exclude_columns=["shop", "ts"]).load_df()
    assert [tuple(row)[:-1] for row in sorted(rows.collect(), key=lambda row: row.i)] == [
        (1.0, None, 1.0, 1.0, 1.0, 1, 2.0),  # noon: the event of that moment is not before it, but as of it
        (2.0, 1.0, 1.0, 1.0, 3.0, 1, 2.0),
        (2.0, 1.0, 2.0, 2.0, 3.0, 1, 2.0),  # midnight: the day of the 10th is complete
        (None, None, None, None, 9.0, 0, 9.0),  # 8 days and 18 hours before, and on to the midnight before that
        (None, None, None, None, None, 0, None),
    ]


@rule(36, "names are made of column, function, window and its lengths")
def test_rule_36(s):
    week = RollingWindow(window_duration=7 * DAY)
    month = TumblingWindow(window_duration=30 * DAY)
    daily = SlidingWindow(window_duration=7 * DAY, slide_duration=DAY)
    assert [amounts_of(s, window, function).name for window, function in ((week, Sum), (month, Avg), (daily, Sum))] == [
        "amount_sum_rolling_7d",
        "amount_avg_tumbling_30d",
        "amount_sum_sliding_7d_1d",
    ]
