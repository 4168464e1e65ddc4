"""Training sets that are saved are built again from time travel, and found to be the same or said not to be."""

import datetime as dt

import pytest

from headwater import lakehouse
from headwater.features import (
    FeatureLookup,
    ReplayError,
    TrainingSet,
    create_feature_table,
    create_training_set,
    saved_training_sets,
    write_feature_table,
)
from headwater.features.training_sets.saved import rows_digest
from headwater.lakehouse import InvalidInputError

DAY = dt.datetime(2024, 1, 5)


def _training_set(spark, schema):
    facts = spark.createDataFrame(
        [("a", dt.datetime(2024, 1, day), day, {"d": day}) for day in (1, 4, 6)],
        "k string, ts timestamp, v int, m map<string,int>",
    )
    create_feature_table(spark, f"{schema}.facts", ["k", "ts"], facts, "ts")
    spine = spark.createDataFrame([("a", DAY, 1), ("a", DAY, 1), ("b", DAY, 0)], "k string, at timestamp, y int")
    lookup = FeatureLookup(f"{schema}.facts", "k", timestamp_lookup_key="at")
    return create_training_set(spine, [lookup], "y", exclude_columns=["k", "at"])


def test_a_saved_training_set_is_built_again_though_its_feature_table_moved_on(spark, schema):
    saved = _training_set(spark, schema).save(f"{schema}.rows", run_id="run1")
    assert saved.run_id == "run1"
    assert saved.digest.startswith("3:")
    assert saved.spec.table_versions == {f"{schema}.facts": saved.spec.lookups[0].table_version}
    new = spark.createDataFrame([("a", DAY, 99, None)], "k string, ts timestamp, v int, m map<string,int>")
    write_feature_table(new, f"{schema}.facts")
    moved = create_training_set(
        lakehouse.read_table(spark, f"{schema}.rows").select("k", "at", "y"),
        [FeatureLookup(f"{schema}.facts", "k", timestamp_lookup_key="at")],
        "y",
    )
    moved.save(f"{schema}.rows", run_id="run2")
    again = TrainingSet.replay("run1", table=f"{schema}.rows")
    rows = sorted((r["v"], r["m"], r["y"]) for r in again.load_df().na.drop().collect())
    assert rows == [(4, {"d": 4}, 1), (4, {"d": 4}, 1)]
    assert again.load_df().columns == ["v", "m", "y"]
    assert {r["v"] for r in TrainingSet.replay("run1", table=None).load_df().collect()} == {4, None}
    newest = TrainingSet.replay(None, table=f"{schema}.rows").load_df()
    assert sorted(r["v"] or 0 for r in newest.collect()) == [0, 99, 99]
    with pytest.raises(InvalidInputError, match=r"no training set saved for the run 'run3'.*Known: run1, run2"):
        TrainingSet.replay("run3", table=f"{schema}.rows")


def test_a_table_of_training_sets_takes_other_columns_and_types_and_no_other_table_does(spark, schema):
    first = spark.createDataFrame([("a", 1, 2)], "k string, v int, y int")
    create_training_set(first, [], "y").save(f"{schema}.sets", run_id="one")
    retyped = spark.createDataFrame([("a", 1.5, "more", 3)], "k string, v double, w string, y int")
    create_training_set(retyped, [], "y").save(f"{schema}.sets", run_id="two")
    assert TrainingSet.replay("one", table=f"{schema}.sets").load_df().collect() == [("a", 1, 2)]
    assert TrainingSet.replay("two", table=f"{schema}.sets").load_df().collect() == [("a", 1.5, "more", 3)]

    lakehouse.ensure_table(spark, f"{schema}.others", first.schema)
    lakehouse.overwrite(first, f"{schema}.others")
    for rows, words in ((retyped, "'v' is double, must be int"), (first.withColumn("z", first.v), "'z' is not in")):
        with pytest.raises(InvalidInputError, match=words):
            create_training_set(rows, [], "y").save(f"{schema}.others")
    assert lakehouse.read_table(spark, f"{schema}.others").collect() == [("a", 1, 2)]


def test_a_training_set_that_cannot_be_built_as_it_was_is_refused(spark, schema):
    saved = _training_set(spark, schema).save(f"{schema}.rows")
    properties = lakehouse.table_properties(spark, f"{schema}.rows")
    key = f"headwater.trainingSet.{saved.run_id}"
    changed = properties[key].replace(saved.digest, "3:1:1")
    lakehouse.set_table_properties(spark, f"{schema}.rows", {key: changed})
    with pytest.raises(
        ReplayError, match=f"at version {saved.version} have the digest {saved.digest}; the saved rows have 3:1:1"
    ):
        TrainingSet.replay(saved.run_id, table=f"{schema}.rows")


def test_a_run_is_enough_to_build_a_training_set_again_where_it_says_which(spark, schema):
    spark.sql(f"USE SCHEMA {schema.split('.')[-1]}")
    try:
        training_set = _training_set(spark, schema)
        with pytest.raises(InvalidInputError, match="No training set was saved for the run 'one'"):
            TrainingSet.replay("one")
        for _ in range(2):  # as if the first had been killed on its way
            saved = training_set.save(f"{schema}.rows", run_id="one")
        training_set.save(f"{schema}.rows")  # for no run
        again = TrainingSet.replay("one")
        assert saved_training_sets(spark, "one") == [saved]
        assert sorted(r["v"] or 0 for r in again.load_df().collect()) == [0, 4, 4]
        with pytest.raises(InvalidInputError, match=r"for the run 'on' from the schema.*Did you mean 'one'"):
            TrainingSet.replay("on")
        training_set.save(f"{schema}.others", run_id="one")
        with pytest.raises(InvalidInputError, match=rf"{schema}.others and {schema}.rows: give table="):
            TrainingSet.replay("one")
        with pytest.raises(InvalidInputError, match="Give the id of the run"):
            TrainingSet.replay(None)
        lakehouse.drop_table(spark, f"{schema}.others")
        assert saved_training_sets(spark, "one") == [saved]
        lakehouse.drop_table(spark, f"{schema}.rows")
        with pytest.raises(lakehouse.TableNotFoundError, match="rows"):
            TrainingSet.replay("one", table=f"{schema}.rows")
    finally:
        spark.sql("USE SCHEMA default")


def test_the_digest_tells_rows_apart_that_hashing_alone_does_not(spark):
    columns = "a int, b int, m map<string,int>"
    rows = [(None, 1, {"x": 1, "y": 2}), (1, None, {}), (1, None, {})]
    digest = rows_digest(spark.createDataFrame(rows, columns))
    assert digest == rows_digest(spark.createDataFrame([*rows[1:], (None, 1, {"y": 2, "x": 1})], columns))
    for other in ([*rows[1:]], [(1, None, {"x": 1, "y": 2}), *rows[1:]], [*rows, rows[1]]):
        assert digest != rows_digest(spark.createDataFrame(other, columns))
    assert rows_digest(spark.createDataFrame([], columns)) == "0:0:0"
