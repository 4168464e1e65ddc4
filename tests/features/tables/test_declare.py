"""Feature tables: the rules of the API, each by its number in docs/reference."""

import pandas as pd
import pytest
from pyspark.sql import functions as F

from headwater import lakehouse
from headwater.features import (
    create_feature_table,
    declare_feature_table,
    delete_tag,
    get_feature_table,
    set_tag,
    write_feature_table,
)


@pytest.fixture
def rows(spark):
    return spark.createDataFrame([(1, "a", 1.0), (2, "b", 2.0)], "id long, name string, v double")


@pytest.fixture
def table(spark, schema, rows):
    return create_feature_table(spark, f"{schema}.f", "id", rows, description="what it is", tags={"team": "x"})


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


def test_rule_8_a_feature_table_says_what_it_is_and_a_missing_one_raises(spark, schema, table):
    assert (table.primary_keys, table.features, table.description) == (("id",), ("name", "v"), "what it is")
    assert table.tags == {"team": "x"}
    with pytest.raises(lakehouse.TableNotFoundError):
        get_feature_table(spark, f"{schema}.nope")
    lakehouse.create_table(spark, f"{schema}.plain", table.schema)
    with pytest.raises(ValueError, match="without a primary key, so it is not a feature table"):
        get_feature_table(spark, f"{schema}.plain")


def test_rule_9_a_merge_writes_only_the_columns_it_has(spark, table):
    write_feature_table(spark.createDataFrame([(2, 20.0), (3, 30.0)], "id long, v double"), table.name)
    found = sorted(lakehouse.read_table(spark, table.name).collect())
    assert found == [(1, "a", 1.0), (2, "b", 20.0), (3, None, 30.0)]


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        (
            "SELECT 5L AS id, 1D AS v UNION ALL SELECT 5L, 2D",
            r"1 keys \(id\) with more than one row, for example \(5\)",
        ),
        ("SELECT CAST(NULL AS BIGINT) AS id, 1D AS v", "NULL keys: 1 in 'id'"),
        ("SELECT 1D AS v", r"'id' is not in the DataFrame .*primary keys"),
        ("SELECT 5 AS id, 1D AS v", "'id' is int, must be bigint"),
        ("SELECT 5L AS id, 'x' AS v", "'v' is string, must be double"),
        ("SELECT 5L AS id, 1D AS V", "'V' .* differs only by case from the table's 'v'"),
    ],
)
def test_rule_10_and_11_bad_rows_are_refused_and_nothing_is_written(spark, table, sql, sentence):
    before = lakehouse.table_version(spark, table.name)
    with pytest.raises(ValueError, match=sentence):
        write_feature_table(spark.sql(sql), table.name)
    assert lakehouse.table_version(spark, table.name) == before


def test_rule_11_new_columns_are_added(spark, table):
    write_feature_table(spark.sql("SELECT 1L AS id, 'new' AS extra"), table.name)
    assert get_feature_table(spark, table.name).features == ("name", "v", "extra")


def test_rule_12_a_time_series_table_takes_whole_rows(spark, schema, rows):
    df = rows.withColumn("ts", F.current_timestamp())
    table = create_feature_table(spark, f"{schema}.t", ["id", "ts"], df, timeseries_column="ts")
    with pytest.raises(ValueError, match=r"'name' is not in .*whole rows"):
        write_feature_table(df.drop("name"), table.name)


def test_rule_13_overwriting_and_pandas_are_refused_with_the_way_out(spark, table):
    with pytest.raises(ValueError, match="drop_table and create_table"):
        write_feature_table(lakehouse.read_table(spark, table.name), table.name, mode="overwrite")
    with pytest.raises(ValueError, match=r"found pandas.DataFrame: convert it with spark.createDataFrame"):
        write_feature_table(pd.DataFrame({"id": [1]}), table.name)


def test_tags_are_set_replaced_and_removed(spark, table):
    set_tag(spark, table.name, "team", "y")
    set_tag(spark, table.name, "since", "2024")
    assert get_feature_table(spark, table.name).tags == {"team": "y", "since": "2024"}
    delete_tag(spark, table.name, "team")
    assert get_feature_table(spark, table.name).tags == {"since": "2024"}
    with pytest.raises(ValueError, match=r"has no tag 'team'. Known: since"):
        delete_tag(spark, table.name, "team")


def test_a_copied_table_is_still_a_feature_table(spark, schema, table, home):
    import shutil
    from pathlib import Path

    folder = Path(home) / "warehouse" / f"{schema.split('.')[1]}.db"
    shutil.copytree(folder / "f", folder / "copy")
    copy = get_feature_table(spark, f"{schema}.copy")
    assert (copy.primary_keys, copy.tags, copy.table_id) == (table.primary_keys, table.tags, table.table_id)


def test_columns_that_delta_fills_need_not_be_written(spark, schema):
    name = f"{schema}.filled"
    spark.sql(
        f"CREATE TABLE {name} (id BIGINT NOT NULL, ts TIMESTAMP NOT NULL, v DOUBLE, "
        "day DATE GENERATED ALWAYS AS (CAST(ts AS DATE)), "
        "number BIGINT GENERATED BY DEFAULT AS IDENTITY, source STRING DEFAULT 'app') USING delta "
        "TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')"
    )
    declare_feature_table(spark, name, ["id", "ts"], ["ts"])
    rows = spark.sql("SELECT 1L AS id, timestamp'2024-03-01 12:00:00' AS ts, 2.0D AS v")
    write_feature_table(rows, name)
    write_feature_table(rows.withColumn("v", F.lit(3.0)), name)
    (row,) = lakehouse.read_table(spark, name).collect()
    assert (row["v"], str(row["day"]), row["source"]) == (3.0, "2024-03-01", "app")
    assert row["number"] is not None
    with pytest.raises(ValueError, match="'v' is not in the DataFrame for"):
        write_feature_table(rows.drop("v"), name)


def test_wrong_arguments_are_said_in_a_sentence(spark, schema, rows):
    with pytest.raises(ValueError, match=r"A table name is text like 'catalog.schema.table', found None"):
        create_feature_table(spark, None, "id", rows)
    with pytest.raises(ValueError, match=r"takes a StructType, found 'id long': use StructType.fromDDL\('id long'\)"):
        create_feature_table(spark, f"{schema}.text", "id", schema="id long")
    maps = rows.select(F.create_map("name", "v").alias("m"), "v")
    with pytest.raises(ValueError, match=r"cannot have the key 'm' of type map: Spark does not compare maps"):
        create_feature_table(spark, f"{schema}.maps", "m", maps)
