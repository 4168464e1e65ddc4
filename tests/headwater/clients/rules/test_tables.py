"""The rules of feature tables; the numbers are those of docs/reference/feature-engineering-rules.md."""

from __future__ import annotations

import pandas as pd
import pytest

from headwater import FeatureStoreClient, lakehouse
from headwater.features import (
    FeatureLookup,
)
from tests.headwater.clients.rules.rule import rule


@rule(1, "an existing table is returned as it is, and df is not written")
def test_rule_1(fe, s, spark):
    other = spark.createDataFrame([(9, "x", 1.0, 1)], "shop long, region string, size double, floors int")
    assert fe.create_table(name=f"{s}.shops", primary_keys="shop", df=other) == fe.get_table(name=f"{s}.shops")
    assert fe.read_table(name=f"{s}.shops").where("shop = 9").isEmpty()


@rule(2, "the time column is among the keys, beside at least one other; keys are neither missing nor double")
@pytest.mark.parametrize(("keys", "time"), [([], None), (["id", "id"], None), ("id", "ts"), ("ts", "ts")])
def test_rule_2(fe, s, spark, keys, time):
    df = spark.sql("SELECT 1L AS id, TIMESTAMP'2024-01-01' AS ts, 1D AS v")
    with pytest.raises(ValueError, match="key"):
        fe.create_table(name=f"{s}.bad", primary_keys=keys, df=df, timeseries_column=time)


@rule(3, "df or schema is needed, both only if they are equal; keys and partition columns are in it")
@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"schema": "id long, v string", "df": 1},
        {"df": 1, "primary_keys": "nope"},
        {"df": 1, "partition_columns": "nope"},
    ],
)
def test_rule_3(fe, s, spark, wrong):
    from pyspark.sql.types import StructType

    given = {"primary_keys": "id"} | wrong
    given |= {"df": spark.sql("SELECT 1L AS id, 1D AS v")} if "df" in wrong else {}
    given |= {"schema": StructType.fromDDL(wrong["schema"])} if "schema" in wrong else {}
    with pytest.raises(ValueError, match=r"df|not in the columns"):
        fe.create_table(name=f"{s}.bad", **given)


@rule(4, "keys become NOT NULL, the time key is last; null and double keys fail, and leave no table")
def test_rule_4(fe, s, spark):
    table = fe.get_table(name=f"{s}.sales")
    assert (table.primary_keys, [f.name for f in table.schema if not f.nullable]) == (("shop", "ts"), ["shop", "ts"])
    for key in ("NULL", "1L"):
        df = spark.sql(f"SELECT 1L AS id UNION ALL SELECT {key}")
        with pytest.raises(ValueError, match=r"NULL keys|more than one row"):
            fe.create_table(name=f"{s}.bad", primary_keys="id", df=df)
    assert not lakehouse.table_exists(spark, f"{s}.bad")


@rule(5, "these types are allowed, and no others")
def test_rule_5(fe, s, spark):
    every = (
        "1 AS i, 1L AS l, 1S AS s, 1F AS f, 1D AS d, 'x' AS t, true AS b, DATE'2024-01-01' AS dd, current_timestamp() AS ts, "
        "X'01' AS x, 1.5BD AS dec, array(1) AS a, map('k', 1) AS m, struct(1 AS z) AS st"
    )
    made = fe.create_table(name=f"{s}.types", primary_keys="i", df=spark.sql(f"SELECT {every}"))
    assert len(made.features) == 13
    with pytest.raises(ValueError, match=r"cannot hold 'v' \(tinyint\)"):
        fe.create_table(name=f"{s}.bad", primary_keys="i", df=spark.sql("SELECT 1 AS i, 1Y AS v"))


@rule(6, "a date key that is not the time series key makes a table unusable for training sets")
def test_rule_6(fe, s, spark, spine):
    fe.create_table(name=f"{s}.days", primary_keys="day", df=spark.sql("SELECT DATE'2024-01-01' AS day, 1D AS v"))
    with pytest.raises(ValueError, match="has the date key 'day', which is not its time series column"):
        fe.create_training_set(df=spine, feature_lookups=[FeatureLookup(f"{s}.days", "day")], label="y")


@rule(7, "any Delta table with a declared primary key is a feature table, also one made by SQL")
def test_rule_7(fe, s, spark):
    spark.sql(
        f"CREATE TABLE {s}.ddl (k BIGINT NOT NULL, ts TIMESTAMP NOT NULL, v DOUBLE, PRIMARY KEY (k, ts TIMESERIES))"
    )
    table = fe.get_table(name=f"{s}.ddl")
    assert (table.primary_keys, table.timestamp_keys, table.features) == (("k", "ts"), ("ts",), ("v",))


