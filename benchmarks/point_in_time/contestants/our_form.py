"""One physical form of Headwater's point-in-time join, whichever the planner would take."""

import datetime as dt

import harness

from benchmarks.point_in_time.conformance.forms import join_by_form
from headwater import lakehouse


def make(spec, folder, store, form):
    spark = lakehouse.session(lakehouse.Settings(home=store))
    spark.conf.set("spark.sql.session.timeZone", harness.time_zone(spec))

    def run(_sink, target):
        joined = spark.read.parquet(str(folder / "labels"))
        for table in spec["tables"]:
            joined = join_by_form(
                form,
                joined,
                spark.read.parquet(str(folder / table["name"])),
                keys=[tuple(pair) for pair in table["keys"]],
                time=tuple(table["time"]),
                outputs={name: name for name in table["features"]},
                lookback=None if table["lookback"] is None else dt.timedelta(microseconds=table["lookback"]),
            )
        joined.write.parquet(str(target))

    return run


if __name__ == "__main__":
    harness.compete(make, ["pyspark", "delta-spark"])
