"""Development and production in two catalogs of one store: the same schema and tables, and neither sees the other's rows."""

import ast
import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from sklearn.linear_model import LinearRegression

import headwater
from headwater import FeatureEngineeringClient, FeatureLookup, features, lakehouse
from headwater.features import AggregationFunction, DeltaTableSource, Feature, FeatureGroup, RollingWindow, Sum
from headwater.sql import uninstall
from headwater.training import use_store

ROOT = Path(__file__).parents[2]
DEV, PROD = "ml_in_dev", "ml_in_prod"
DAY, START = dt.timedelta(days=1), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
SIDE_BY_SIDE = f"""
import headwater
from headwater import FeatureEngineeringClient, lakehouse
spark = headwater.session()
client = FeatureEngineeringClient()
print([client.read_table(name=f"{{c}}.shop.customers").agg({{"x": "max"}}).collect()[0][0] for c in ("{DEV}", "{PROD}")])
print(spark.sql("SELECT max(x) FROM {PROD}.shop.seen").collect()[0][0], spark.sql("SELECT {DEV}.shop.twice(4)").collect()[0][0])
print(sorted(row[0] for row in spark.sql("SHOW CATALOGS").collect()))
spark.sql("USE {DEV}.shop")
client.write_table(name="customers", df=spark.createDataFrame([(1, 7.0)], "id long, x double"))
spark.sql("CREATE TABLE made_there AS SELECT 1 AS a")
spark.sql("CREATE CATALOG made_elsewhere")
"""


@pytest.fixture
def store(spark):
    headwater.session()
    use_store(lakehouse.settings_of(spark))
    for catalog in (DEV, PROD):
        spark.sql(f"CREATE CATALOG {catalog}")
        spark.sql(f"CREATE SCHEMA {catalog}.shop")
    yield spark
    spark.sql("USE main.default")
    for catalog in (DEV, PROD, "made_elsewhere"):
        spark.sql(f"DROP CATALOG IF EXISTS {catalog} CASCADE")
    uninstall(spark)


def _filled(spark, client, catalog, scale):
    """Make a feature table, a group's windows, a view, a function and a registered model in a catalog; return its scores."""
    rows = spark.createDataFrame([(i, scale * i) for i in range(1, 4)], "id long, x double")
    client.create_table(name=f"{catalog}.shop.customers", primary_keys="id", df=rows)
    client.write_table(
        name=f"{catalog}.shop.customers", df=spark.createDataFrame([(4, scale * 4)], "id long, x double")
    )
    spark.sql(f"CREATE VIEW {catalog}.shop.seen AS SELECT * FROM {catalog}.shop.customers")
    spark.sql(f"CREATE FUNCTION {catalog}.shop.twice(x DOUBLE) RETURNS DOUBLE RETURN {scale} * 2 * x")
    sales = spark.createDataFrame([("s", START + DAY / 2, scale)], "shop string, at timestamp, amount double")
    sales.write.saveAsTable(f"{catalog}.shop.sales")
    source = DeltaTableSource(catalog_name=catalog, schema_name="shop", table_name="sales")
    window = AggregationFunction(Sum("amount"), RollingWindow(window_duration=DAY))
    feature = Feature(source=source, function=window, entity="shop", timeseries_column="at")
    features.materialize(spark, FeatureGroup(f"{catalog}.shop.sums", (feature,)), START, START + DAY)
    labels = spark.createDataFrame([(i, scale * i) for i in range(1, 5)], "id long, y double")
    lookups = [FeatureLookup(table_name=f"{catalog}.shop.customers", lookup_key="id")]
    training_set = client.create_training_set(df=labels, feature_lookups=lookups, label="y", exclude_columns="id")
    frame = training_set.load_df().toPandas()
    model = LinearRegression().fit(frame[["x"]], frame["y"])
    name = f"{catalog}.shop.model"
    logged = client.log_model(
        model=model, artifact_path="model", flavor=mlflow.sklearn, training_set=training_set, registered_model_name=name
    )
    scored = client.score_batch(model_uri=f"models:/{name}/{logged.registered_model_version}", df=labels.select("id"))
    return sorted((row["id"], round(row["prediction"], 6)) for row in scored.collect())


def _sum(spark, catalog):
    return {
        value
        for row in lakehouse.read_table(spark, f"{catalog}.shop.sums").collect()
        for value in row
        if isinstance(value, float)
    }


@pytest.mark.slow
def test_dev_and_prod_have_tables_features_models_and_scores_of_their_own_and_a_second_process_sees_both(
    store, tmp_path
):
    spark, client = store, FeatureEngineeringClient()
    scores = {catalog: _filled(spark, client, catalog, scale) for catalog, scale in ((PROD, 100.0), (DEV, 1.0))}
    assert scores == {PROD: [(i, 100.0 * i) for i in range(1, 5)], DEV: [(i, 1.0 * i) for i in range(1, 5)]}
    assert (_sum(spark, PROD) >= {100.0}, _sum(spark, DEV) >= {1.0}) == (True, True)
    assert client.get_table(name=f"{PROD}.shop.customers").name == f"{PROD}.shop.customers"
    home = lakehouse.settings_of(spark).home
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HEADWATER_HOME": str(home), "HEADWATER_MASTER": "local[1]"}
    options = {"env": env, "cwd": tmp_path, "capture_output": True, "text": True, "timeout": 300}
    done = subprocess.run([sys.executable, "-c", SIDE_BY_SIDE], check=False, **options)
    assert done.returncode == 0, done.stderr[-3000:]
    said = done.stdout.splitlines()
    assert said[:2] == ["[4.0, 400.0]", "400.0 8.0"]
    assert {DEV, PROD, "main"} <= set(ast.literal_eval(said[2]))
    assert client.read_table(name=f"{DEV}.shop.customers").where("id = 1").collect()[0]["x"] == 7.0
    assert client.read_table(name=f"{PROD}.shop.customers").where("id = 1").collect()[0]["x"] == 100.0
    assert spark.sql(f"SELECT a FROM {DEV}.shop.made_there").collect()[0][0] == 1
    assert not lakehouse.table_exists(spark, f"{PROD}.shop.made_there")
    assert ("made_elsewhere",) in [tuple(row) for row in spark.sql("SHOW CATALOGS").collect()]
    spark.sql("USE made_elsewhere.default")
    log = home / "warehouse" / DEV / "shop.db" / "made_there" / "_delta_log"
    (log / f"{1:020}.json").write_text("{")
    found = subprocess.run([sys.executable, "-m", "headwater", "doctor"], check=False, **options)
    assert found.returncode == 1
    assert f"{DEV}.shop.made_there is damaged" in found.stdout
    client.drop_table(name=f"{DEV}.shop.customers")
    assert client.read_table(name=f"{PROD}.shop.customers").count() == 4
