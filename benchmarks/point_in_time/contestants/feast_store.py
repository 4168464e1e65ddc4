"""Feast: get_historical_features with its Spark or its dask store."""

import os
import shutil
import sys
import warnings
from datetime import timedelta

import harness
import pandas as pd

warnings.filterwarnings("ignore")


def make(spec, folder, store, form):
    from feast import Entity, FeatureStore, FeatureView, Field, RepoConfig, ValueType
    from feast.types import Float64

    os.environ["FEAST_USAGE"] = "False"
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir(parents=True)
    offline = {"type": "dask"}
    if form == "spark":
        offline = {
            "type": "spark",
            "spark_conf": {
                "spark.master": "local[*]",
                "spark.ui.enabled": "false",
                "spark.driver.memory": os.environ.get("BENCHMARK_DRIVER_MEMORY", "7g"),
                "spark.sql.session.timeZone": "UTC",
                "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
                "spark.sql.execution.arrow.pyspark.enabled": "true",
                "spark.sql.warehouse.dir": str(store / "spark"),
            },
        }
    config = RepoConfig(
        project="bench",
        provider="local",
        registry=str(store / "registry.db"),
        online_store=None,
        offline_store=offline,
        entity_key_serialization_version=3,
    )
    feast = FeatureStore(config=config)
    entities, views = {}, []
    for table in spec["tables"]:
        left, right = table["keys"][0]
        entity = entities.setdefault(left, Entity(name=left, join_keys=[left], value_type=ValueType.INT64))
        ts = table["time"][1]
        common = {"name": f"{table['name']}_source", "timestamp_field": ts, "field_mapping": {right: left}}
        if form == "spark":
            from feast.infra.offline_stores.contrib.spark_offline_store.spark_source import SparkSource

            source = SparkSource(path=str(folder / table["name"]), file_format="parquet", **common)
        else:
            from feast import FileSource

            source = FileSource(path=str(folder / table["name"]), **common)
        view = FeatureView(
            name=table["name"],
            entities=[entity],
            ttl=timedelta(days=table["lookback_days"] or 0),
            schema=[Field(name=name, dtype=Float64) for name in table["features"]],
            source=source,
            online=False,
        )
        views.append(view)
    feast.apply([*entities.values(), *views])
    wanted = [f"{table['name']}:{name}" for table in spec["tables"] for name in table["features"]]

    def run(sink, target):
        labels = pd.read_parquet(folder / "labels").rename(columns={"at": "event_timestamp"})
        job = feast.get_historical_features(entity_df=labels, features=wanted)
        if sink == "pandas":
            return job.to_df().rename(columns={"event_timestamp": "at"})
        if form == "spark":
            job.to_spark_df().withColumnRenamed("event_timestamp", "at").write.parquet(str(target))
        else:
            target.mkdir()
            job.to_df().rename(columns={"event_timestamp": "at"}).to_parquet(target / "part-0.parquet", index=False)
        return None

    return run


if __name__ == "__main__":
    harness.compete(make, ["feast", "pandas", *(["pyspark"] if sys.argv[6] == "spark" else ["dask"])])
