"""The rules of the Feature Engineering API, one after the other; the numbers are those of the project's reference."""

from __future__ import annotations

import datetime as dt
import inspect
import uuid
import warnings
from dataclasses import replace

import mlflow
import mlflow.sklearn
import pandas as pd
import pytest
from pyspark.sql import functions as F
from sklearn.ensemble import HistGradientBoostingRegressor

from headwater import FeatureEngineeringClient, FeatureStoreClient, lakehouse, serving
from headwater.features import (
    AggregationFunction,
    Avg,
    ColumnSelection,
    Count,
    DeltaTableSource,
    Feature,
    FeatureFunction,
    FeatureLookup,
    RollingWindow,
    SawtoothWindow,
    SlidingWindow,
    Sum,
    TumblingWindow,
    create_function,
)

AT = dt.datetime(2024, 1, 10, 12)
DAY = dt.timedelta(days=1)
ELSEWHERE = {
    32: "online stores: with a later issue",
    33: "serving endpoints: with a later issue",
}
COVERED: dict[int, list[str]] = {}


def rule(number, says):
    """Say which rule a test holds us to."""

    def note(test):
        COVERED.setdefault(number, []).append(test.__name__)
        test.__doc__ = f"Rule {number}: {says}."
        return test

    return note


def half(x: float | None) -> float | None:
    """Return the half, and -1 for NULL."""
    return -1.0 if x is None else x / 2


@pytest.fixture(scope="module")
def fe(spark):
    return FeatureEngineeringClient()


