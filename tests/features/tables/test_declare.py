"""Feature tables: the rules of the API, each by its number in docs/reference."""

import pytest
from pyspark.sql import functions as F

from headwater import lakehouse
from headwater.features import FeatureLookup, create_feature_table, create_training_set, write_feature_table


def test_rule_1_an_existing_table_is_returned_and_df_is_not_written(spark, table, rows):
    again = create_feature_table(spark, table.name, ["id"], rows.limit(0))
    assert again == table
    assert lakehouse.read_table(spark, table.name).count() == 2


@pytest.mark.parametrize(
    ("keys", "time", "sentence"),
    [
        ([], None, "needs at least one primary key"),
        (["id", "id"], None, "given twice: id"),
        (["id"], "ts", "must be one of its primary keys"),
        (["ts"], "ts", "needs a primary key beside its time series column"),
        (["id", "nope"], None, "'nope' is not in the columns"),
    ],
)
def test_rule_2_and_3_keys_must_make_sense_and_nothing_is_made(spark, schema, rows, keys, time, sentence):
    df = rows.withColumn("ts", F.current_timestamp())
    with pytest.raises(ValueError, match=sentence):
        create_feature_table(spark, f"{schema}.bad", keys, df, timeseries_column=time)
    assert not lakehouse.table_exists(spark, f"{schema}.bad")


def test_rule_3_df_or_schema_is_needed_and_both_must_be_equal(spark, schema, rows):
    with pytest.raises(ValueError, match="needs df= or schema="):
        create_feature_table(spark, f"{schema}.bad", "id")
    with pytest.raises(ValueError, match="differ"):
        create_feature_table(spark, f"{schema}.bad", "id", rows, schema=rows.drop("v").schema)
    assert create_feature_table(spark, f"{schema}.ok", "id", schema=rows.schema).features == ("name", "v")


@pytest.mark.parametrize("key", ["NULL", "2"])
def test_rule_4_null_and_double_keys_fail_and_leave_no_table(spark, schema, rows, key):
    df = rows.union(spark.sql(f"SELECT CAST({key} AS BIGINT), 'c', 3.0D"))
    with pytest.raises(ValueError, match=r"NULL keys: 1 in 'id'|more than one row, for example \(2\)"):
        create_feature_table(spark, f"{schema}.bad", "id", df)
    assert not lakehouse.table_exists(spark, f"{schema}.bad")


def test_rule_4_keys_are_not_null_and_the_time_key_is_last(spark, schema, rows):
    df = rows.withColumn("ts", F.current_timestamp())
    made = create_feature_table(
        spark, f"{schema}.t", ["ts", "id"], df, timeseries_column="ts", partition_columns="name"
    )
    assert (made.primary_keys, made.timestamp_keys, made.lookup_keys) == (("id", "ts"), ("ts",), ("id",))
    assert made.partition_columns == ("name",)
    assert [f.name for f in made.schema if not f.nullable] == ["id", "name", "ts"]


def test_rule_5_types_that_cannot_be_features_are_named(spark, schema, rows):
    with pytest.raises(ValueError, match=r"cannot hold 'ym' \(interval year\)"):
        create_feature_table(spark, f"{schema}.bad", "id", rows.withColumn("ym", F.expr("INTERVAL 1 YEAR")))
    zoneless = rows.withColumn("ts", F.expr("TIMESTAMP_NTZ '2024-01-01'"))
    with pytest.raises(ValueError, match=r"cannot hold 'ts' \(timestamp_ntz\).*col\('ts'\).cast\('timestamp'\)"):
        create_feature_table(spark, f"{schema}.bad", ["id", "ts"], zoneless, timeseries_column="ts")
    timed = rows.withColumn("ts", F.expr("TIMESTAMP '2024-01-01'"))
    create_feature_table(spark, f"{schema}.timed", ["id", "ts"], timed, timeseries_column="ts")
    lookup = FeatureLookup(f"{schema}.timed", ["id"], feature_names=["v"], timestamp_lookup_key="ts")
    with pytest.raises(ValueError, match=r"'ts' is timestamp_ntz, must be timestamp. Cast it: .*cast\('timestamp'\)"):
        create_training_set(zoneless.select("id", "ts"), [lookup], None)


def test_wrong_arguments_are_said_in_a_sentence(spark, schema, rows):
    with pytest.raises(ValueError, match=r"A table name is text like 'catalog.schema.table', found None"):
        create_feature_table(spark, None, "id", rows)
    with pytest.raises(ValueError, match=r"takes a StructType, found 'id long': use StructType.fromDDL\('id long'\)"):
        create_feature_table(spark, f"{schema}.text", "id", schema="id long")
    maps = rows.select(F.create_map("name", "v").alias("m"), "v")
    with pytest.raises(ValueError, match=r"cannot have the key 'm' of type map: Spark does not compare maps"):
        create_feature_table(spark, f"{schema}.maps", "m", maps)


def test_a_merge_of_some_columns_takes_new_rows_whatever_spark_said_of_nulls_when_the_table_was_made(spark, schema):
    df = spark.range(2).selectExpr("id", "1.5D AS a", "2 AS b")  # of which Spark says that none is ever NULL
    create_feature_table(spark, f"{schema}.t", "id", df)
    write_feature_table(spark.createDataFrame([(1, 9.0), (7, 7.0)], "id long, a double"), f"{schema}.t")
    rows = spark.table(f"{schema}.t").orderBy("id").collect()
    assert [tuple(row) for row in rows] == [(0, 1.5, 2), (1, 9.0, 2), (7, 7.0, None)]


def test_a_column_that_was_declared_not_null_is_named_where_rows_have_no_value_for_it(spark, schema):
    from pyspark.sql.types import StructType

    declared = StructType.fromDDL("id long, a double, `b c` int NOT NULL")
    create_feature_table(spark, f"{schema}.t", "id", schema=declared)
    with pytest.raises(ValueError, match=rf"'b c' of {schema}.t is NOT NULL.*Nothing was written.*`b c` DROP NOT NULL"):
        write_feature_table(spark.createDataFrame([(7, 7.0)], "id long, a double"), f"{schema}.t")
    assert spark.table(f"{schema}.t").isEmpty()
