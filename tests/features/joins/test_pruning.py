"""What Spark leaves out of a join by the labels' keys and times: never a row that some label finds."""

import datetime as dt

import pytest

from headwater import lakehouse
from headwater.features import (
    FeatureLookup,
    create_feature_table,
    create_training_set,
    join_as_of,
    key_properties,
)
from headwater.features.evaluation import spine as spine_module
from headwater.features.joins import pruning
from headwater.features.joins.pruning import rows_of_label_times
from headwater.features.joins.repeatable import is_repeatable
from tests.oracles import point_in_time as oracle

BERLIN = "Europe/Berlin"


@pytest.fixture
def in_berlin(spark):
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", BERLIN)
    yield
    spark.conf.set("spark.sql.session.timeZone", before)


@pytest.mark.usefixtures("in_berlin")
def test_rows_outside_the_span_of_the_label_times_are_left_out_to_the_microsecond_also_as_clocks_change(spark):
    noon = 1711882800_000000  # 2024-03-31 13:00 in Berlin, eleven hours after clocks were put forward
    day = 86_400_000_000
    spine = spark.sql(f"SELECT timestamp_micros(t) AS at FROM VALUES ({noon}L), ({noon + 5}L), (NULL) v(t)")
    times = [noon - day - 1, noon - day, noon, noon + 5, noon + 6]
    features = spark.createDataFrame([(t,) for t in times], "t long").selectExpr("t", "timestamp_micros(t) AS ts")
    found = rows_of_label_times(spine, features, ("at", "ts"), dt.timedelta(days=1))
    assert sorted(row["t"] for row in found.collect()) == times[1:4]
    found = rows_of_label_times(spine, features, ("at", "ts"), None)
    assert sorted(row["t"] for row in found.collect()) == times[:4]
    found = rows_of_label_times(spine, features, ("at", "ts"), dt.timedelta.max)
    assert sorted(row["t"] for row in found.collect()) == times[:4]
    assert rows_of_label_times(spine.limit(0), features, ("at", "ts"), None).collect() == []


def test_days_outside_the_span_of_the_label_days_are_left_out(spark):
    spine = spark.sql("SELECT date'2024-03-31' AS at UNION ALL SELECT date'2024-04-02'")
    features = spark.sql("SELECT explode(sequence(date'2024-03-25', date'2024-04-05')) AS ts")
    found = rows_of_label_times(spine, features, ("at", "ts"), dt.timedelta(days=1, hours=5))
    assert sorted(str(row["ts"]) for row in found.collect()) == [
        "2024-03-30",
        "2024-03-31",
        "2024-04-01",
        "2024-04-02",
    ]


@pytest.mark.parametrize("kind", ["timestamp", "date"])
def test_of_rows_before_all_labels_the_newest_of_each_key_are_kept(spark, kind):
    days = [  # key, day of a month, number
        *[("old", 1, 1), ("old", 2, 2), ("old", 3, 3), ("old", 3, 4)],
        *[("both", 1, 5), ("both", 2, 6), ("both", 10, 7), ("both", 12, 8), ("both", 13, 9)],
        *[("new", 11, 10), (None, 1, 11), ("old", None, 12)],
    ]
    rows = [(key, None if day is None else f"2024-01-{day:02}", number) for key, day, number in days]
    features = spark.createDataFrame(rows, "k string, d string, n int").selectExpr("k", f"CAST(d AS {kind}) AS ts", "n")
    spine = spark.sql(f"SELECT CAST(d AS {kind}) AS at FROM VALUES ('2024-01-10'), ('2024-01-12'), (NULL) v(d)")

    def found(labels, *keys):
        kept = rows_of_label_times(labels, features, ("at", "ts"), None, keys)
        return sorted(row["n"] for row in kept.collect())

    assert found(spine) == [1, 2, 3, 4, 5, 6, 7, 8, 10, 11]
    assert found(spine, "k") == [3, 4, 6, 7, 8, 10, 11]
    assert found(spine.where("at > '2024-01-11'"), "k") == [3, 4, 7, 8, 10, 11]
    assert found(spine.where("at IS NULL"), "k") == []
    assert found(spark.sql(f"SELECT CAST('2023-12-31' AS {kind}) AS at"), "k") == []


@pytest.mark.parametrize("groups", [150, 2**16])
def test_keys_that_share_a_time_keep_more_rows_and_lose_none(spark, monkeypatch, groups):
    monkeypatch.setattr(pruning, "_GROUPS", groups)
    labels, features = oracle.cases(61, 200)
    late = [row for row in labels if row[3] is None or row[3] >= oracle.START + dt.timedelta(hours=6)]
    spine = spark.createDataFrame(late, "id long, case long, k string, at timestamp")
    rows = spark.createDataFrame(features, "case long, key string, ts timestamp, x int, y double")
    kept = rows_of_label_times(spine, rows, ("at", "ts"), None, ["case", "key"])
    joined = join_as_of(
        spine, kept, keys=[("case", "case"), ("k", "key")], time=("at", "ts"), outputs={"x": "x", "y": "y"}
    )
    assert kept.count() < len([row for row in features if row[2] is not None])
    found = sorted((row["id"], row["x"], row["y"]) for row in joined.collect())
    assert found == sorted(oracle.as_of(late, features, None))