@pytest.fixture(scope="module")
def s(spark, fe):
    """A schema with feature tables, by one Spark write each: all rules share them."""
    name = f"main.rules_{uuid.uuid4().hex[:6]}"
    spark.sql(f"CREATE SCHEMA {name}")
    shops = spark.createDataFrame(
        [(1, "north", 10.0, 3), (2, None, 20.0, None)], "shop long, region string, size double, floors int"
    )
    fe.create_table(name=f"{name}.shops", primary_keys="shop", df=shops)
    sales = [(1, AT - DAY, 1.0, 4), (1, AT, 2.0, None), (1, AT + DAY, 3.0, 6), (2, AT - 9 * DAY, 9.0, 7)]
    df = spark.createDataFrame(sales, "shop long, ts timestamp, amount double, pieces int")
    fe.create_table(name=f"{name}.sales", primary_keys=["shop", "ts"], df=df, timeseries_column="ts")
    rates = spark.createDataFrame([("north", dt.date(2024, 1, 9), 0.5)], "region string, day date, tax double")
    fe.create_table(name=f"{name}.rates", primary_keys=["region", "day"], df=rates, timeseries_column="day")
    create_function(spark, half, f"{name}.half")
    yield name
    spark.sql(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(scope="module")
def spine(spark):
    rows = [(1, 1, AT, 0.0), (2, 2, AT, 1.0), (3, None, AT, 2.0), (4, 1, None, 3.0), (4, 1, None, 3.0)]
    df = spark.createDataFrame(rows, "id long, store long, at timestamp, y double")
    return df.withColumn("day", F.to_date("at")).cache()


def sales_of(s, **options):
    return FeatureLookup(f"{s}.sales", "store", timestamp_lookup_key="at", **options)


def shops_of(s, **options):
    return FeatureLookup(f"{s}.shops", "store", **options)


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


@rule(15, "all columns that are not keys by default; keys match by position, in number and exact type")
def test_rule_15(fe, s, spine):
    made = fe.create_training_set(df=spine, feature_lookups=[shops_of(s)], label="y")
    assert made.load_df().columns == ["id", "store", "at", "day", "region", "size", "floors", "y"]
    for key in (["store", "id"], "y", "at"):
        with pytest.raises(ValueError, match=r"lookup_key gives 2|must be bigint"):
            fe.create_training_set(df=spine, feature_lookups=[FeatureLookup(f"{s}.shops", key)], label=None)
    dated = FeatureLookup(f"{s}.sales", "store", timestamp_lookup_key="day")
    with pytest.raises(ValueError, match="'day' is date, must be timestamp"):
        fe.create_training_set(df=spine, feature_lookups=[dated], label="y")


@rule(16, "a time series table needs a timestamp_lookup_key, others refuse it; one lookback of at least 0 per table")
def test_rule_16(fe, s, spine):
    wrong = [
        lambda: [FeatureLookup(f"{s}.sales", "store")],
        lambda: [shops_of(s, timestamp_lookup_key="at")],
        lambda: [shops_of(s, lookback_window=DAY)],
        lambda: [sales_of(s, lookback_window=-DAY)],
        lambda: [sales_of(s, feature_names="amount", lookback_window=DAY), sales_of(s, feature_names="pieces")],
    ]
    for lookups in wrong:
        with pytest.raises(ValueError, match=r"timestamp_lookup_key|at least 0|several lookback"):
            fe.create_training_set(df=spine, feature_lookups=lookups(), label="y")


@pytest.fixture(scope="module")
def training_set(fe, s, spine):
    """One training set with all that rules 17 to 26 look at; its rows are computed once."""
    return fe.create_training_set(
        df=spine,
        feature_lookups=[
            sales_of(s, rename_outputs={"amount": "sold", "nothing": "x"}),
            FeatureFunction(udf_name=f"{s}.half", input_bindings={"x": "size"}, output_name="half_size"),
            shops_of(s, default_values={"size": 7.0, "floors": 1}),
            FeatureLookup(f"{s}.rates", "region", timestamp_lookup_key="day"),
        ],
        label="y",
        exclude_columns=["store", "region"],
        some_argument_of_a_later_version=True,
    )


@pytest.fixture(scope="module")
def rows(training_set):
    return {(row["id"], i): row for i, row in enumerate(training_set.load_df().orderBy("id").collect())}


@rule(17, "rename_outputs ignores strangers; defaults fill missing rows and stored NULLs, after the functions")
def test_rule_17(rows):
    no_shop, stored_null = rows[3, 2], rows[2, 1]
    assert (no_shop["size"], no_shop["half_size"]) == (7.0, -1.0)
    assert (stored_null["floors"], stored_null["size"], stored_null["half_size"]) == (1, 20.0, 10.0)
    assert rows[1, 0]["sold"] == 2.0


@rule(18, "exactly one of lookups, spec and features; labels by name, names or None; unknown arguments are ignored")
def test_rule_18(fe, s, spine, training_set):
    assert training_set.labels == ("y",)
    with pytest.raises(ValueError, match=r"exactly one of .*found none"):
        fe.create_training_set(df=spine, label="y")
    with pytest.raises(ValueError, match=r"exactly one of .*found feature_lookups and feature_spec"):
        fe.create_training_set(df=spine, feature_lookups=[], feature_spec=f"{s}.x", label="y")
    assert fe.create_training_set(df=spine, feature_lookups=[shops_of(s)], label=["y", "id"]).labels == ("y", "id")
    assert fe.create_training_set(df=spine, feature_lookups=[shops_of(s)], label=None).labels == ()


@rule(18, "a feature spec of the catalog gives what its lookups and functions would")
def test_rule_18_spec(fe, s, spine):
    lookups = [
        shops_of(s, feature_names=["size"]),
        FeatureFunction(udf_name=f"{s}.half", input_bindings={"x": "size"}),
    ]
    made = fe.create_feature_spec(name=f"{s}.spec", features=lookups, exclude_columns=["size"])
    assert ([c.name for c in made.spec.source], [c.name for c in made.spec.columns]) == (["store"], ["store", "half"])
    ours = fe.create_training_set(df=spine, feature_spec=f"{s}.spec", label="y")
    theirs = fe.create_training_set(df=spine, feature_lookups=lookups, label="y", exclude_columns="size")
    assert ours.feature_spec == theirs.feature_spec
    fe.update_feature_spec(name=f"{s}.spec", owner="team")
    with pytest.raises(ValueError, match="exists already"):
        fe.create_feature_spec(name=f"{s}.spec", features=lookups)
    fe.delete_feature_spec(name=f"{s}.spec")
    with pytest.raises(ValueError, match="There is no feature spec"):
        fe.create_training_set(df=spine, feature_spec=f"{s}.spec", label="y")


@rule(19, "what cannot work is refused when the training set is made, with the column and the table")
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda s: {"lookups": [shops_of(s), shops_of(s)]}, "'region' would come from .*shops and from .*shops"),
        (lambda s: {"lookups": [shops_of(s, rename_outputs={"size": "y"})]}, "'y' would come .* the labels"),
        (lambda s: {"lookups": [shops_of(s, rename_outputs={"size": "id"})]}, "'id' would come .* df"),
        (lambda s: {"lookups": [shops_of(s, feature_names="sise")]}, "'sise' is not in .*shops"),
        (lambda s: {"lookups": [FeatureLookup(f"{s}.shops", "nope")]}, "shops needs 'nope'"),
        (lambda _: {"label": "nope"}, "'nope' is not in df"),
        (lambda _: {"exclude": "y"}, "cannot be a label and excluded"),
        (lambda s: {"lookups": [FeatureFunction(udf_name=f"{s}.half")]}, "'x' is not in the input_bindings"),
        (
            lambda s: {"lookups": [FeatureFunction(udf_name=f"{s}.half", input_bindings={"x": "y"}, output_name="id")]},
            "'id' would come",
        ),
        (
            lambda s: {
                "lookups": [
                    FeatureFunction(udf_name=f"{s}.half", input_bindings={"x": "id"}, output_name=f"f{i}")
                    for i in range(101)
                ]
            },
            "at most 100 functions",
        ),
    ],
)
def test_rule_19(fe, s, spine, spark, wrong, sentence):
    given = {"lookups": [shops_of(s)], "label": "y", "exclude": None} | wrong(s)
    with pytest.raises(ValueError, match=sentence):
        fe.create_training_set(
            df=spine, feature_lookups=given["lookups"], label=given["label"], exclude_columns=given["exclude"]
        )


