"""Columns of every type reach a model: by MLflow's own call and by score_batch alike."""

from __future__ import annotations

from decimal import Decimal

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec

from headwater import FeatureEngineeringClient
from headwater.features import FeatureLookup
from headwater.lakehouse import settings_of
from headwater.training import use_store

DDL = "id long, tiny tinyint, price decimal(10,2), sizes array<int>, place struct<x:double,tag:string>, seen map<string,int>"
ROWS = [
    (0, 1, Decimal("2.50"), [1, 2], (0.5, "a"), {"k": 3}),
    (1, -2, Decimal("-1.25"), [4, None], (None, "b"), {"k": None}),
    (2, None, None, None, None, None),
    (3, 7, Decimal("0.10"), [], (2.0, None), {}),
]


class Total(mlflow.pyfunc.PythonModel):
    """Add up all numbers of a row, whatever holds them; anything that is not a number or a container is an error."""

    def predict(self, context, model_input, params=None):
        del context, params
        return np.array([self.total(row) for row in model_input.to_dict("records")], dtype=float)

    def total(self, value) -> float:
        if value is None or isinstance(value, str) or (isinstance(value, float) and np.isnan(value)):
            return 0.0
        if hasattr(value, "asDict"):
            value = value.asDict()
        values = value.values() if isinstance(value, dict) else value
        return sum(map(self.total, values)) if np.ndim(values) or isinstance(value, dict) else float(value)


@pytest.fixture
def logged(spark, schema):
    """Give what logs a model on the rows and one looked-up column."""
    use_store(settings_of(spark))
    client = FeatureEngineeringClient()
    features = spark.createDataFrame([(i, 10.0 * i) for i in range(4)], "id long, base double")
    client.create_table(name=f"{schema}.f", primary_keys="id", df=features)
    rows = spark.createDataFrame(ROWS, DDL)
    mlflow.set_experiment("serving-tests")

    def log(model, keep=(), **kwargs):
        spine = rows.select("id", *(keep or rows.columns[1:]))
        training_set = client.create_training_set(
            df=spine,
            feature_lookups=[FeatureLookup(f"{schema}.f", "id")],
            label=None,
            exclude_columns="id",
        )
        with mlflow.start_run():
            made = client.log_model(
                model=model,
                artifact_path="model",
                flavor=mlflow.pyfunc,
                training_set=training_set,
                pip_requirements=["mlflow"],
                **kwargs,
            )
        return client, made.model_uri, spine, training_set

    return log


def test_request_time_columns_of_all_types_give_one_score_by_mlflow_and_by_spark(logged, spark, monkeypatch):
    client, uri, rows, _ = logged(Total())
    scored = client.score_batch(model_uri=uri, df=rows).orderBy("id").toPandas()
    np.testing.assert_allclose(scored["prediction"], [1 + 2.5 + 3 + 0.5 + 3, 10 - 2 - 1.25 + 4, 20, 30 + 7 + 0.1 + 2])
    model = mlflow.pyfunc.load_model(uri)
    given = {str(one.name) for one in model.metadata.signature.inputs.inputs}
    assert given == {*rows.columns, "base"}
    assert model.input_example["price"][0] == 2.5
    # MLflow itself refuses a NULL in an integer column of pandas.
    expected = scored["prediction"].drop(index=2)
    plain = pd.DataFrame([dict(zip(rows.columns, row, strict=True)) for row in ROWS if row[1] is not None])
    plain["tiny"] = plain["tiny"].astype("int32")
    for frame in (rows.where("tiny is not null").orderBy("id").toPandas(), plain):
        np.testing.assert_allclose(model.predict(frame), expected)
    # Without a session the rows are looked up from the store's files: the same types, the same scores.
    monkeypatch.setenv("HEADWATER_HOME", str(settings_of(spark).home))
    monkeypatch.setattr("pyspark.sql.SparkSession.getActiveSession", lambda: None)
    np.testing.assert_allclose(model.predict(plain), expected)


def test_arrays_and_objects_of_an_inferred_signature_are_cast_element_by_element(logged, spark):
    frame = pd.DataFrame({"sizes": [[1.0, 2.0]], "place": [{"x": 1.0, "tag": "a"}], "base": [1.0]})
    signature = mlflow.models.infer_signature(frame, np.array([1.0]))
    client, uri, rows, _ = logged(Total(), ("sizes", "place"), signature=signature)
    scored = client.score_batch(model_uri=uri, df=rows.where("id = 0")).first()
    assert scored.prediction == pytest.approx(0 + 3 + 0.5)


def test_a_map_of_a_signature_is_cast_value_by_value(logged):
    from mlflow.types.schema import DataType, Map

    inputs = Schema([ColSpec(Map(DataType.double), "seen"), ColSpec("double", "base")])
    client, uri, rows, _ = logged(Total(), ("seen",), signature=ModelSignature(inputs=inputs))
    assert client.score_batch(model_uri=uri, df=rows.where("id = 0")).first().prediction == pytest.approx(3)


class Sums(mlflow.pyfunc.PythonModel):
    """Sum tensors along their last axis, as tensors alone can."""

    def predict(self, context, model_input, params=None):
        del context, params
        if isinstance(model_input, dict):
            return model_input["sizes"].sum(axis=(1, 2)) + model_input["base"]
        return model_input.sum(axis=1)


def test_named_and_unnamed_tensors_are_made_of_columns(logged, spark):
    named = ModelSignature(
        inputs=Schema(
            [TensorSpec(np.dtype("float32"), (-1, 1, 2), "sizes"), TensorSpec(np.dtype("float64"), (-1,), "base")]
        )
    )
    client, uri, rows, _ = logged(Sums(), ("sizes",), signature=named)
    df = rows.where("id in (0, 3)").selectExpr("id", "array(1, 2) as sizes")
    assert {row.id: row.prediction for row in client.score_batch(model_uri=uri, df=df).collect()} == {0: 3.0, 3: 33.0}
    unnamed = ModelSignature(inputs=Schema([TensorSpec(np.dtype("float64"), (-1, 2))]))
    client, uri, rows, _ = logged(Sums(), ("tiny",), signature=unnamed)
    assert client.score_batch(model_uri=uri, df=rows.where("id = 3")).first().prediction == pytest.approx(37)


class Words(mlflow.pyfunc.PythonModel):
    """Predict text."""

    def predict(self, context, model_input, params=None):
        del context, params
        return np.array(["late"] * len(model_input), dtype=object)


def test_text_classes_need_the_type_string_and_say_so(logged):
    client, uri, rows, _ = logged(Words(), ("tiny",))
    with pytest.raises(
        Exception, match=r"The model predicts text, for example 'late', not double: use result_type='string'"
    ):
        client.score_batch(model_uri=uri, df=rows).collect()
    assert client.score_batch(model_uri=uri, df=rows, result_type="string").first().prediction == "late"
    signature = ModelSignature(inputs=Schema([ColSpec("double", "base")]), outputs=Schema([ColSpec("string")]))
    client, uri, rows, _ = logged(Words(), ("tiny",), signature=signature)
    with pytest.raises(ValueError, match=r"predicts text, not double: use result_type='string'"):
        client.score_batch(model_uri=uri, df=rows)
