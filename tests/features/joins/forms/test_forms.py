"""Every physical form of the point-in-time join against the brute force in plain Python, on the same generated cases.

A new form is one more name in FORMS, and is held to all of this.
"""

import datetime as dt
import subprocess
import sys
import time
from decimal import Decimal

import pytest
from pyspark.cloudpickle import dumps
from pyspark.sql import functions as F
from pyspark.sql.types import StringType

from headwater.features import FeatureLookup, create_feature_table, create_training_set
from headwater.features.joins.forms import buckets as arrow_join
from headwater.features.joins.forms.buckets import AsOfLookup, join_buckets_of_keys, join_small_tables
from headwater.features.joins.forms.union_window_many import AsOfTable, join_tables
from headwater.features.joins.matching.arrow_types import is_key
from headwater.features.joins.planner import FORMS, has_asof_join, plan_join
from tests.oracles import point_in_time as oracle

HOUR = dt.timedelta(hours=1)
KEYS = [("case", "case"), ("k", "key")]


def _one_table(spine, features, *, keys, time, outputs, lookback=None):
    table = AsOfTable(features, tuple(right for _, right in keys), time[1], outputs, lookback)
    return join_tables(spine, [table], keys=[left for left, _ in keys], time=time[0])


ALL = {**FORMS, "one sort for all tables": _one_table}


def _frames(spark, labels, features, kind="timestamp"):
    return (
        spark.createDataFrame(labels, f"id long, case long, k string, at {kind}"),
        spark.createDataFrame(features, f"case long, key string, ts {kind}, x int, y double"),
    )


@pytest.mark.parametrize("form", ALL)
def test_form_equals_brute_force_with_ties_nulls_future_rows_duplicates_and_empty_sides(spark, form):
    labels, features = oracle.cases(43, 300)
    left, right = _frames(spark, labels, features)
    found = None
    lookbacks = [None, dt.timedelta(0), 3 * HOUR]
    for i, lookback in enumerate(lookbacks):  # one job for all three
        joined = ALL[form](left, right, keys=KEYS, time=("at", "ts"), outputs={"x": "x", "y": "why"}, lookback=lookback)
        assert joined.columns == ["id", "case", "k", "at", "x", "why"]
        one = joined.select(F.lit(i).alias("i"), "id", "x", "why")
        found = one if found is None else found.unionAll(one)
    got = found.collect()
    for i, lookback in enumerate(lookbacks):
        assert sorted(tuple(r)[1:] for r in got if r["i"] == i) == sorted(oracle.as_of(labels, features, lookback)), (
            lookback
        )


@pytest.mark.parametrize("form", ALL)
def test_form_joins_dates_like_times(spark, form):
    labels, features = oracle.cases(47, 150, dates=True)
    left, right = _frames(spark, labels, features, "date")
    lookback = dt.timedelta(days=2)
    joined = ALL[form](left, right, keys=KEYS, time=("at", "ts"), outputs={"x": "x", "y": "y"}, lookback=lookback)
    found = sorted((row["id"], row["x"], row["y"]) for row in joined.collect())
    assert found == sorted(oracle.as_of(labels, features, lookback))


