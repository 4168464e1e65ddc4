"""Windowed features against a recomputation for each row, in one go and in steps."""

import datetime as dt
import random

import pytest

from headwater import lakehouse
from headwater.features import (
    AggregationFunction,
    Avg,
    ColumnSelection,
    Count,
    DeltaTableSource,
    Feature,
    FeatureGroup,
    Max,
    Min,
    RollingWindow,
    SlidingWindow,
    Sum,
    TumblingWindow,
    join_as_of,
    materialize,
    materialized,
)
from tests.oracles import point_in_time as oracle

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
START = dt.datetime(2024, 3, 1)
OPERATORS = {"sum": Sum("v"), "avg": Avg("v"), "count": Count("v"), "min": Min("v"), "max": Max("v")}
PLAIN = {
    "sum": lambda values: sum(values) if values else None,
    "avg": lambda values: sum(values) / len(values) if values else None,
    "count": len,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
}
SHAPES = {
    "rolling": (None, dt.timedelta(0), lambda d: RollingWindow(window_duration=d)),
    "rolling with delay": (None, 2 * HOUR, lambda d: RollingWindow(window_duration=d, delay=2 * HOUR)),
    "sliding": (HOUR, dt.timedelta(0), lambda d: SlidingWindow(window_duration=d, slide_duration=HOUR)),
    "sliding with delay": (
        2 * HOUR,
        HOUR / 2,
        lambda d: SlidingWindow(window_duration=d, slide_duration=2 * HOUR, delay=HOUR / 2),
    ),
}


def _events(seed=3, count=160):
    dice = random.Random(seed)
    # Times on the hour are frequent, so that events lie on the windows' edges.
    return [
        (
            dice.choice(["a", "b", "c", None]),
            None
            if dice.random() < 0.03
            else START + dice.randint(0, 96) * HOUR + dice.choice([0, 0, 1, 1799]) * HOUR / 3600,
            dice.choice([None, 1, 2, 3, 10]),
        )
        for _ in range(count)
    ]


def _source(schema, table):
    catalog, name = schema.split(".")
    return DeltaTableSource(catalog_name=catalog, schema_name=name, table_name=table)


@pytest.fixture
def events(spark, schema):
    rows = _events()
    df = spark.createDataFrame(rows, "k string, at timestamp, v int")
    lakehouse.create_table(spark, f"{schema}.events", df.schema)
    lakehouse.append(df, f"{schema}.events")
    return rows


def _group(schema, window, durations):
    features = tuple(
        Feature(
            source=_source(schema, "events"),
            function=AggregationFunction(operator, window(duration)),
            entity="k",
            timeseries_column="at",
            name=f"{name}_{i}",
        )
        for name, operator in OPERATORS.items()
        for i, duration in enumerate(durations)
    )
    return FeatureGroup(f"{schema}.features", features)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_row_at_or_before_a_time_is_the_windows_value_there(spark, schema, events, shape):
    slide, delay, window = SHAPES[shape]
    durations = [2 * HOUR, 24 * HOUR]
    group = _group(schema, window, durations)
    for day in range(5):  # in steps
        materialize(spark, group, START + day * DAY, START + (day + 1) * DAY)
    dice = random.Random(1)
    labels = [
        (i, dice.choice("abc"), START + dt.timedelta(seconds=dice.choice([0, 1, 1800]) + 3600 * dice.randint(0, 119)))
        for i in range(250)
    ]
    spine = spark.createDataFrame(labels, "id long, k string, t timestamp")
    table = lakehouse.read_table(spark, f"{schema}.features")
    names = {name: name for name in table.columns if name not in ("k", "ts")}
    joined = join_as_of(spine, table, keys=[("k", "k")], time=("t", "ts"), outputs=names)
    found = {row["id"]: row.asDict() for row in joined.collect()}
    for number, key, time in labels:
        mine = [(at, v) for k, at, v in events if k == key]
        for i, duration in enumerate(durations):
            values = oracle.window(mine, oracle.last_end(time, slide, delay), duration)
            for name, plain in PLAIN.items():
                expected, got = plain(values), found[number][f"{name}_{i}"]
                # Before a key's first event there is no row to find, so that a count is NULL in place of 0.
                if name == "count" and expected == 0:
                    expected = got if got is None else 0
                assert got == (pytest.approx(expected) if expected is not None else None), (shape, key, time, name)