@rule(8, "a table says what it is; a missing one raises")
def test_rule_8(fe, s, spark):
    df = spark.sql("SELECT 1L AS id, 'a' AS p, 1D AS v")
    said = {"description": "what", "tags": {"team": "x"}, "partition_columns": "p"}
    fe.create_table(name=f"{s}.said", primary_keys="id", df=df, **said)
    table = fe.get_table(name=f"{s}.said")
    assert (table.name, table.description, table.tags) == (f"{s}.said", "what", {"team": "x"})
    assert (table.partition_columns, table.features, table.online_stores) == (("p",), ("p", "v"), ())
    assert table.table_id
    assert table.creation_timestamp > 1_600_000_000_000
    with pytest.raises(lakehouse.TableNotFoundError):
        fe.get_table(name=f"{s}.nope")


@pytest.fixture(scope="module")
def written(fe, s, spark):
    df = spark.createDataFrame([(1, "a", 1.0), (2, "b", 2.0)], "id long, name string, v double")
    fe.create_table(name=f"{s}.written", primary_keys="id", df=df)
    return f"{s}.written"


@rule(9, "a merge writes the columns that df has; new rows get NULL for the others")
def test_rule_9(fe, spark, written):
    fe.write_table(name=written, df=spark.createDataFrame([(2, 20.0), (3, 30.0)], "id long, v double"))
    found = fe.read_table(name=written).select("id", "name", "v").collect()
    assert sorted(found) == [(1, "a", 1.0), (2, "b", 20.0), (3, None, 30.0)]


@rule(10, "double, null, missing and mistyped keys are refused")
@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELECT 5L AS id UNION ALL SELECT 5L", "more than one row"),
        ("SELECT CAST(NULL AS BIGINT) AS id", "NULL keys"),
        ("SELECT 1D AS v", "'id' is not in"),
        ("SELECT 5 AS id, 1D AS v", "'id' is int, must be bigint"),
    ],
)
def test_rule_10(fe, spark, written, sql, sentence):
    with pytest.raises(ValueError, match=sentence):
        fe.write_table(name=written, df=spark.sql(sql))


@rule(11, "new columns are added; other types and names that differ by case alone are refused")
def test_rule_11(fe, spark, written):
    fe.write_table(name=written, df=spark.sql("SELECT 1L AS id, 'new' AS extra"))
    assert fe.get_table(name=written).features == ("name", "v", "extra")
    for sql in ("SELECT 5L AS id, 'x' AS v", "SELECT 5L AS id, 1D AS V"):
        with pytest.raises(ValueError, match=r"'v' is string, must be double|differs only by case"):
            fe.write_table(name=written, df=spark.sql(sql))


@rule(12, "a time series table takes whole rows")
def test_rule_12(fe, s, spark):
    with pytest.raises(ValueError, match=r"'pieces' is not in .*whole rows"):
        fe.write_table(name=f"{s}.sales", df=spark.sql("SELECT 1L AS shop, current_timestamp() AS ts, 1D AS amount"))


@rule(13, "the new client does not overwrite, the older one does; pandas is refused with the way out")
def test_rule_13(fe, s, spark):
    df = spark.createDataFrame([(1, 1.0), (2, 2.0)], "id long, v double")
    fs = FeatureStoreClient()
    fs.create_table(f"{s}.over", "id", df)
    with pytest.raises(ValueError, match="drop_table and create_table"):
        fe.write_table(name=f"{s}.over", df=df, mode="overwrite")
    with pytest.raises(ValueError, match=r"convert it with spark\.createDataFrame"):
        fe.write_table(name=f"{s}.over", df=pd.DataFrame({"id": [1]}))
    fs.write_table(f"{s}.over", spark.createDataFrame([(9, "x")], "id long, extra string"), "overwrite")
    assert fs.read_table(f"{s}.over").collect() == [(9, None, "x")]


@rule(14, "a stream is upserted per micro-batch by the query that is returned, each batch once")
def test_rule_14(fe, s, spark, tmp_path):
    source, checkpoint, name = tmp_path / "source", tmp_path / "checkpoint", f"{s}.streamed"
    pairs = "id long, v double"

    def arrive(*rows):
        spark.createDataFrame(rows, pairs).coalesce(1).write.format("delta").mode("append").save(str(source))

    def run():
        df = spark.readStream.format("delta").load(str(source))
        query = fe.write_table(name=name, df=df, checkpoint_location=str(checkpoint), trigger={"availableNow": True})
        assert query.awaitTermination(120)
        return sorted(fe.read_table(name=name).collect())

    arrive((1, 1.0), (2, 2.0))
    fe.create_table(name=name, primary_keys="id", schema=spark.createDataFrame([], pairs).schema)
    assert run() == [(1, 1.0), (2, 2.0)]
    arrive((2, 20.0))
    assert run() == [(1, 1.0), (2, 20.0)]
    for file in ("1", ".1.crc"):  # as after a crash between the merge and Spark's note of it
        (checkpoint / "commits" / file).unlink()
    fe.write_table(name=name, df=spark.createDataFrame([(2, 99.0)], pairs))
    assert run() == [(1, 1.0), (2, 99.0)]
    with pytest.raises(ValueError, match="differs only by case"):
        fe.write_table(name=name, df=spark.readStream.format("delta").load(str(source)).withColumnRenamed("v", "V"))
