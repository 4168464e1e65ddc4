"""Models on declared features: logged with them, and scored from keys and times alone."""

import datetime as dt

import mlflow
import mlflow.sklearn
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from headwater import FeatureEngineeringClient, lakehouse
from headwater.clients import entities
from headwater.features import ColumnSelection, TrainingSet
from headwater.lakehouse import settings_of
from headwater.training import use_store

AT = dt.datetime(2024, 3, 1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def client(spark):
    use_store(settings_of(spark))
    return FeatureEngineeringClient()


def test_a_model_scores_with_its_declared_features_as_they_are_at_the_rows_times(spark, schema, client):
    catalog, name = schema.split(".")
    rows = [(i % 4, AT + i * DAY / 3, float(i % 7)) for i in range(60)]
    df = spark.createDataFrame(rows, "shop long, at timestamp, amount double")
    lakehouse.create_table(spark, f"{schema}.sales", df.schema)
    lakehouse.append(df, f"{schema}.sales")
    source = entities.DeltaTableSource(catalog_name=catalog, schema_name=name, table_name="sales")
    week = entities.RollingWindow(window_duration=7 * DAY)
    where = {
        "source": source,
        "entity": ["shop"],
        "timeseries_column": "at",
        "catalog_name": catalog,
        "schema_name": name,
    }
    made = [
        client.create_feature(function=entities.AggregationFunction(operator, week), **where)
        for operator in (entities.Sum("amount"), entities.CountFunction("amount"), entities.StddevPop("amount"))
    ]
    made.append(client.create_feature(function=ColumnSelection("amount"), **where))
    features = [client.get_feature(full_name=one.full_name) for one in made]
    assert features == made == sorted(client.list_features(catalog_name=catalog, schema_name=name), key=made.index)
    spine = spark.createDataFrame(
        [(i % 4, AT + (i + 9) * DAY / 2, 2.0 * i) for i in range(30)], "shop long, at timestamp, y double"
    )
    training_set = client.create_training_set(df=spine, features=features, label="y", exclude_columns=["shop", "at"])
    names = [feature.name for feature in features]
    frame = training_set.load_df().toPandas().astype("float64")
    assert list(frame.columns) == [*names, "y"]
    model = LinearRegression().fit(frame[names].fillna(0), frame["y"])
    mlflow.set_experiment("serving-tests")
    with mlflow.start_run() as run:
        saved = training_set.save(f"{catalog}.{name}.kept", run_id=run.info.run_id)
        logged = client.log_model(
            model=model,
            artifact_path="model",
            flavor=mlflow.sklearn,
            training_set=training_set,
            signature=mlflow.models.infer_signature(frame[names], frame["y"].to_numpy()),
            pip_requirements=["scikit-learn"],
            serialization_format="cloudpickle",
        )
    tag = mlflow.get_run(run.info.run_id).data.tags["headwater.training_set"]
    assert tag == f"{catalog}.{name}.kept at version {saved.version} (digest {saved.digest})"
    assert TrainingSet.replay(run.info.run_id).feature_spec == training_set.feature_spec
    late = spark.createDataFrame(
        [(1, AT + 19 * DAY), (2, AT + 18 * DAY), (1, AT + 19 * DAY)], "shop long, at timestamp"
    )
    scored = client.score_batch(model_uri=logged.model_uri, df=late)
    assert scored.columns == ["shop", "at", *names, "prediction"]
    found = scored.toPandas()
    expected = client.create_training_set(df=late, features=features, label=None).load_df().toPandas()
    order = ["shop", "at"]
    found, expected = found.sort_values(order), expected.sort_values(order)
    np.testing.assert_array_equal(found[names].to_numpy("float64"), expected[names].to_numpy("float64"))
    np.testing.assert_allclose(found["prediction"], model.predict(expected[names].astype("float64")))
    assert len(client.compute_features(features=features[:2]).collect()) == 60
    client.delete_feature(full_name=made[0].full_name)
    assert len(client.list_features(catalog_name=catalog, schema_name=name)) == 3


def test_a_training_set_is_of_lookups_or_of_features(spark, client):
    df = spark.range(1)
    for given in ({}, {"features": [], "feature_lookups": []}):
        with pytest.raises(ValueError, match="takes exactly one of feature_lookups, feature_spec, features, found"):
            client.create_training_set(df=df, label=None, **given)