@rule(20, "columns come in order: df's, features in the lookups' order, on-demand ones, labels")
def test_rule_20(training_set):
    names = ["id", "at", "day", "sold", "pieces", "size", "floors", "tax", "half_size", "y"]
    assert training_set.load_df().columns == names
    assert {"store", "at", "day"} <= set(training_set.feature_spec.required)


@rule(21, "an ordinary lookup keeps every row, and NULL keys never match")
def test_rule_21(rows):
    assert rows[3, 2]["sold"] is None
    assert rows[3, 2]["tax"] is None


@rule(22, "lookups and functions chain")
def test_rule_22(rows):
    assert (rows[1, 0]["tax"], rows[1, 0]["half_size"]) == (0.5, 5.0)


@rule(23, "the row of the greatest time at or before the label's is taken whole: its NULL stays")
def test_rule_23(rows):
    assert (rows[1, 0]["sold"], rows[1, 0]["pieces"]) == (2.0, None)
    assert (rows[2, 1]["sold"], rows[2, 1]["pieces"]) == (9.0, 7)


@rule(24, "lookback is inclusive, 0 is an exact match, outside it all features are NULL")
def test_rule_24(fe, s, spark):
    df = spark.createDataFrame([(1, AT + DAY / 2), (2, AT)], "store long, at timestamp")

    def amounts(window):
        made = fe.create_training_set(df=df, feature_lookups=[sales_of(s, lookback_window=window)], label=None)
        return [(row["amount"], row["pieces"]) for row in made.load_df().orderBy("store").collect()]

    assert amounts(DAY / 2) == [(2.0, None), (None, None)]
    assert amounts(dt.timedelta(0)) == [(None, None), (None, None)]
    assert amounts(9 * DAY) == [(2.0, None), (9.0, 7)]


@rule(25, "label rows are never lost or multiplied; a NULL time gives NULL features")
def test_rule_25(rows):
    assert [number for number, _ in rows] == [1, 2, 3, 4, 4]
    assert [rows[4, i]["sold"] for i in (3, 4)] == [None, None]
    assert [rows[4, i]["size"] for i in (3, 4)] == [10.0, 10.0]


