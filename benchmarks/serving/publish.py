"""``python -m benchmarks.serving.publish``: a million rows of ten features to the embedded online store, and back."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from pyspark.sql import functions as F

from benchmarks.measured import Printed
from headwater import FeatureEngineeringClient, lakehouse
from headwater.serving.online.packing import key_packer, row_reader
from headwater.serving.online.publish import publish_table
from headwater.serving.online.stores import create_online_store, open_online_store


def main() -> None:
    """Print the seconds of a first publish and of one of a hundredth of the keys, and the microseconds of a read."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.publish", description=main.__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    say = Printed("Publishing to the embedded online store", "python -m benchmarks.serving.publish")
    with tempfile.TemporaryDirectory() as folder:
        spark = lakehouse.session(lakehouse.Settings(home=Path(folder) / ".headwater"))
        client, settings = FeatureEngineeringClient(), lakehouse.settings_of(spark)
        create_online_store(settings, "bench", "CU_1")
        for kind, key in (("bigint", F.col("id")), ("string", F.concat(F.lit("customer-"), F.col("id")))):
            table = f"main.bench.{kind}s"
            features = [F.rand(seed).alias(f"x{seed}") for seed in range(10)]
            client.create_table(
                name=table, primary_keys="key", df=spark.range(rows).select(key.alias("key"), *features)
            )
            spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES (delta.enableChangeDataFeed = true)")
            began = time.perf_counter()
            publish_table(spark, "bench", table, f"{table}_online")
            first = time.perf_counter() - began
            few = spark.table(table).where("hash(key) % 100 = 0").withColumn("x0", F.lit(0.5))
            client.write_table(name=table, df=few)
            began = time.perf_counter()
            changed = publish_table(spark, "bench", table, f"{table}_online")
            again = time.perf_counter() - began
            say(
                f"{kind:7} key: {rows:,} rows published in {first:.1f} s, {changed.rows:,} changes in {again:.1f} s; "
                f"a row read in {_read(settings, table, kind, rows):.1f} µs"
            )
        spark.stop()
    if rows >= 1_000_000:
        say.keep()


def _read(settings: lakehouse.Settings, table: str, kind: str, rows: int) -> float:
    store, pack, read = open_online_store(settings, "bench"), key_packer([kind]), row_reader(["double"] * 10)
    drawn = np.random.default_rng(0).integers(0, rows, 20_000).tolist()
    keys = [one if kind == "bigint" else f"customer-{one}" for one in drawn]
    began = time.perf_counter()
    for one in keys:
        read(store.read(f"{table}_online", [pack([one])]).rows[0])
    return (time.perf_counter() - began) / len(keys) * 1e6


if __name__ == "__main__":
    main()
