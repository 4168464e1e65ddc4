"""Ways past Spark, into this process and out of it: the same rows, or not taken."""

import datetime as dt
import functools
import os
from decimal import Decimal

import pandas as pd
import pytest

from headwater import lakehouse
from headwater.features import FeatureLookup, create_feature_table, create_training_set
from tests.oracles import point_in_time as oracle

AT = dt.datetime(2024, 1, 5)


@pytest.fixture
def facts(spark, schema):
    rows = [("a", dt.datetime(2024, 1, d), d, float(d), Decimal(d), dt.date(2024, 1, d), None) for d in (1, 4, 6)]
    columns = "k string, ts timestamp, v int, x double, n decimal(10,2), day date, s string"
    create_feature_table(spark, f"{schema}.facts", ["k", "ts"], spark.createDataFrame(rows, columns), "ts")
    return FeatureLookup(f"{schema}.facts", "k", timestamp_lookup_key="at", default_values={"v": -1, "s": "none"})


def test_pandas_and_arrow_are_what_spark_would_give(spark, facts, monkeypatch):
    spine = spark.createDataFrame(
        [(1, "a", AT, True, [1]), (2, "b", AT, None, None), (3, "a", None, False, [])],
        "id int, k string, at timestamp, y boolean, l array<int>",
    )
    training_set = create_training_set(spine, [facts], "y", exclude_columns="k")
    here, arrow = training_set.to_pandas(), training_set.to_arrow()
    monkeypatch.setenv("HEADWATER_LOOKUPS", "spark")
    assert [(f.name, f.type) for f in arrow.schema] == [(f.name, f.type) for f in training_set.to_arrow().schema]
    there = training_set.load_df().toPandas()
    pd.testing.assert_frame_equal(here.sort_values("id", ignore_index=True), there.sort_values("id", ignore_index=True))
    assert here.sort_values("id")["v"].tolist() == [4, -1, -1]


def test_plain_scans_are_read_past_spark_and_nothing_else_is(spark, schema, tmp_path):
    columns = (
        "id int, ab string, at timestamp, day date, n decimal(9,3), x double, small smallint, raw binary, f boolean"
    )
    row = ("ö", AT, AT.date(), Decimal("1.500"), float("nan"), 3, bytearray(b"\x00"), True)
    rows = spark.createDataFrame([(i, *row) for i in range(3)] + [(9, *[None] * 8)], columns)
    files = str(tmp_path / "some files")
    rows.write.parquet(files)
    rows.write.saveAsTable(f"{schema}.rows")
    plain = [
        spark.read.parquet(files),
        spark.table(f"{schema}.rows"),
        spark.sql(f"SELECT * FROM {schema}.rows VERSION AS OF 0"),
        spark.read.parquet(files).select("x", "id"),
        spark.read.parquet(files).withColumnRenamed("id", "number").select("at", "number"),
        spark.read.parquet(files).withColumnRenamed("id", "a#1L, b#2\n").withColumnRenamed("x", "#"),
    ]
    for frame in plain:
        scan = lakehouse.open_plain_scan(frame)
        assert scan is not None
        assert scan.rows == 4
        assert sorted(map(repr, scan.read().to_pylist())) == sorted(map(repr, frame.toArrow().to_pylist()))
        assert scan.read().schema == frame.toArrow().schema
    spark.sql(f"CREATE TABLE {schema}.cut USING delta PARTITIONED BY (small) AS SELECT * FROM {schema}.rows")
    spark.sql(
        f"CREATE TABLE {schema}.holes TBLPROPERTIES ('delta.enableDeletionVectors' = 'true') AS SELECT * FROM {schema}.rows"
    )
    spark.sql(f"DELETE FROM {schema}.holes WHERE id = 1")
    spark.sql(f"CREATE TABLE {schema}.grown AS SELECT id FROM {schema}.rows")
    rows.select("id", "x").write.option("mergeSchema", "true").mode("append").saveAsTable(f"{schema}.grown")
    more = [
        rows,
        plain[0].where("id > 0"),
        plain[0].limit(2),
        plain[0].distinct(),
        plain[0].selectExpr("id + 1 AS id"),
        plain[0].selectExpr("CAST(id AS bigint) AS id"),
        plain[0].unionAll(plain[0]),
        plain[0].sample(0.5),
        plain[0].select("id", "_metadata.file_name"),
        spark.read.schema("id int, other int").parquet(files),
        spark.table(f"{schema}.cut"),
        spark.table(f"{schema}.holes"),
        spark.table(f"{schema}.grown"),
        spark.range(3),
    ]
    assert [lakehouse.open_plain_scan(frame) for frame in more] == [None] * len(more)