@rule(26, "DATE keys stay DATE, and the two switches change nothing")
def test_rule_26(fe, s, spine, training_set):
    assert dict(training_set.load_df().dtypes)["day"] == "date"
    lookups = [sales_of(s)]
    plain = fe.create_training_set(df=spine, feature_lookups=lookups, label="y").load_df()
    switched = fe.create_training_set(
        df=spine, feature_lookups=lookups, label="y", use_spark_native_join=True, use_timeseries_filtering=True
    ).load_df()
    assert sorted(plain.collect(), key=str) == sorted(switched.collect(), key=str)


@pytest.fixture(scope="module")
def logged(fe, s, spark):
    """A model of a source column, looked-up ones (a nullable INT among them) and an on-demand one."""
    df = spark.range(60).selectExpr("id % 3 + 1 AS store", "CAST(id % 7 AS INT) AS n", "CAST(id % 3 AS DOUBLE) AS y")
    lookups = [
        shops_of(s, feature_names=["size", "floors"]),
        FeatureFunction(udf_name=f"{s}.half", input_bindings={"x": "size"}, output_name="half_size"),
    ]
    made = fe.create_training_set(df=df, feature_lookups=lookups, label="y", exclude_columns="store")
    frame = made.load_df().toPandas()
    inputs = frame[["n", "size", "floors", "half_size"]].astype("float64")
    model = HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=2).fit(inputs, frame["y"])
    mlflow.set_experiment("rules")
    with mlflow.start_run():
        found = fe.log_model(
            model=model,
            artifact_path="model",
            flavor=mlflow.sklearn,
            training_set=made,
            registered_model_name=f"{s}.model",
            signature=mlflow.models.infer_signature(inputs, frame["y"].to_numpy()),
            pip_requirements=["scikit-learn"],
            await_registration_for=60,
        )
    return found, model


@rule(28, "the artefact holds the feature spec beside the raw model, which loads by itself")
def test_rule_28(logged):
    artifact = serving.open_model(logged[0].model_uri)
    assert [step.table.rpartition(".")[2] for step in artifact.spec.lookups] == ["shops"]
    assert "return -1.0 if x is None" in artifact.spec.functions[0].function.source
    assert isinstance(mlflow.sklearn.load_model(str(artifact.raw_model)), HistGradientBoostingRegressor)


@rule(28, "mlflow.pyfunc loads it: features are looked up, or taken where they are given")
def test_rule_28_pyfunc(logged, spark):
    found, model = logged
    packaged = mlflow.pyfunc.load_model(found.model_uri)
    keys = pd.DataFrame({"store": [2, 1, 77], "n": pd.array([1, 2, 3], "int32")})
    known = pd.DataFrame({"n": [1, 2, 3], "size": [20.0, 10.0, None], "floors": [None, 3.0, None]})
    known["half_size"] = [10.0, 5.0, -1.0]
    assert list(packaged.predict(keys)) == list(model.predict(known))
    given = known.astype({"n": "int32"}).assign(
        store=[2, 1, 77], floors=pd.array([1, 3, 2], "int32"), size=[1.0, 2.0, 3.0]
    )
    assert list(packaged.predict(given)) == list(model.predict(given[["n", "size", "floors", "half_size"]]))


@rule(28, "mlflow.pyfunc.spark_udf looks features up on the workers, and takes those that are given")
def test_rule_28_spark_udf(fe, logged, spark):
    found, model = logged
    udf = mlflow.pyfunc.spark_udf(spark, found.model_uri, "double")
    df = spark.sql("SELECT 1L AS store, 2 AS n, 10D AS size, 3 AS floors, 5D AS half_size")
    row = pd.DataFrame({"n": [2], "size": [10.0], "floors": [3.0], "half_size": [5.0]})
    assert df.select(udf(F.struct(*df.columns))).collect()[0][0] == model.predict(row)[0]
    asked = spark.createDataFrame([(1, 1), (2, 2), (1, 3), (77, 4)], "store long, n int").coalesce(1)
    found_again = [row[0] for row in asked.select(udf(F.struct("store", "n"))).collect()]
    assert found_again == [row["prediction"] for row in fe.score_batch(model_uri=found.model_uri, df=asked).collect()]