def test_tumbling_windows_change_only_at_their_ends(spark, schema, events):
    group = _group(schema, lambda d: TumblingWindow(window_duration=d), [6 * HOUR])
    materialize(spark, group, START, START + 6 * DAY)
    for row in lakehouse.read_table(spark, f"{schema}.features").collect():
        values = oracle.window([(at, v) for k, at, v in events if k == row["k"]], row["ts"], 6 * HOUR)
        assert row["ts"].hour % 6 == 0
        assert (row["count_0"], row["sum_0"], row["max_0"]) == (
            len(values),
            sum(values) or None,
            max(values, default=None),
        )


def test_steps_give_the_same_table_as_one_go_and_a_repeated_step_changes_nothing(spark, schema, events):
    del events
    group = _group(schema, lambda d: SlidingWindow(window_duration=d, slide_duration=HOUR), [3 * HOUR, 24 * HOUR])
    materialize(spark, group, START, START + 5 * DAY)
    whole = sorted(lakehouse.read_table(spark, f"{schema}.features").collect())
    lakehouse.drop_table(spark, f"{schema}.features")
    for day in (0, 1, 1, 3, 4, 2, 1):  # out of order, and again
        materialize(spark, group, START + day * DAY, START + (day + 1) * DAY)
    assert sorted(lakehouse.read_table(spark, f"{schema}.features").collect()) == whole
    assert len(whole) > 100
    assert materialized(spark, f"{schema}.features") == [
        (START.replace(tzinfo=dt.UTC), (START + 5 * DAY).replace(tzinfo=dt.UTC))
    ]


def test_an_empty_day_writes_no_rows_and_is_remembered_as_done(spark, schema, events):
    del events
    group = _group(schema, lambda d: SlidingWindow(window_duration=d, slide_duration=HOUR), [3 * HOUR])
    done = materialize(spark, group, START + 300 * DAY, START + 301 * DAY)
    assert done.rows == 0
    assert len(materialized(spark, f"{schema}.features")) == 1


def test_column_selections_keep_one_row_per_entity_and_time(spark, schema, events):
    features = (
        Feature(source=_source(schema, "events"), function=ColumnSelection("v"), entity="k", timeseries_column="at"),
    )
    done = materialize(spark, FeatureGroup(f"{schema}.features", features), START, START + 9 * DAY)
    expected = {}
    for key, at, value in events:
        if key is not None and at is not None:
            expected[key, at] = max(expected.get((key, at)) or -1, value or -1)
    found = {(r["k"], r["ts"]): r["v"] or -1 for r in lakehouse.read_table(spark, f"{schema}.features").collect()}
    assert found == expected
    assert done.rows == len(expected)


def test_a_group_whose_windows_cannot_share_rows_says_so(schema):
    source = _source(schema, "events")
    features = tuple(
        Feature(source=source, function=AggregationFunction(Sum("v"), window), entity="k", timeseries_column="at")
        for window in (RollingWindow(window_duration=HOUR), TumblingWindow(window_duration=HOUR))
    )
    with pytest.raises(ValueError, match=r"share slide and delay, found v_sum_rolling_1h: slide 0:00:00.000001.*"):
        FeatureGroup("t", features)


def test_a_source_without_the_column_is_refused_with_its_columns(spark, schema, events):
    del events
    feature = Feature(
        source=_source(schema, "events"), function=ColumnSelection("w"), entity="k", timeseries_column="at"
    )
    with pytest.raises(ValueError, match=r"'w' is not in main\.\w+\.events \(needed by .*\).*Known: at, k, v"):
        materialize(spark, FeatureGroup(f"{schema}.features", (feature,)), START, START + DAY)


def test_filter_and_transformation_make_the_sources_rows(spark, schema, events):
    catalog, name = schema.split(".")
    source = DeltaTableSource(
        catalog_name=catalog,
        schema_name=name,
        table_name="events",
        filter_condition="v > 1",
        transformation_sql="*, concat(k, ',', k) AS kk, v * 2 AS w",
    )
    rows = source.load_df(spark).collect()
    assert len(rows) == sum(v is not None and v > 1 for _, _, v in events)
    assert all(row["w"] == 2 * row["v"] for row in rows)
    assert {row["kk"] for row in rows} <= {"a,a", "b,b", "c,c", None}
