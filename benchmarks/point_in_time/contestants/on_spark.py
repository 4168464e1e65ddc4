"""The two formulations that people write on Spark themselves, on the same session as ours: union and window, range join."""

import harness
from pyspark.sql import Window
from pyspark.sql import functions as F

import lakehouse


def union_and_window(labels, rows, table):
    """Sort labels and features of a key together, and take the last feature struct before each label."""
    (left, right), (at, ts), days = table["keys"][0], table["time"], table["lookback_days"]
    both = labels.select(
        F.col(left).alias("__k"), F.col(at).alias("__t"), F.lit(1).alias("__side"), F.struct("*").alias("__l")
    ).unionByName(
        rows.select(
            F.col(right).alias("__k"),
            F.col(ts).alias("__t"),
            F.lit(0).alias("__side"),
            F.struct(ts, *table["features"]).alias("__f"),
        ),
        allowMissingColumns=True,
    )
    window = Window.partitionBy("__k").orderBy("__t", "__side").rowsBetween(Window.unboundedPreceding, 0)
    found = both.withColumn("__f", F.last("__f", ignorenulls=True).over(window)).where("__side = 1")
    young = F.lit(True) if days is None else F.col("__t") - F.col(f"__f.{ts}") <= F.expr(f"INTERVAL {days} DAY")
    return found.select("__l.*", *[F.when(young, F.col(f"__f.{name}")).alias(name) for name in table["features"]])


def range_join(labels, rows, table):
    """Pair each label with all earlier rows of its key, and keep the newest."""
    (left, right), (at, ts), days = table["keys"][0], table["time"], table["lookback_days"]
    condition = (labels[left] == rows[right]) & (rows[ts] <= labels[at])
    if days is not None:
        condition &= rows[ts] >= labels[at] - F.expr(f"INTERVAL {days} DAY")
    order = Window.partitionBy("id").orderBy(F.col(ts).desc())
    joined = labels.join(rows, condition, "left").withColumn("__n", F.row_number().over(order)).where("__n = 1")
    return joined.drop("__n", ts, right)


def make(spec, folder, store, form):
    spark = lakehouse.session(lakehouse.Settings(home=store))
    return on(spark, spec, folder, {"window": union_and_window, "range": range_join}[form])


def on(spark, spec, folder, join):
    def run(sink, target):
        joined = spark.read.parquet(str(folder / "labels"))
        for table in spec["tables"]:
            joined = join(joined, spark.read.parquet(str(folder / table["name"])), table)
        if sink == "pandas":
            return joined.toPandas()
        joined.write.parquet(str(target))
        return None

    return run


if __name__ == "__main__":
    harness.compete(make, ["pyspark", "delta-spark"])