@rule(29, "outside, source columns are required and computed ones optional; inside is the user's own signature")
def test_rule_29(logged):
    outer = mlflow.models.get_model_info(logged[0].model_uri).signature.inputs.inputs
    assert {c.name: c.required for c in outer} == {
        "store": True,
        "n": True,
        "size": False,
        "floors": False,
        "half_size": False,
    }
    raw = mlflow.models.Model.load(str(serving.open_model(logged[0].model_uri).raw_model))
    assert raw.signature.inputs.input_names() == ["n", "size", "floors", "half_size"]


@rule(30, "score_batch gives df, computed inputs that are not excluded, and the prediction; given columns override")
def test_rule_30(fe, logged, spark):
    found, model = logged
    df = spark.createDataFrame([(2, 1), (1, 2), (77, 3)], "store long, n int")
    scored = fe.score_batch(model_uri=found.model_uri, df=df, env_manager="local", use_spark_native_join=True)
    assert scored.columns == ["store", "n", "size", "floors", "half_size", "prediction"]
    rows = scored.orderBy("n").toPandas()
    assert list(rows["prediction"]) == list(model.predict(rows[["n", "size", "floors", "half_size"]].astype("float64")))
    one = fe.score_batch(model_uri=found.model_uri, df=df.withColumn("half_size", F.lit(99.0))).first()
    assert one["half_size"] == 99.0


@rule(30, "predictions have the type that is asked for")
@pytest.mark.parametrize(
    ("asked", "kind"), [("float", "float"), ("string", "string"), ("array<double>", "array<double>")]
)
def test_rule_30_types(fe, logged, spark, asked, kind):
    df = spark.createDataFrame([(2, 1)], "store long, n int")
    scored = fe.score_batch(model_uri=logged[0].model_uri, df=df, result_type=asked)
    assert dict(scored.dtypes)["prediction"] == kind


@rule(30, "what cannot be scored is refused, and everything that is missing is named")
def test_rule_30_refused(fe, logged, spark):
    uri, df = logged[0].model_uri, spark.createDataFrame([(2, 1)], "store long, n int")
    refused = [
        (df.select(F.lit(1).alias("z")), {}, "'store', 'n' are not in df"),
        (df.withColumn("prediction", F.lit(1)), {}, "'prediction' already"),
        (spark.readStream.format("rate").load(), {}, "found a stream"),
        (df, {"env_manager": "docker"}, "env_manager='docker' is unknown"),
        (df, {"result_type": "dubble"}, "not a type of Spark"),
    ]
    for rows, options, sentence in refused:
        with pytest.raises(ValueError, match=sentence):
            fe.score_batch(model_uri=uri, df=rows, **options)


@rule(31, "a table that was dropped and made again since training gives a warning")
def test_rule_31(fe, s, logged, spark):
    df = spark.createDataFrame([(2, 1)], "store long, n int")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        fe.score_batch(model_uri=logged[0].model_uri, df=df)
    shops = spark.createDataFrame(fe.read_table(name=f"{s}.shops").collect(), fe.read_table(name=f"{s}.shops").schema)
    fe.drop_table(name=f"{s}.shops")
    fe.create_table(name=f"{s}.shops", primary_keys="shop", df=shops)
    with pytest.warns(UserWarning, match="was dropped and made again since the model was trained"):
        fe.score_batch(model_uri=logged[0].model_uri, df=df)


@rule(27, "looking up the latest row for a key leaves the older ones and any lookback out of account")
def test_rule_27(fe, s, spark):
    from headwater.features import join_latest

    newest = fe.read_table(name=f"{s}.sales").groupBy("shop").agg(F.max_by("amount", "ts").alias("amount"))
    spine = spark.createDataFrame([(1,), (2,), (3,)], "store long")
    joined = join_latest(spine, newest, keys=[("store", "shop")], outputs={"amount": "amount"})
    assert sorted(joined.collect()) == [(1, 3.0), (2, 9.0), (3, None)]


def amounts_of(s, window, function=Sum):
    source = DeltaTableSource(
        **dict(zip(("catalog_name", "schema_name", "table_name"), f"{s}.sales".split("."), strict=True))
    )
    measure = AggregationFunction(function("amount"), window)
    return Feature(source=source, function=measure, entity="shop", timeseries_column="ts")


