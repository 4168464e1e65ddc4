"""Declared features at the labels' times against a recomputation in plain Python for each label row."""

import datetime as dt
import random

import oracle
import pytest

import lakehouse
from features import (
    AggregationFunction,
    ApproxCountDistinct,
    ApproxPercentile,
    Avg,
    Count,
    DeltaTableSource,
    Feature,
    FeatureGroup,
    First,
    FirstDistinct,
    FirstN,
    Last,
    LastDistinct,
    LastN,
    Max,
    Min,
    RollingWindow,
    SawtoothWindow,
    SlidingWindow,
    StddevPop,
    StddevSamp,
    Sum,
    TumblingWindow,
    VarPop,
    VarSamp,
    create_declared_training_set,
    join_as_of,
    materialize,
)
from features.window_scan import WindowScan

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
NONE = dt.timedelta(0)
START = dt.datetime(1969, 12, 29)  # nine days about 1970: times before it are negative
SINCE = dt.datetime(1970, 1, 1, 3)
# Each window beside what the oracle is told of it: kind, duration, slide, delay, offset, since.
WINDOWS = {
    "rolling": (RollingWindow(window_duration=6 * HOUR), ("rolling", 6 * HOUR)),
    "rolling_delay": (RollingWindow(window_duration=DAY, delay=2 * HOUR), ("rolling", DAY, None, 2 * HOUR)),
    "rolling_since": (
        RollingWindow(window_duration=2 * DAY, start_time=SINCE),
        ("rolling", 2 * DAY, None, NONE, NONE, SINCE),
    ),
    "lifetime": (RollingWindow(window_duration=None), ("rolling", None)),
    "lifetime_since": (
        RollingWindow(window_duration=None, start_time=SINCE, delay=HOUR),
        ("rolling", None, None, HOUR, NONE, SINCE),
    ),
    "tumbling": (TumblingWindow(window_duration=6 * HOUR), ("tumbling", 6 * HOUR, 6 * HOUR)),
    "tumbling_offset": (
        TumblingWindow(window_duration=DAY, offset=5 * HOUR, delay=HOUR / 2),
        ("tumbling", DAY, DAY, HOUR / 2, 5 * HOUR),
    ),
    "sliding": (
        SlidingWindow(window_duration=7 * HOUR, slide_duration=2 * HOUR),
        ("sliding", 7 * HOUR, 2 * HOUR),
    ),
    "sliding_offset": (
        SlidingWindow(window_duration=DAY, slide_duration=3 * HOUR, offset=HOUR, delay=HOUR / 2),
        ("sliding", DAY, 3 * HOUR, HOUR / 2, HOUR),
    ),
    "sliding_lifetime": (
        SlidingWindow(window_duration=None, slide_duration=5 * HOUR),
        ("sliding", None, 5 * HOUR),
    ),
    "sawtooth": (SawtoothWindow(window_duration=2 * DAY + HOUR), ("sawtooth", 2 * DAY + HOUR)),
    "sawtooth_delay": (
        SawtoothWindow(window_duration=3 * DAY, delay=5 * HOUR),
        ("sawtooth", 3 * DAY, None, 5 * HOUR),
    ),
}
TOLD = dict(WINDOWS.values())
OPERATORS = {
    "n": [
        Count("n"),
        Sum("n"),
        Avg("n"),
        Min("n"),
        Max("n"),
        First("n"),
        Last("n"),
        FirstN("n", 3),
        LastN("n", 3),
        FirstDistinct("n", 2),
        LastDistinct("n", 2),
        StddevPop("n"),
        StddevSamp("n"),
        VarPop("n"),
        VarSamp("n"),
        ApproxCountDistinct("n"),
        ApproxPercentile(0.5, "n"),
        ApproxPercentile(0.9, "n"),
    ],
    "x": [Sum("x"), Avg("x"), Min("x"), StddevSamp("x"), Last("x"), ApproxPercentile(0.0, "x")],
    "s": [Count("s"), Max("s"), First("s"), LastN("s", 2), LastDistinct("s", 3), ApproxCountDistinct("s", 0.01)],
    "d": [Sum("d"), Avg("d"), Min("d"), VarPop("d")],
}


