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

    kinds = {"long": ValueType.INT64, "string": ValueType.STRING}

    os.environ["FEAST_USAGE"] = "False"
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    store = store / spec["name"]
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
                "spark.sql.session.timeZone": harness.time_zone(spec),
                "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
                "spark.sql.execution.arrow.pyspark.enabled": "true",
                "spark.sql.warehouse.dir": str(store / "spark"),
            },
        }
    if any(table["lookback"] == 0 for table in spec["tables"]):
        raise harness.InexpressibleError("a ttl of zero means no limit")
    _set_time_zone(harness.time_zone(spec))
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
        kind = kinds[table.get("key_kind", "long")]
        for left, _ in table["keys"]:
            entities.setdefault(left, Entity(name=left, join_keys=[left], value_type=kind))
        ts, renamed = table["time"][1], {right: left for left, right in table["keys"]}
        common = {"name": f"{table['name']}_source", "timestamp_field": ts, "field_mapping": renamed}
        if form == "spark":
            from feast.infra.offline_stores.contrib.spark_offline_store.spark_source import SparkSource

            source = SparkSource(path=str(folder / table["name"]), file_format="parquet", **common)
        else:
            from feast import FileSource

            source = FileSource(path=str(folder / table["name"]), **common)
        view = FeatureView(
            name=table["name"],
            entities=[entities[left] for left, _ in table["keys"]],
            ttl=timedelta(microseconds=table["lookback"] or 0),
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


def _set_time_zone(zone):
    """Set the time zone of the session that an earlier case began, which the store goes on with."""
    if "pyspark" in sys.modules:
        from pyspark.sql import SparkSession

        if session := SparkSession.getActiveSession():
            session.conf.set("spark.sql.session.timeZone", zone)


if __name__ == "__main__":
    harness.compete(make, ["feast", "pandas", *(["pyspark"] if sys.argv[6] == "spark" else ["dask"])])