def test_labels_by_chance_or_cut_off_are_not_read_twice(spark):
    rows = spark.range(100).selectExpr("id AS k", "timestamp_seconds(id) AS at", "rand() AS chance")
    assert is_repeatable(rows, ["k", "at"])
    assert is_repeatable(rows.sample(0.5, seed=1), ["k"])
    assert is_repeatable(rows.drop("chance").join(spark.range(5).selectExpr("id AS k"), "k").orderBy("k"), ["k", "at"])
    assert not is_repeatable(rows, ["chance"])
    assert not is_repeatable(rows.where("chance < 0.5"), ["k"])
    assert not is_repeatable(rows.limit(7), ["k"])
    assert not is_repeatable(rows.drop("chance").distinct().sample(0.5, seed=1), ["k"])
    assert is_repeatable(rows.groupBy("at").agg({"k": "max"}), ["at", "max(k)"])
    assert is_repeatable(rows.select("k").distinct().union(rows.select("k")), ["k"])
    assert not is_repeatable(rows.groupBy("at").agg({"k": "first"}), ["first(k)"])
    assert not is_repeatable(rows.drop("chance").dropDuplicates(["at"]), ["k"])
    beside = "(SELECT {} FROM range(9))"
    assert is_repeatable(rows.selectExpr(f"k + {beside.format('max(id)')} AS k"), ["k"])
    assert not is_repeatable(rows.selectExpr(f"k + {beside.format('first(id)')} AS k"), ["k"])
    assert not is_repeatable(rows.selectExpr("row_number() OVER (ORDER BY at) AS k"), ["k"])


def test_training_sets_of_labels_by_chance_and_of_long_histories_have_the_rows_features(
    spark, schema, tmp_path, monkeypatch
):
    monkeypatch.setenv("HEADWATER_LOOKUPS", "spark")
    monkeypatch.setattr(spine_module, "_WORTH_ITS_PASS", 1)
    monkeypatch.setattr(spine_module, "_WORTH_ITS_PASS_WITHOUT", 1)
    features = "SELECT id % 500 AS k, timestamp_seconds(id * 60) AS ts, id AS x FROM range(20000)"
    create_feature_table(spark, f"{schema}.f", ["k", "ts"], spark.sql(features), "ts")
    every = spark.sql("SELECT id % 500 AS k, timestamp_seconds(900000 + id) AS at FROM range(1000)")
    every.write.parquet(str(tmp_path / "labels"))
    labels = spark.read.parquet(str(tmp_path / "labels"))
    for spine, cut in ((labels, True), (labels.where("rand() < 0.5"), False), (labels.limit(300), False)):
        for lookback in (None, dt.timedelta(hours=2)):
            lookup = FeatureLookup(f"{schema}.f", "k", timestamp_lookup_key="at", lookback_window=lookback)
            training_set = create_training_set(spine, [lookup], None)
            assert ("of rows in the labels' span of time" in training_set.explain()) == cut
            rows = training_set.load_df().selectExpr("k", "unix_seconds(at) AS at", "x").collect()
            assert len(rows) > 200
            for row in rows:
                newest = (row["at"] // 60 - row["k"]) // 500 * 500 + row["k"]
                young = lookback is None or row["at"] - newest * 60 <= 7200
                assert row["x"] == (newest if young else None), row


def test_old_rows_are_looked_for_by_keys_that_hash_alike_and_not_beside_very_few_labels(
    spark, schema, tmp_path, monkeypatch
):
    monkeypatch.setenv("HEADWATER_LOOKUPS", "spark")
    monkeypatch.setattr(spine_module, "_WORTH_ITS_PASS_WITHOUT", 1)
    asked = []

    def spied(spine, features, time, lookback, keys):
        asked.append(keys)
        return rows_of_label_times(spine, features, time, lookback, keys)

    monkeypatch.setattr(spine_module, "rows_of_label_times", spied)
    zeros = "IF(id % 2 = 0, 0D, -0D)"  # equal, though their hashes differ
    for kind, key in (("long", "id % 5"), ("double", zeros)):
        rows = spark.sql(f"SELECT {key} AS k, timestamp_seconds(id * 60) AS ts, id AS x FROM range(300)")
        lakehouse.create_table(
            spark, f"{schema}.{kind}", rows.schema, properties=key_properties(f"{schema}.{kind}", ["k", "ts"], ["ts"])
        )
        lakehouse.append(rows, f"{schema}.{kind}")
        spark.sql(f"SELECT {key} AS k, timestamp_seconds(12000 + id) AS at FROM range(50)").write.parquet(
            str(tmp_path / kind)
        )

    def found(kind):
        labels = spark.read.parquet(str(tmp_path / kind))
        training_set = create_training_set(
            labels, [FeatureLookup(f"{schema}.{kind}", "k", timestamp_lookup_key="at")], None
        )
        return sorted((row["k"], row["x"]) for row in training_set.load_df().collect())

    assert found("long") == sorted((i % 5, 196 + (i + 4) % 5) for i in range(50))
    assert {x for _, x in found("double")} == {200}
    monkeypatch.setattr(spine_module, "_VERY_FEW", 0)
    assert len(found("long")) == 50
    assert asked == [["k"], [], []]
