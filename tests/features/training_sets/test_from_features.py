"""Declared features at the labels' times against a recomputation in plain Python for each label row."""

import datetime as dt
import itertools
import random

import pyarrow as pa
import pytest

from headwater import lakehouse
from headwater.features import (
    AggregationFunction,
    ApproxCountDistinct,
    ApproxPercentile,
    Avg,
    Count,
    DeltaTableSource,
    Feature,
    FeatureGroup,
    FeatureSpec,
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
    evaluate,
    join_as_of,
    materialize,
)
from headwater.features.windows import scan as window_scan
from headwater.features.windows.scan import Windowed, WindowEdges, WindowScan
from tests.oracles import point_in_time as oracle

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
        (
            dice.choice(["a", "a", "b", "c", "z", None]),
            dice.choice([1, 2, 2, None]),
            None if dice.random() < 0.03 else _time(dice),
        )
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


def _scanned(rows, batch):
    """Run the scan over sorted (key, at, label, value) rows in batches; give (label, count, last_n, stddev) of each label."""
    kinds = [pa.string(), pa.int64(), pa.struct([("id", pa.int64())]), pa.int64()]
    table = pa.table(
        [pa.array(c, t) for c, t in zip(zip(*rows, strict=True), kinds, strict=True)],
        names=["k", "__at", "__label", "v"],
    )
    edges = WindowEdges(slide=1, delay=0, offset=0, duration=20, since=None, daily=False)
    functions = {Count("v"): pa.int64(), LastN("v", 2): pa.list_(pa.int64()), StddevPop("v"): pa.float64()}
    wanted = tuple(Windowed(function.name, function, "v", edges) for function in functions)
    scan = WindowScan(("k",), wanted, 21, pa.schema([(one.name, kind) for one, kind in functions.items()]))
    found = pa.Table.from_batches(list(scan(iter(table.to_batches(max_chunksize=batch)))))
    return [(row.pop("__label")["id"], *row.values()) for row in found.to_pylist()]


@pytest.mark.parametrize("chunk", [1, 7, 50, 10_000])
def test_a_task_in_pieces_of_any_size_gives_the_same_values(monkeypatch, chunk):
    dice = random.Random(2)
    rows = [
        (
            dice.choice("ab"),
            dice.randint(-60, 60),
            {"id": i} if i % 3 == 0 else None,
            dice.choice([None, 1, 2]) if i % 3 else None,
        )
        for i in range(400)
    ]
    rows.sort(key=lambda row: row[:2])
    whole = _scanned(rows, 10_000)
    monkeypatch.setattr(window_scan, "_CHUNK_ROWS", chunk)
    assert [repr(row) for row in _scanned(rows, max(1, chunk // 2))] == [repr(row) for row in whole]
    for number, count, *_ in whole:
        key, at = next(row[:2] for row in rows if row[2] == {"id": number})
        assert count == sum(k == key and v is not None and at - 20 <= t < at for k, t, _, v in rows)


def test_a_feature_table_of_any_window_holds_what_a_training_set_computes(spark, schema, events):
    del events
    labels = [row for row in _labels() if None not in row]
    spine = spark.createDataFrame(labels, "id long, k string, j int, at timestamp")
    shapes = ("lifetime_since", "tumbling_offset", "sawtooth_delay")
    functions = ("n_count", "n_last_distinct_2", "n_approx_percentile_0_9", "x_stddev_samp", "s_last_n_2", "d_sum")
    every = {
        name: feature
        for name, feature in _features(schema, {shape: WINDOWS[shape] for shape in shapes}).items()
        if name.startswith(functions)
    }
    spec = create_declared_training_set(spine, list(every.values()), None).feature_spec
    assert FeatureSpec.from_yaml(spec.to_yaml()) == spec
    expected = {row["id"]: row for row in evaluate(spec, spine, versions="newest").collect()}
    for shape in shapes:
        features = tuple(feature for name, feature in every.items() if name.endswith(shape))
        group = FeatureGroup(f"{schema}.{shape}", features)
        steps = (
            [START, START + 5 * DAY + HOUR, START + 20 * DAY]
            if shape == "sawtooth_delay"
            else [START, START + 20 * DAY]
        )
        for start, end in itertools.pairwise(steps):
            materialize(spark, group, start, end)
        table = lakehouse.read_table(spark, f"{schema}.{shape}")
        names = {feature.name: feature.name for feature in features}
        joined = join_as_of(spine, table, keys=[("k", "k"), ("j", "j")], time=("at", "ts"), outputs=names)
        rows = joined.collect()
        assert len(rows) == len(labels)
        for row in rows:
            for name in names:
                found = row[name]
                if "count" in name and found is None:  # before a key's first event there is no row to find
                    found = 0
                assert found == expected[row["id"]][name] or _same(found, expected[row["id"]][name]), (name, row)
