"""Headwater: a training set from feature tables; embedded as it comes, or with the Spark forms alone."""

import datetime as dt
import os

import harness
from spark_profile import profiled

from headwater import lakehouse
from headwater.features import FeatureLookup, create_feature_table, create_training_set, key_properties
from headwater.lakehouse import DuplicateKeysError, NullKeysError


def make(spec, folder, store, form):
    os.environ["HEADWATER_LOOKUPS"] = {"embedded": "auto", "spark": "spark"}[form.partition(" ")[0]]
    memory = form.partition(" ")[2]
    os.environ["HEADWATER_IN_PROCESS_GIB"] = "6"
    spark = lakehouse.session(lakehouse.Settings(home=store, driver_memory=memory))
    spark.conf.set("spark.sql.session.timeZone", harness.time_zone(spec))
    return on(spark, spec, folder, f"main.{spec['name']}")


def on(spark, spec, folder, schema):
    """Return the contestant on a session; makes the feature tables, which is not timed."""
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for table in spec["tables"]:
        rows = spark.read.parquet(str(folder / table["name"]))
        name, keys = f"{schema}.{table['name']}", [right for _, right in table["keys"]]
        _filled(spark, name, [*keys, table["time"][1]], rows)
    return Ours(spark, spec, folder, schema)


def _filled(spark, name, keys, rows):
    """Make a feature table; one that refuses its rows, as keys are double or NULL, gets them past the check of keys."""
    try:
        create_feature_table(spark, name, keys, rows, keys[-1])
    except (DuplicateKeysError, NullKeysError):
        lakehouse.create_table(spark, name, rows.schema, properties=key_properties(name, keys, keys[-1:]))
        lakehouse.append(rows, name)


class Ours:
    """Builds a training set from the labels' files anew at each call."""

    def __init__(self, spark, spec, folder, schema):
        self.spark, self.spec, self.folder, self.schema = spark, spec, folder, schema

    def training_set(self):
        lookups = [
            FeatureLookup(
                f"{self.schema}.{table['name']}",
                [left for left, _ in table["keys"]],
                timestamp_lookup_key=table["time"][0],
                lookback_window=None if table["lookback"] is None else dt.timedelta(microseconds=table["lookback"]),
            )
            for table in self.spec["tables"]
        ]
        return create_training_set(self.spark.read.parquet(str(self.folder / "labels")), lookups, "y")

    def __call__(self, sink, target):
        training_set = self.training_set()
        if sink == "pandas":
            return training_set.to_pandas()
        training_set.load_df().write.parquet(str(target))
        return None

    def profile(self, sink, target):
        """Return where the time of one more run goes."""
        return profiled(self.spark, lambda: self(sink, target))


if __name__ == "__main__":
    harness.compete(make, ["pyspark", "delta-spark", "pyarrow", "numpy"])