@pytest.mark.parametrize("form", ALL)
def test_form_keeps_composite_keys_apart_nan_decimals_maps_and_one_long_history(spark, form):
    at = dt.datetime(2024, 1, 1)
    labels = [("1", "12", at, 1), ("11", "2", at, 2), ("1", "12", at - HOUR, 3), (None, "2", at, 4)]
    labels += [("hot", "h", at + i * 7 * HOUR, 10 + i) for i in range(60)]
    features = [("1", "12", at, float("nan"), Decimal("1.10"), {"a": 1}), ("11", "2", at, None, Decimal("-0.01"), None)]
    features += [("hot", "h", at + 3 * i * HOUR, float(i), Decimal(i), {"i": i}) for i in range(200)]
    left = spark.createDataFrame(labels, "a string, b string, at timestamp, id int")
    right = spark.createDataFrame(
        features, "a string, b string, ts timestamp, d double, n decimal(20,2), m map<string,int>"
    )
    outputs = {"d": "d", "n": "n", "m": "m"}
    joined = ALL[form](left, right, keys=[("a", "a"), ("b", "b")], time=("at", "ts"), outputs=outputs)
    found = {row["id"]: (repr(row["d"]), row["n"], row["m"]) for row in joined.collect()}
    expected = {1: ("nan", Decimal("1.10"), {"a": 1}), 2: ("None", Decimal("-0.01"), None)}
    expected |= dict.fromkeys((3, 4), ("None", None, None))
    expected |= {10 + i: (repr(float(7 * i // 3)), Decimal(7 * i // 3), {"i": 7 * i // 3}) for i in range(60)}
    assert found == expected


def test_many_tables_are_looked_up_in_one_sort_each_as_if_alone(spark):
    labels, features = oracle.cases(53, 200)
    _, others = oracle.cases(59, 200)
    left, right = _frames(spark, labels, features)
    swapped = spark.createDataFrame(
        [(c, k, t, y, x) for c, k, t, x, y in others], "c long, k string, t timestamp, y double, x int"
    )
    tables = [
        AsOfTable(right, ("case", "key"), "ts", {"x": "x1", "y": "y1"}),
        AsOfTable(swapped, ("c", "k"), "t", {"y": "y2", "x": "x2"}, 3 * HOUR),
    ]
    joined = join_tables(left, tables, keys=["case", "k"], time="at")
    assert joined.columns == ["id", "case", "k", "at", "x1", "y1", "y2", "x2"]
    got = joined.collect()
    assert sorted((r["id"], r["x1"], r["y1"]) for r in got) == sorted(oracle.as_of(labels, features, None))
    expected = oracle.as_of(labels, [(c, k, t, y, x) for c, k, t, x, y in others], 3 * HOUR)
    assert sorted((r["id"], r["y2"], r["x2"]) for r in got) == sorted(expected)


def test_fifty_tables_with_a_thousand_features_are_planned_with_one_sort(spark):
    rows = spark.range(0, 9).selectExpr(
        "id AS k", "timestamp_seconds(id) AS t", *[f"id + {i} AS v{i}" for i in range(20)]
    )
    tables = [AsOfTable(rows, ("k",), "t", {f"v{i}": f"v{i}_{n}" for i in range(20)}) for n in range(50)]
    spine = spark.range(0, 9).selectExpr("id", "timestamp_seconds(id) AS at")
    began = time.perf_counter()
    joined = join_tables(spine, tables, keys=["id"], time="at")
    plan = joined._jdf.queryExecution().executedPlan().toString()
    assert plan.count("Sort [") == 1
    assert plan.count("Exchange hashpartitioning") == 1
    assert len(joined.columns) == 1002
    assert time.perf_counter() - began < 60  # some 5 s when the machine has nothing else to do


@pytest.mark.parametrize("join", [join_buckets_of_keys, join_small_tables])
def test_many_tables_are_looked_up_in_one_pass_each_as_if_alone(spark, join):
    labels, features = oracle.cases(61, 200)
    _, others = oracle.cases(67, 200)
    left, right = _frames(spark, labels, features)
    swapped = spark.createDataFrame(
        [(k, c, t, y, x) for c, k, t, x, y in others], "k string, c long, t timestamp, y double, x int"
    )
    keys = (("case", "c"), ("k", "k"))
    lookups = [
        AsOfLookup(right, tuple(KEYS), ("at", "ts"), {"x": "x1", "y": "y1"}),
        AsOfLookup(swapped, keys, ("at", "t"), {"y": "y2", "x": "x2"}, 3 * HOUR),
        AsOfLookup(swapped.limit(0), keys, ("at", "t"), {"x": "none"}),
    ]
    joined = join(left, lookups, 5)
    assert joined.columns == ["id", "case", "k", "at", "x1", "y1", "y2", "x2", "none"]
    got = joined.collect()
    assert sorted((r["id"], r["x1"], r["y1"]) for r in got) == sorted(oracle.as_of(labels, features, None))
    expected = oracle.as_of(labels, [(c, k, t, y, x) for c, k, t, x, y in others], 3 * HOUR)
    assert sorted((r["id"], r["y2"], r["x2"]) for r in got) == sorted(expected)
    assert {r["none"] for r in got} == {None}


def test_small_tables_of_other_keys_and_kinds_of_time_are_looked_up_together(spark):
    at, day = dt.datetime(2024, 1, 5), dt.date(2024, 1, 5)
    spine = spark.createDataFrame([(1, "a", at, day), (2, "b", at, None)], "n int, s string, at timestamp, day date")
    numbers = spark.createDataFrame([(2, at, 1.5), (1, at + HOUR, 2.5)], "n int, ts timestamp, v double")
    days = spark.createDataFrame([("a", day - dt.timedelta(days=1), [1, None])], "s string, day date, l array<int>")
    lookups = [
        AsOfLookup(numbers, (("n", "n"),), ("at", "ts"), {"v": "v"}),
        AsOfLookup(days, (("s", "s"),), ("day", "day"), {"l": "l"}, dt.timedelta(days=1)),
    ]
    found = sorted((tuple(row)[4:] for row in join_small_tables(spine, lookups, 3).collect()), key=repr)
    assert found == [(1.5, None), (None, [1, None])]


def test_of_tied_rows_the_greatest_counts_in_arrow_as_in_spark(spark):
    at = dt.datetime(2024, 1, 1)
    columns = "k int, ts timestamp, l array<double>, st struct<a:int,b:string>, d date, t timestamp, m map<string,int>"
    nan = float("nan")
    rows = [
        (1, at, [1.0], (1, "b"), at.date(), at, {"a": 1}),
        (1, at, [1.0, None], (1, "a"), at.date(), at, {"a": 2}),
        (1, at, [nan], None, None, None, None),
        (2, at, [1.0], None, dt.date(9999, 12, 31), None, None),
        (2, at, [1.0], (None, "z"), None, None, None),
        (3, at, None, (1, "é"), at.date(), dt.datetime(9999, 12, 31), None),
        (3, at, None, (1, "é"), at.date(), dt.datetime(1, 1, 2), None),
    ]
    spine = spark.createDataFrame([(k, at) for k in (1, 2, 3)], "k int, at timestamp")
    features = spark.createDataFrame(rows, columns)
    outputs = {name: name.upper() for name in ("l", "st", "d", "t", "m")}
    found = None
    for form in ALL.values():
        joined = form(spine, features, keys=[("k", "k")], time=("at", "ts"), outputs=outputs)
        assert [(f.name, f.dataType) for f in joined.schema][2:] == [
            (n.upper(), features.schema[n].dataType) for n in outputs
        ]
        rows = sorted(map(repr, joined.collect()))
        assert found is None or rows == found
        found = rows


def test_label_rows_that_arrow_cannot_hold_take_a_form_without_it(spark, schema, monkeypatch):
    monkeypatch.setenv("HEADWATER_LOOKUPS", "spark")
    for name in ("one", "two"):
        rows = spark.sql(f"SELECT 1 AS k, timestamp '2024-01-01' AS ts, 5 AS {name}")
        create_feature_table(spark, f"{schema}.{name}", ["k", "ts"], rows, "ts")
    lookups = [FeatureLookup(f"{schema}.{name}", "k", timestamp_lookup_key="at") for name in ("one", "two")]
    spine = spark.sql("SELECT 1 AS k, timestamp '2024-01-02' AS at, make_interval(1) AS strange")
    for chosen, form in ((lookups, "union and window, all tables in one sort"), (lookups[:1], "union and window")):
        training_set = create_training_set(spine, chosen, None)
        assert f"{form} (the column 'strange' of the label rows is interval)" in training_set.explain()
        assert training_set.load_df().select("one").collect() == [(5,)]
    plain = create_training_set(spine.drop("strange"), lookups, None)
    assert "buckets of" in plain.explain()
    assert [tuple(row)[2:] for row in plain.load_df().collect()] == [(5, 5)]


def test_each_bucket_is_a_task_of_its_own(spark):
    rows = spark.range(0, 6000).selectExpr("id AS k", "timestamp_seconds(id) AS at", "timestamp_seconds(id) AS ts")
    lookup = AsOfLookup(rows, (("k", "k"),), ("at", "ts"), {"ts": "x"})
    for join in (join_buckets_of_keys, join_small_tables):
        tasks = join(rows, [lookup], 5).groupBy(F.spark_partition_id()).count().collect()
        assert len(tasks) == 5
        assert min(row["count"] for row in tasks) > 1000


def test_workers_need_no_headwater(spark, tmp_path):
    at = dt.datetime(2024, 1, 1)
    spine = spark.createDataFrame([("a", at), ("b", at)], "k string, at timestamp")
    rows = [("a", at, 1.0), ("a", at, float("nan")), ("b", at + HOUR, 2.0)]
    features = spark.createDataFrame(rows, "k string, ts timestamp, v double")
    lookup = AsOfLookup(features, (("k", "k"),), ("at", "ts"), {"v": "v"}, HOUR)
    join_buckets_of_keys(spine, [lookup], 2)  # makes them so
    own = {"k": "k", "at": "at"}
    match = arrow_join._Match(tuple(own.items()), (arrow_join._matched(lookup, own, ["k", "ts", "v"]),))
    (tmp_path / "sent").write_bytes(dumps((match, spine.toArrow(), features.toArrow())))
    program = (
        "import sys; sys.modules['features'] = sys.modules['lakehouse'] = None\n"
        "import pickle; match, labels, rows = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(match.matched(labels, rows)['v'].to_pylist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "sent"], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("[nan, None]", 0), done.stderr


def test_the_planner_says_which_form_and_why(spark):
    assert plan_join(2**20, [2**30]).reason == "1,024 MiB of features for 1.0 MiB of labels"
    assert plan_join(2**26, [2**29], 200).form == "narrow match, wide fetch"
    assert plan_join(2**30, [2**24, None]).form == "union and window"
    assert plan_join(2**30, [2**35], tasks=2).buckets == 33 * 2**30 // (48 << 20)
    sizes = [plan_join(0, [size << 20], tasks=2, repeatable=False).buckets for size in (4, 40, 90, 100, 150, 400)]
    assert sizes == [1, 2, 2, 4, 6, 10]
    assert plan_join(2**20, [3 << 30], tasks=2).buckets == 18
    assert [plan_join(2**20, [size << 30], 300, tasks=2).buckets for size in (1, 100)] == [2, 22]
    assert plan_join(None, [2**20], tasks=2).buckets == 24
    assert plan_join(5000, [9000], tasks=64).buckets == 1
    assert plan_join(2**26, [2**24], tasks=2).form == "small tables to all buckets"
    assert plan_join(2**26, [2**24], tasks=64).form == "buckets of keys"
    assert plan_join(2**20, [2**30], tasks=2, repeatable=False).form == "buckets of keys"
    assert plan_join(2**26, [2**29], 200, tasks=2, repeatable=False).form == "buckets of keys"
    assert not has_asof_join(spark)


def test_a_table_that_is_looked_up_by_two_label_keys_is_read_and_shuffled_once(spark):
    features = spark.range(60).selectExpr("id % 7 AS k", "timestamp_seconds(id) AS ts", "id AS x")
    joined = spark.range(40).selectExpr("id", "id % 7 AS a", "id % 5 AS b", "timestamp_seconds(id) AS at")
    for key in "ab":
        lookup = AsOfLookup(features, ((key, "k"),), ("at", "ts"), {"x": f"x_{key}"})
        joined = join_buckets_of_keys(joined, [lookup], 2)
    rows = joined.toArrow().to_pylist()
    for row in rows:
        assert row["x_a"] == row["id"]
        assert row["x_b"] == max((x for x in range(row["id"] + 1) if x % 7 == row["b"]), default=None)
    assert len(rows) == 40
    assert joined._jdf.queryExecution().executedPlan().toString().count("ReusedExchange") == 1


def test_strings_that_are_equal_by_a_collation_are_no_keys_in_arrow():
    assert is_key(StringType())
    assert not is_key(StringType("UTF8_LCASE"))