@rule(34, "a declared feature is kept in the catalog, computed, and asked for by training sets")
def test_rule_34(fe, s, spark):
    catalog, schema = s.split(".")
    made = amounts_of(s, RollingWindow(window_duration=2 * DAY))
    where = {"catalog_name": catalog, "schema_name": schema}
    kept = fe.create_feature(
        source=made.source, function=made.function, entity="shop", timeseries_column="ts", name="amount_2d", **where
    )
    assert fe.get_feature(full_name=f"{s}.amount_2d") == kept
    assert fe.list_features(**where) == [kept]
    assert fe.compute_features(features=[kept]).columns == ["shop", "ts", "amount_2d"]
    labels = spark.createDataFrame([(1, AT, 0), (9, AT, 1)], "shop long, ts timestamp, y int")
    rows = fe.create_training_set(df=labels, features=[kept], label="y", exclude_columns=["shop", "ts"]).load_df()
    assert sorted(rows.collect(), key=lambda row: row.y) == [(1.0, 0), (None, 1)]
    fe.delete_feature(full_name=f"{s}.amount_2d")
    assert fe.list_features(**where) == []


@rule(
    35,
    "windows end before the label's time, on their own multiples, in UTC; of an empty one counts are 0 and all else NULL",
)
def test_rule_35(fe, s, spark):
    # Shop 1 sold for 1.0 at noon of the 9th, 2.0 of the 10th and 3.0 of the 11th; shop 2 for 9.0 at noon of the 1st.
    windows = {
        "rolling": RollingWindow(window_duration=DAY),
        "delayed": RollingWindow(window_duration=DAY, delay=DAY),
        "tumbling": TumblingWindow(window_duration=DAY),
        "sliding": SlidingWindow(window_duration=DAY, slide_duration=DAY / 2),
        "sawtooth": SawtoothWindow(window_duration=8 * DAY + DAY / 4 * 3),
    }
    asked = [replace(amounts_of(s, window), name=name) for name, window in windows.items()]
    asked.append(replace(amounts_of(s, windows["rolling"], Count), name="counted"))
    asked.append(replace(asked[0], function=ColumnSelection("amount"), name="as_of"))
    moment = dt.timedelta(microseconds=1)
    times = [(1, AT), (1, AT + moment), (1, AT + DAY / 2), (2, AT), (9, AT)]
    labels = spark.createDataFrame([(i, *time) for i, time in enumerate(times)], "i int, shop long, ts timestamp")
    rows = fe.create_training_set(df=labels, features=asked, label="i", exclude_columns=["shop", "ts"]).load_df()
    assert [tuple(row)[:-1] for row in sorted(rows.collect(), key=lambda row: row.i)] == [
        (1.0, None, 1.0, 1.0, 1.0, 1, 2.0),  # noon: the event of that moment is not before it, but as of it
        (2.0, 1.0, 1.0, 1.0, 3.0, 1, 2.0),
        (2.0, 1.0, 2.0, 2.0, 3.0, 1, 2.0),  # midnight: the day of the 10th is complete
        (None, None, None, None, 9.0, 0, 9.0),  # 8 days and 18 hours before, and on to the midnight before that
        (None, None, None, None, None, 0, None),
    ]


@rule(36, "names are made of column, function, window and its lengths")
def test_rule_36(s):
    week = RollingWindow(window_duration=7 * DAY)
    month = TumblingWindow(window_duration=30 * DAY)
    daily = SlidingWindow(window_duration=7 * DAY, slide_duration=DAY)
    assert [amounts_of(s, window, function).name for window, function in ((week, Sum), (month, Avg), (daily, Sum))] == [
        "amount_sum_rolling_7d",
        "amount_avg_tumbling_30d",
        "amount_sum_sliding_7d_1d",
    ]


@pytest.mark.parametrize("number", range(1, 37))
def test_every_rule_has_a_test_here_or_elsewhere(number):
    assert (number in COVERED) != (number in ELSEWHERE)


def test_the_clients_methods_say_where_their_rules_are():
    for client in (FeatureEngineeringClient, FeatureStoreClient):
        for name, method in inspect.getmembers(client, inspect.isfunction):
            assert name.startswith("_") or method.__doc__, name
