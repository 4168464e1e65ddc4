"""A store with a model and its published features."""

from __future__ import annotations

import datetime as dt
import uuid
from types import SimpleNamespace

import pytest

from headwater import FeatureEngineeringClient, FeatureFunction, FeatureLookup, lakehouse
from tests.serving.http.client import serving

DAY = dt.datetime(2026, 3, 1)


@pytest.fixture(scope="session")
def shop(spark):
    """Give a store with a regression on looked-up and computed features, registered twice, and its table published."""
    import mlflow
    from sklearn.linear_model import LinearRegression

    from headwater.features import create_function
    from headwater.serving.http.endpoints import Endpoint, create_endpoint
    from headwater.serving.online.publish import publish_table
    from headwater.serving.online.stores import create_online_store

    client, settings = FeatureEngineeringClient(), lakehouse.settings_of(spark)
    schema, name = f"main.shop_{uuid.uuid4().hex[:6]}", uuid.uuid4().hex[:6]
    spark.sql(f"CREATE SCHEMA {schema}")
    kinds = "customer bigint not null, ts timestamp not null, spent double, city string, visits int"
    rows = [(c, DAY + dt.timedelta(days=d), c * 10.0 + d, "ab"[c % 2], d) for c in range(20) for d in range(3)]
    rows += [(50, DAY, None, None, None)]
    client.create_table(
        name=f"{schema}.customers",
        primary_keys=["customer", "ts"],
        timeseries_column="ts",
        df=spark.createDataFrame(rows, kinds),
    )
    spark.sql(f"ALTER TABLE {schema}.customers SET TBLPROPERTIES (delta.enableChangeDataFeed = true)")

    def ratio(amount: float, spent: float) -> float:
        return None if spent is None or amount is None else amount / (spent + 1)

    create_function(spark, ratio, f"{schema}.ratio")
    lookups = [
        FeatureLookup(
            table_name=f"{schema}.customers",
            lookup_key="customer",
            timestamp_lookup_key="at",
            feature_names=["spent", "visits", "city"],
            default_values={"visits": -1},
        ),
        FeatureFunction(
            udf_name=f"{schema}.ratio", input_bindings={"amount": "amount", "spent": "spent"}, output_name="ratio"
        ),
    ]
    spine = spark.createDataFrame(
        [(c, DAY + dt.timedelta(days=4), float(c), float(c % 3)) for c in range(20)],
        "customer bigint, at timestamp, amount double, label double",
    )
    training = client.create_training_set(
        df=spine, feature_lookups=lookups, label="label", exclude_columns=["customer", "at", "city"]
    )
    frame = training.load_df().toPandas().drop(columns="label")
    model_name = f"{schema}.model"
    for slope in (1.0, 2.0):
        model = LinearRegression().fit(frame, slope * frame["spent"] + frame["amount"])
        with mlflow.start_run():
            client.log_model(
                model=model,
                artifact_path="model",
                flavor=mlflow.sklearn,
                training_set=training,
                registered_model_name=model_name,
            )
    mlflow.MlflowClient().set_registered_model_alias(model_name, "champion", "1")
    client.create_feature_spec(name=f"{schema}.spec", features=lookups)
    create_online_store(settings, f"shop-{name}", "CU_1")
    publish_table(spark, f"shop-{name}", f"{schema}.customers", f"{schema}.customers_online")
    endpoint = f"shop-{name}"
    create_endpoint(
        settings,
        Endpoint(
            endpoint,
            model=f"models:/{model_name}@champion",
            payload_table=f"{schema}.payload",
            environment={"ENABLE_FEATURE_TRACING": "true"},
        ),
    )
    create_endpoint(settings, Endpoint(f"{endpoint}-spec", feature_spec=f"{schema}.spec"))
    return SimpleNamespace(
        settings=settings,
        schema=schema,
        client=client,
        model=model_name,
        endpoint=endpoint,
        spec=f"{endpoint}-spec",
        store=f"shop-{name}",
        spine=spine,
        spark=spark,
    )


@pytest.fixture(scope="module")
def server(shop):
    """Give a server of the model and the feature spec."""
    with serving(shop.settings, only=(shop.endpoint, shop.spec), default=shop.endpoint) as running:
        yield running
