"""The two formulations that people write on Spark themselves, on the same session as ours: union and window, range join."""

import harness
from pyspark.sql import Window
from pyspark.sql import functions as F
from spark_profile import profiled

from headwater import lakehouse


def union_and_window(labels, rows, table):
    """Sort labels and features of a key together, and take the last feature struct before each label."""
    (at, ts), names = table["time"], [f"__k{i}" for i in range(len(table["keys"]))]
    keys = list(zip(names, table["keys"], strict=True))
    both = labels.select(
        *[F.col(left).alias(name) for name, (left, _) in keys],
        F.col(at).alias("__t"),
        F.lit(1).alias("__side"),
        F.struct("*").alias("__l"),
    ).unionByName(
        rows.select(
            *[F.col(right).alias(name) for name, (_, right) in keys],
            F.col(ts).alias("__t"),
            F.lit(0).alias("__side"),
            F.struct(ts, *table["features"]).alias("__f"),
        ),
        allowMissingColumns=True,
    )
    window = Window.partitionBy(*names).orderBy("__t", "__side").rowsBetween(Window.unboundedPreceding, 0)
    found = both.withColumn("__f", F.last("__f", ignorenulls=True).over(window)).where("__side = 1")
    young = _young(F.col("__t"), F.col(f"__f.{ts}"), table["lookback"])
    return found.select("__l.*", *[F.when(young, F.col(f"__f.{name}")).alias(name) for name in table["features"]])


def range_join(labels, rows, table):
    """Pair each label with all earlier rows of its key, and keep the newest."""
    at, ts = table["time"]
    labels = labels.withColumn("__row", F.monotonically_increasing_id())
    condition = (rows[ts] <= labels[at]) & _young(labels[at], rows[ts], table["lookback"])
    for left, right in table["keys"]:
        condition &= labels[left] == rows[right]
    order = Window.partitionBy("__row").orderBy(F.col(ts).desc())
    joined = labels.join(rows, condition, "left").withColumn("__n", F.row_number().over(order)).where("__n = 1")
    return joined.drop("__n", "__row", ts, *[right for _, right in table["keys"]])


def _young(at, ts, most):
    """Say whether a row is no older than a lookback in microseconds, by Spark's difference of times."""
    if most is None:
        return F.lit(True)
    seconds, micros = divmod(most, 1_000_000)
    return at - ts <= F.expr(f"INTERVAL '{seconds}.{micros:06}' SECOND")


WITHOUT_A_JOIN = ("result", "shuffle", "python")


def make(spec, folder, store, form):
    spark = lakehouse.session(lakehouse.Settings(home=store))
    spark.conf.set("spark.sql.session.timeZone", harness.time_zone(spec))
    if form in WITHOUT_A_JOIN:
        return without_a_join(spark, spec, folder, store, WITHOUT_A_JOIN.index(form))
    return on(spark, spec, folder, {"window": union_and_window, "range": range_join}[form])


def without_a_join(spark, spec, folder, store, steps):
    """Return what is the least to do on Spark: give back the result, made before; in one step more, bring the feature rows of a
    key together before; in two, hand them to Python workers too.

    The first all do that end in Spark, the second all that move the feature rows, the third all that match them in Python. The
    result lies in files of equal size, as many as Spark runs tasks.
    """
    on(spark, spec, folder, union_and_window)("parquet", store / "joined")
    joined = spark.read.parquet(str(store / "joined"))
    joined.repartition(spark.sparkContext.defaultParallelism).write.parquet(str(store / "answer"))

    def result():
        for table in spec["tables"] if steps else ():
            rows = spark.read.parquet(str(folder / table["name"]))
            moved = rows.repartition(F.col(table["keys"][0][1]))
            if steps > 1:  # they take all rows, and give none; what is no part of a module is sent with the job
                moved = moved.mapInArrow(lambda batches: (batch.slice(0, 0) for batch in batches), rows.schema)
            moved.write.format("noop").mode("overwrite").save()
        return spark.read.parquet(str(store / "answer"))

    return _contestant(spark, result)


def on(spark, spec, folder, join):
    def result():
        joined = spark.read.parquet(str(folder / "labels"))
        for table in spec["tables"]:
            joined = join(joined, spark.read.parquet(str(folder / table["name"])), table)
        return joined

    return _contestant(spark, result)


def _contestant(spark, result):
    """Return what gives the DataFrame that `result` makes to a sink, and can say where the time of that goes."""

    def run(sink, target):
        if sink == "pandas":
            return result().toPandas()
        result().write.parquet(str(target))
        return None

    run.profile = lambda sink, target: profiled(spark, lambda: run(sink, target))
    return run


if __name__ == "__main__":
    harness.compete(make, ["pyspark", "delta-spark"])
