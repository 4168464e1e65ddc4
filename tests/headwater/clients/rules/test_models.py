"""The rules of logged models and scores, by their numbers."""

from __future__ import annotations

import warnings

import mlflow
import mlflow.sklearn
import pandas as pd
import pytest
from pyspark.sql import functions as F
from sklearn.ensemble import HistGradientBoostingRegressor

from headwater import serving
from headwater.features import (
    FeatureFunction,
)
from tests.headwater.clients.rules.rule import rule, shops_of


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