def test_label_rows_that_do_not_fit_are_done_part_by_part(spark, schema, tmp_path, monkeypatch):
    labels, features = oracle.cases(61, 1500)
    unique = {row[:3]: row for row in features if None not in row[:3]}
    rows = spark.createDataFrame(list(unique.values()), "case long, key string, ts timestamp, x int, y double")
    create_feature_table(spark, f"{schema}.facts", ["case", "key", "ts"], rows, "ts")
    spark.createDataFrame(labels, "id long, case long, k string, at timestamp").coalesce(1).write.option(
        "parquet.block.size", 4096
    ).parquet(str(tmp_path / "labels"))
    spine = spark.read.parquet(str(tmp_path / "labels"))
    lookup = FeatureLookup(f"{schema}.facts", ["case", "k"], timestamp_lookup_key="at")
    training_set = create_training_set(spine, [lookup], None)
    expected = sorted(oracle.as_of(labels, list(unique.values()), None))
    assert "in parts" not in training_set.explain()
    monkeypatch.setenv("HEADWATER_IN_PROCESS_GIB", str(200_000 / 2**30))
    said = training_set.explain()
    assert said.startswith("in process: 1 lookups"), said
    assert said.endswith("in parts of 1,041 label rows"), said
    assert sorted((r["id"], r["x"], r["y"]) for r in training_set.load_df().collect()) == expected


def test_few_labels_read_only_the_rows_of_their_keys(spark, schema):
    facts = spark.range(5000).selectExpr("id % 500 AS k", "timestamp_seconds(id) AS ts", "id AS v", "string(id) AS s")
    create_feature_table(spark, f"{schema}.facts", ["k", "ts"], facts, "ts")
    spine = spark.createDataFrame([(7, AT), (499, AT), (777, AT), (None, AT)], "k long, at timestamp")
    lookup = FeatureLookup(f"{schema}.facts", "k", timestamp_lookup_key="at")
    found = create_training_set(spine, [lookup], None).to_arrow().to_pylist()
    assert {(r["k"], r["v"], r["s"]) for r in found} == {
        (7, 4507, "4507"),
        (499, 4999, "4999"),
        (777, None, None),
        (None, None, None),
    }


def test_much_data_reaches_spark_as_a_file_with_early_and_late_times(spark, schema):
    spine = spark.range(300_000).selectExpr(
        "id AS k", "timestamp'0001-01-02 00:00:00' + make_interval(0, 0, 0, int(id)) AS at", "string(id) AS s"
    )
    facts = spark.range(0, 300_000, 1000).selectExpr("id AS k", "date'0001-01-01' AS day")
    create_feature_table(spark, f"{schema}.facts", "k", facts)
    training_set = create_training_set(spine, [FeatureLookup(f"{schema}.facts", "k")], None)
    found = training_set.load_df()
    assert "scratch" in found.inputFiles()[0]
    assert found.selectExpr(
        "count(*)", "count(distinct k)", "count(day)", "min(day)", "sum(date_diff(at, day) - k)"
    ).collect() == [(300_000, 300_000, 300, dt.date(1, 1, 1), 300)]


def test_beyond_the_bound_of_the_scratch_files_spark_looks_up_and_nothing_more_is_written(spark, schema, monkeypatch):
    spine = spark.range(300_000).selectExpr("id AS k", "string(id) AS s")
    create_feature_table(spark, f"{schema}.facts", "k", spark.range(0, 300_000, 1000).selectExpr("id AS k", "-id AS v"))
    training_set = create_training_set(spine, [FeatureLookup(f"{schema}.facts", "k")], None)
    scratch = lakehouse.settings_of(spark).home / "scratch"
    ended = scratch / str(os.getpid()) / "app-of-a-session-that-was-stopped"
    ended.mkdir(parents=True)
    written = training_set.load_df()
    assert not ended.exists()
    files = sorted(scratch.rglob("*.parquet"))
    size = sum(file.stat().st_size for file in files)
    monkeypatch.setenv("HEADWATER_SCRATCH_GIB", str((size + 1000) / 2**30))
    for _ in range(3):
        lazy = training_set.load_df()
        assert not any("/scratch/" in file for file in lazy.inputFiles())
    assert sorted(scratch.rglob("*.parquet")) == files
    # What was written before stays readable, and so do frames derived from it.
    found = (
        written.where("v IS NOT NULL").join(lazy.withColumnRenamed("v", "w"), "k").selectExpr("count(*)", "sum(v + w)")
    )
    assert tuple(found.first()) == (300, -2 * sum(range(0, 300_000, 1000)))


def test_over_25_frames_the_scratch_files_stay_within_their_bound_and_every_frame_gives_its_rows(
    spark, schema, monkeypatch
):
    spine = spark.range(300_000).selectExpr("id AS k", "string(id) AS s")
    create_feature_table(spark, f"{schema}.facts", "k", spark.range(0, 300_000, 1000).selectExpr("id AS k", "-id AS v"))
    training_set = create_training_set(spine, [FeatureLookup(f"{schema}.facts", "k")], None)
    scratch = lakehouse.settings_of(spark).home / "scratch"

    def size():
        return sum(file.stat().st_size for file in scratch.rglob("*.parquet"))

    before = size()
    frames = [training_set.load_df()]
    one = size() - before
    assert one > 0
    bound = before + 4 * one
    monkeypatch.setenv("HEADWATER_SCRATCH_GIB", str(bound / 2**30))
    for _ in range(24):
        frames.append(training_set.load_df())  # the one before stays in use, as far as anybody knows
        assert size() <= bound
    of_files = [frame for frame in frames if any("/scratch/" in file for file in frame.inputFiles())]
    assert 2 <= len(of_files) <= 4
    every = functools.reduce(lambda one, other: one.union(other), frames)
    assert tuple(every.selectExpr("count(*)", "count(v)", "sum(v)").first()) == (
        25 * 300_000,
        25 * 300,
        -25 * sum(range(0, 300_000, 1000)),
    )
