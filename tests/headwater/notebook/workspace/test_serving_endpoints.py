"""The lines about endpoints that public notebooks have, run unchanged in a notebook."""

from __future__ import annotations

from headwater import lakehouse
from headwater.notebook import run_notebook
from headwater.notebook.outputs import Stream

NOTEBOOK = """# Databricks notebook source
import mlflow
import pandas as pd
from databricks.feature_engineering import FeatureEngineeringClient, FeatureLookup
from databricks.feature_engineering.entities.feature_serving_endpoint import EndpointCoreConfig, ServedEntity
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import ResourceDoesNotExist
from databricks.sdk.service.serving import EndpointCoreConfigInput, ServedEntityInput
from sklearn.linear_model import LinearRegression

fe = FeatureEngineeringClient()
spark.sql("CREATE SCHEMA IF NOT EXISTS main.endpoints_in_notebooks")
df = spark.createDataFrame([(1, 1.0), (2, 2.0), (3, 4.0)], "id bigint, x double")
fe.create_table(name="main.endpoints_in_notebooks.t", primary_keys="id", df=df)
spark.sql("ALTER TABLE main.endpoints_in_notebooks.t SET TBLPROPERTIES (delta.enableChangeDataFeed = true)")
lookups = [FeatureLookup(table_name="main.endpoints_in_notebooks.t", lookup_key="id")]
labels = spark.createDataFrame([(1, 2.0), (2, 4.0), (3, 8.0)], "id bigint, y double")
training = fe.create_training_set(df=labels, feature_lookups=lookups, label="y", exclude_columns=["id"])
rows = training.load_df().toPandas()
with mlflow.start_run():
    fe.log_model(model=LinearRegression().fit(rows[["x"]], rows["y"]), artifact_path="m", flavor=mlflow.sklearn,
                 training_set=training, registered_model_name="main.endpoints_in_notebooks.m")

# COMMAND ----------
fe.create_online_store(name="in-notebooks", capacity="CU_1")
store = fe.get_online_store(name="in-notebooks")
published = fe.publish_table(online_store=store, source_table_name="main.endpoints_in_notebooks.t",
                             online_table_name="main.endpoints_in_notebooks.t_online")
print("published", published.get_status()["state"])

# COMMAND ----------
w = WorkspaceClient()
name = "in-notebooks-model"
entities = [ServedEntityInput(entity_name="main.endpoints_in_notebooks.m", entity_version="1", scale_to_zero_enabled=True, workload_size="Small")]
try:
    w.serving_endpoints.get(name)
    print("there already")
except ResourceDoesNotExist:
    endpoint = w.serving_endpoints.create_and_wait(name=name, config=EndpointCoreConfigInput(name=name, served_entities=entities))
    print(endpoint.state.ready.value)
w.serving_endpoints.update_config(name=name, served_entities=entities)
w.serving_endpoints.wait_get_serving_endpoint_not_updating(name)
print("predictions", [round(p, 6) for p in w.serving_endpoints.query(name=name, dataframe_records=[{"id": 3}, {"id": 1}]).predictions])
print("names", [e.name for e in w.serving_endpoints.list()])

# COMMAND ----------
fe.create_feature_spec(name="main.endpoints_in_notebooks.spec", features=lookups)
fe.create_feature_serving_endpoint(
    name="in-notebooks-spec",
    config=EndpointCoreConfig(served_entities=ServedEntity(feature_spec_name="main.endpoints_in_notebooks.spec", workload_size="Small")),
)
print("state", fe.get_feature_serving_endpoint(name="in-notebooks-spec").state)
print("outputs", w.serving_endpoints.query("in-notebooks-spec", dataframe_records=[{"id": 2}]).as_dict()["outputs"])

# COMMAND ----------
w.feature_store.delete_online_table("main.endpoints_in_notebooks.t_online")
for endpoint in (name, "in-notebooks-spec"):
    w.serving_endpoints.delete(endpoint)
fe.delete_online_store(name="in-notebooks")
try:
    w.serving_endpoints.query(name=name, dataframe_records=[{"id": 3}])
except ResourceDoesNotExist as error:
    print("gone", error)
"""


def test_endpoints_are_made_asked_and_removed_in_a_notebook(spark, tmp_path):
    file = tmp_path / "endpoints.py"
    file.write_text(NOTEBOOK)
    run = run_notebook(file, settings=lakehouse.settings_of(spark)).check()
    said = "".join(output.text for cell in run.cells for output in cell.outputs if isinstance(output, Stream))
    for line in (
        "published ONLINE",
        "READY",
        "predictions [8.0, 2.0]",
        "names ['in-notebooks-model'",
        "state READY",
        "outputs [{'id': 2, 'x': 2.0}]",
        "gone There is no endpoint 'in-notebooks-model'",
    ):
        assert line in said