def _time(dice):
    # Times on the hour and at midnight are frequent, so that events and labels lie on the windows' edges and on each other.
    hours = dice.choice([dice.randint(0, 9 * 24), 24 * dice.randint(0, 9)])
    return START + hours * HOUR + dice.choice([0, 0, 0, 1, 1800 * 10**6]) * dt.timedelta(microseconds=1)


def _events(seed=11, count=260):
    dice = random.Random(seed)
    return [
        (
            dice.choice(["a", "b", "c", None]),
            dice.choice([1, 2, 2]),
            None if dice.random() < 0.03 else _time(dice),
            dice.choice([None, 1, 2, 3, 10]),
            dice.choice([None, -1.5, 0.25, 7.0]),
            dice.choice([None, "u", "v", "ww", ""]),
            dice.choice([None, 0, 25, -150, 1999]),
        )
        for _ in range(count)
    ]


def _labels(seed=5, count=220):
    dice = random.Random(seed)
    rows = [
        (dice.choice(["a", "a", "b", "c", "z", None]), dice.choice([1, 2, 2, None]), None if dice.random() < 0.03 else _time(dice))
        for _ in range(count)
    ]
    return [(i, *row) for i, row in enumerate([*rows, *rows[:20]])]  # the same labels again


def _features(schema, windows=WINDOWS):
    catalog, name = schema.split(".")
    source = DeltaTableSource(
        catalog_name=catalog,
        schema_name=name,
        table_name="events",
        transformation_sql="k, j, at, n, x, s, cast(d AS decimal(10,2)) AS d",
    )
    return {
        f"{operator.input}_{operator.name}_{shape}": Feature(
            source=source,
            function=AggregationFunction(operator, window),
            entity=["k", "j"],
            timeseries_column="at",
            name=f"{operator.input}_{operator.name}_{shape}",
        )
        for shape, (window, _) in windows.items()
        for operators in OPERATORS.values()
        for operator in operators
    }


@pytest.fixture
def events(spark, schema):
    rows = _events()
    df = spark.createDataFrame(rows, "k string, j int, at timestamp, n int, x double, s string, d int")
    lakehouse.create_table(spark, f"{schema}.events", df.schema)
    lakehouse.append(df, f"{schema}.events")
    return rows


def _expected(events, key, time, feature, told):
    if time is None:
        return None
    operator = feature.function.operator
    place = {"n": 3, "x": 4, "s": 5, "d": 6}[operator.input]
    start, end = oracle.edges(time, *told)
    timed = [
        (row[2], row[place])
        for row in events
        if None not in (*row[:3], row[place]) and row[:2] == key and start <= row[2] < end
    ]
    number = operator.extra_parameters().get("n", operator.extra_parameters().get("percentile"))
    return oracle.aggregate(operator.kind, number, timed)


def _same(found, expected):
    if isinstance(expected, float) or not isinstance(found, int | str | list | type(None)):
        return found is not None and float(found) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    return found == expected


def test_rule_35_every_function_over_every_window_is_that_of_the_events_before_the_label(spark, schema, events):
    labels, features = _labels(), _features(schema)
    spine = spark.createDataFrame(labels, "id long, k string, j int, at timestamp")
    training_set = create_declared_training_set(spine, list(features.values()), None)
    df = training_set.load_df()
    assert df.columns == ["id", "k", "j", "at", *features]
    rows = {row["id"]: row for row in df.collect()}
    assert len(rows) == len(labels) == df.count()
    filled = 0
    for number, k, j, time in labels:
        for name, feature in features.items():
            expected = _expected(events, (k, j), time, feature, TOLD[feature.time_window])
            assert _same(rows[number][name], expected), (name, k, j, time, rows[number][name], expected)
            filled += bool(expected)
    assert filled > 20_000
