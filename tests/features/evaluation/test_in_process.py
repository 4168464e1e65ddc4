"""Lookups in this process: the same rows as the brute force, and as Spark's own form, or not chosen at all."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from headwater import lakehouse
from headwater.features import FeatureLookup, create_feature_table, create_training_set, write_feature_table
from headwater.features.joins.matching.newest_rows import AmbiguousRowsError, newest_rows, rows_of_keys
from tests.oracles import point_in_time as oracle

HOUR = dt.timedelta(hours=1)


def _training_set(spark, schema, lookback, *, dates=False):
    kind = "date" if dates else "timestamp"
    labels, features = oracle.cases(31 if dates else 29, 300, dates=dates)
    unique = {(case, key, at): row for row in features if None not in (row[:3]) for case, key, at in [row[:3]]}
    rows = spark.createDataFrame(list(unique.values()), f"case long, key string, ts {kind}, x int, y double")
    table = f"{schema}.facts_{kind}"
    create_feature_table(spark, table, ["case", "key", "ts"], rows, "ts")
    spine = spark.createDataFrame(labels, f"id long, case long, k string, at {kind}")
    lookup = FeatureLookup(table, ["case", "k"], timestamp_lookup_key="at", lookback_window=lookback)
    return create_training_set(spine, [lookup], None), labels, list(unique.values())


@pytest.mark.parametrize("lookback", [None, dt.timedelta(0), 3 * HOUR])
def test_both_forms_equal_the_brute_force(spark, schema, monkeypatch, lookback):
    training_set, labels, features = _training_set(spark, schema, lookback)
    assert training_set.explain().startswith("in process: ")
    expected = sorted(oracle.as_of(labels, features, lookback))
    here = training_set.load_df()
    assert sorted((r["id"], r["x"], r["y"]) for r in here.collect()) == expected
    monkeypatch.setenv("HEADWATER_LOOKUPS", "spark")
    assert training_set.explain().startswith("spark: ")
    there = training_set.load_df()
    assert sorted((r["id"], r["x"], r["y"]) for r in there.collect()) == expected
    assert here.schema.simpleString() == there.schema.simpleString()


@pytest.mark.parametrize("lookback", [None, dt.timedelta(days=2)])
def test_dates_are_matched_as_dates(spark, schema, lookback):
    training_set, labels, features = _training_set(spark, schema, lookback, dates=True)
    assert training_set.explain().startswith("in process: ")
    found = training_set.load_df()
    assert found.schema["at"].dataType.typeName() == "date"
    assert sorted((r["id"], r["x"], r["y"]) for r in found.collect()) == sorted(
        oracle.as_of(labels, features, lookback)
    )


def test_all_types_come_back_as_they_were_stored_and_as_spark_gives_them(spark, schema, monkeypatch):
    columns = (
        "id decimal(10,2), flag boolean, s smallint, i int, l bigint, f float, d double, n decimal(38,18), t string, "
        "day date, at timestamp, raw binary, list array<int>, m map<string,double>, st struct<a:int,b:array<string>>"
    )
    early, late = dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30, 23, 59, 59, 999999)
    nested = [
        (bytearray(b"\x00\xff"), [1, None], {"a": 1.0, "b": None}, (1, ["x", None])),
        (bytearray(), [], {}, (None, None)),
    ]
    some, others = Decimal("1.000000000000000001"), Decimal("-0.5")
    rows = [
        (Decimal("1.10"), True, 2, 3, 4, 0.5, float("nan"), some, "é", early.date(), early, *nested[0]),
        (Decimal("2.20"), False, -2, -3, -4, float("inf"), -0.0, others, "", late.date(), late, *nested[1]),
        (Decimal("3.30"), *[None] * 14),
    ]
    create_feature_table(spark, f"{schema}.types", "id", spark.createDataFrame(rows, columns))
    spine = spark.createDataFrame(
        [(1, Decimal("1.10")), (2, Decimal("2.20")), (3, Decimal("3.30")), (4, Decimal("9.99")), (5, None)],
        "n_row int, key decimal(10,2)",
    )
    training_set = create_training_set(spine, [FeatureLookup(f"{schema}.types", "key")], None)
    assert training_set.explain().startswith("in process: ")
    here = sorted(map(repr, training_set.load_df().collect()))
    monkeypatch.setenv("HEADWATER_LOOKUPS", "spark")
    assert here == sorted(map(repr, training_set.load_df().collect()))
    assert len(here) == 5


def test_a_lookup_may_take_its_key_and_its_time_from_another(spark, schema, monkeypatch):
    first = spark.createDataFrame(
        [(1, "a", dt.datetime(2024, 1, 5)), (2, None, None)], "id int, k string, seen timestamp"
    )
    facts = spark.createDataFrame(
        [("a", dt.datetime(2024, 1, day), day) for day in (1, 4, 6)], "k string, ts timestamp, v int"
    )
    create_feature_table(spark, f"{schema}.first", "id", first)
    create_feature_table(spark, f"{schema}.facts", ["k", "ts"], facts, "ts")
    spine = spark.createDataFrame([(1,), (2,), (3,)], "id int")
    lookups = [
        FeatureLookup(f"{schema}.facts", "k", timestamp_lookup_key="seen", default_values={"v": -1}),
        FeatureLookup(f"{schema}.first", "id"),
    ]
    training_set = create_training_set(spine, lookups, None)
    assert training_set.explain() == "in process: 2 lookups in files of this machine that fit its memory"
    assert sorted((r["id"], r["v"]) for r in training_set.load_df().collect()) == [(1, 4), (2, -1), (3, -1)]


def test_lookups_of_one_table_read_its_columns_once_and_give_what_each_gives_alone(spark, schema, monkeypatch):
    name = f"{schema}.weather"
    facts = [(k, dt.datetime(2024, 1, day), f"{k}{day}", float(day), "b") for k in "ab" for day in (1, 4, 6)]
    create_feature_table(
        spark,
        name,
        ["k", "ts"],
        spark.createDataFrame(facts, "k string, ts timestamp, v string, w double, next string"),
        "ts",
    )
    day = dt.datetime(2024, 1, 5)
    spine = spark.createDataFrame(
        [(1, "a", "b", day), (2, "b", "c", day), (3, "b", None, None)], "id int, x string, y string, at timestamp"
    )

    def lookup(key, features, names):
        return FeatureLookup(name, key, feature_names=features, rename_outputs=names, timestamp_lookup_key="at")

    lookups = [
        lookup("then", ["v"], {"v": "v_then"}),
        lookup("x", ["v", "next"], {"v": "v_x", "next": "then"}),
        lookup("y", ["w", "v"], {"w": "w_y", "v": "v_y"}),
    ]
    training_set = create_training_set(spine, lookups, None)
    read, asked = lakehouse.ArrowTable.read, []
    monkeypatch.setattr(
        lakehouse.ArrowTable,
        "read",
        lambda self, columns, **more: asked.append(list(columns)) or read(self, columns, **more),
    )
    here = training_set.load_df()
    assert asked == [["k", "ts"], ["v", "next", "w"], ["k", "ts"], ["v"]]
    monkeypatch.setenv("HEADWATER_LOOKUPS", "spark")
    there = training_set.load_df()
    assert here.schema == there.schema
    assert here.columns == ["id", "x", "y", "at", "v_then", "v_x", "then", "w_y", "v_y"]
    found = sorted(map(tuple, here.collect()))
    assert found == sorted(map(tuple, there.collect()))
    assert found[0][4:] == ("b4", "a4", "b", 4.0, "b4")
    assert [row[4:] for row in found[1:]] == [("b4", "b4", "b", None, None), (None, None, None, None, None)]


def test_tables_are_read_as_they_were_when_the_training_set_was_made(spark, schema):
    name = f"{schema}.moving"
    create_feature_table(spark, name, "id", spark.createDataFrame([(1, "old")], "id int, v string"))
    training_set = create_training_set(spark.createDataFrame([(1,)], "id int"), [FeatureLookup(name, "id")], None)
    write_feature_table(spark.createDataFrame([(1, "new")], "id int, v string"), name)
    assert [row["v"] for row in training_set.load_df().collect()] == ["old"]


@pytest.mark.parametrize(
    ("property_", "said"),
    [("'delta.enableDeletionVectors' = 'true'", "deletionVectors"), ("'delta.columnMapping.mode' = 'name'", "name")],
)
def test_tables_that_only_spark_can_read_are_left_to_spark(spark, schema, property_, said):
    name = f"{schema}.special"
    create_feature_table(spark, name, "id", spark.createDataFrame([(i, i * 10) for i in range(50)], "id int, v int"))
    spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ({property_})")
    spark.sql(f"DELETE FROM {name} WHERE id = 7")
    training_set = create_training_set(spark.range(5, 9).selectExpr("int(id) id"), [FeatureLookup(name, "id")], None)
    assert training_set.explain().startswith("spark: ")
    assert said in training_set.explain()
    assert sorted((r["id"], r["v"]) for r in training_set.load_df().collect()) == [(5, 50), (6, 60), (7, None), (8, 80)]


def test_what_does_not_fit_is_left_to_spark_and_said_so(spark, schema, monkeypatch):
    training_set, *_ = _training_set(spark, schema, None)
    monkeypatch.setenv("HEADWATER_IN_PROCESS_GIB", "0.000001")
    assert training_set.explain().startswith("spark: ")
    assert "too many" in training_set.explain()
    assert training_set.load_df().count() == training_set.df.count()


def test_an_empty_spine_and_an_empty_table_give_no_rows_and_nulls(spark, schema):
    empty = spark.createDataFrame([], "id int, ts timestamp, v int")
    create_feature_table(spark, f"{schema}.empty", ["id", "ts"], empty, "ts")
    lookup = FeatureLookup(f"{schema}.empty", "id", timestamp_lookup_key="at")
    spine = spark.createDataFrame([(1, dt.datetime(2024, 1, 1)), (2, None)], "id int, at timestamp")
    found = create_training_set(spine, [lookup], None)
    assert found.explain().startswith("in process: ")
    assert sorted((r["id"], r["v"]) for r in found.load_df().collect()) == [(1, None), (2, None)]
    assert create_training_set(spine.limit(0), [lookup], None).load_df().collect() == []


def test_matching_on_a_million_random_rows_equals_pandas():
    import pandas as pd

    dice = np.random.default_rng(5)
    labels = pd.DataFrame({"k": dice.integers(0, 5000, 50_000), "t": dice.integers(0, 10**13, 50_000)}).sort_values("t")
    facts = pd.DataFrame({"k": dice.integers(0, 5000, 10**6), "t": dice.integers(0, 10**13, 10**6)})
    facts = facts.drop_duplicates().sort_values("t").assign(row=lambda f: f.index)
    wanted = pd.merge_asof(labels, facts, on="t", by="k")["row"].fillna(-1).to_numpy()
    facts = facts.sort_index()
    column = lambda values: pa.chunked_array([pa.array(values)])  # noqa: E731
    found = newest_rows([column(labels["k"])], column(labels["t"]), [column(facts["k"])], column(facts["t"]))
    position = facts.index.to_numpy()
    assert np.array_equal(np.where(found >= 0, position[found], -1), wanted)


def test_keys_and_times_too_wide_for_64_bits_are_ranked():
    column = lambda values: pa.chunked_array([pa.array(values, pa.int64())])  # noqa: E731
    keys, far = list(range(100)), 2**58
    found = newest_rows([column(keys)], column([far] * 100), [column([5, 5, 99])], column([-far, 0, far + 1]))
    assert [int(found[i]) for i in (4, 5, 99)] == [-1, 1, -1]


def test_ambiguous_rows_are_said_to_be_so():
    column = lambda *values: pa.chunked_array([list(values)])  # noqa: E731
    with pytest.raises(AmbiguousRowsError):
        newest_rows([column("a")], column(3), [column("a", "a")], column(1, 1))
    with pytest.raises(AmbiguousRowsError):
        rows_of_keys([column("a")], [column("a", "a")])
    assert rows_of_keys([column("b", None)], [column("a", "b", "a")][:1]).tolist() == [1, -1]
    assert lakehouse.Settings(lookups="spark").lookups == "spark"
