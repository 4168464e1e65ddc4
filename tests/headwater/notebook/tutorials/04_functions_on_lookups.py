# Databricks notebook source
# MAGIC %md
# MAGIC # On-demand features that build on looked-up ones
# MAGIC A function of the catalog takes a looked-up column and one of the request; a second one takes the first one's output.

# COMMAND ----------

dbutils.widgets.text("schema", "main.tutorial_functions")
schema = dbutils.widgets.get("schema")
spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")

# COMMAND ----------

from headwater.features import create_function


def distance_km(lat: float, lon: float, shop_lat: float, shop_lon: float) -> float:
    """Distance on a small flat map."""
    if shop_lat is None:
        return None
    return 111.0 * ((lat - shop_lat) ** 2 + (lon - shop_lon) ** 2) ** 0.5


def walking_minutes(km: float) -> float:
    return None if km is None else km * 12.0


create_function(spark, distance_km, f"{schema}.distance_km")
create_function(spark, walking_minutes, f"{schema}.walking_minutes")

# COMMAND ----------

from databricks.feature_engineering import FeatureEngineeringClient, FeatureFunction, FeatureLookup
from databricks.feature_engineering.entities.feature_function import FeatureFunction as SameFunction

assert SameFunction is FeatureFunction
fe = FeatureEngineeringClient()
shops = spark.createDataFrame([("a", 48.0, 11.0), ("b", 48.1, 11.0)], "shop string, shop_lat double, shop_lon double")
fe.create_table(name=f"{schema}.shops", primary_keys=["shop"], df=shops)

# COMMAND ----------

visits = spark.createDataFrame(
    [("a", 48.0, 11.1, 1), ("b", 48.1, 11.0, 0), ("closed", 48.0, 11.0, 0)], "shop string, lat double, lon double, bought int"
)
training_set = fe.create_training_set(
    df=visits,
    feature_lookups=[
        FeatureLookup(table_name=f"{schema}.shops", lookup_key="shop"),
        FeatureFunction(
            udf_name=f"{schema}.distance_km",
            output_name="km",
            input_bindings={"lat": "lat", "lon": "lon", "shop_lat": "shop_lat", "shop_lon": "shop_lon"},
        ),
        FeatureFunction(udf_name=f"{schema}.walking_minutes", output_name="minutes", input_bindings={"km": "km"}),
    ],
    label="bought",
    exclude_columns=["shop_lat", "shop_lon"],
)
training_set.load_df().display()

# COMMAND ----------

found = {row.shop: row.minutes for row in training_set.load_df().collect()}
assert round(found["a"], 1) == 133.2 and found["b"] == 0.0 and found["closed"] is None, found
