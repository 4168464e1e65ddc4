"""Old rows of declared features' sources are left out where labels are one scan at the end of a long history."""

import datetime as dt

from headwater import lakehouse
from headwater.features import (
    AggregationFunction,
    ColumnSelection,
    DeltaTableSource,
    Feature,
    RollingWindow,
    Sum,
    create_declared_training_set,
    evaluate,
)
from headwater.features.evaluation import spine as spine_module


def test_declared_features_are_the_same_with_and_without_the_rows_that_labels_cannot_reach(
    spark, schema, tmp_path, monkeypatch
):
    monkeypatch.setattr(spine_module, "_WORTH_ITS_PASS", 1)
    monkeypatch.setattr(spine_module, "_WORTH_ITS_PASS_WITHOUT", 1)
    events = spark.sql("SELECT id % 5 AS k, timestamp_seconds(id * 60) AS at, id AS x FROM range(6000)")
    lakehouse.create_table(spark, f"{schema}.events", events.schema)
    lakehouse.append(events, f"{schema}.events")
    labels = spark.sql("SELECT id, id % 5 AS k, timestamp_seconds((5000 + id) * 60) AS at FROM range(200)")
    labels.write.parquet(str(tmp_path / "labels"))
    window = AggregationFunction(Sum("x"), RollingWindow(window_duration=dt.timedelta(minutes=30)))
    catalog, name = schema.split(".")
    source = DeltaTableSource(catalog_name=catalog, schema_name=name, table_name="events")
    features = [
        Feature(source=source, entity=["k"], timeseries_column="at", function=function, name=output)
        for output, function in (("total", window), ("newest", ColumnSelection("x")))
    ]
    asked = spark.read.parquet(str(tmp_path / "labels"))
    spec = create_declared_training_set(asked, features, None).feature_spec
    for rows, pruned in ((asked, True), (asked.limit(1000), False)):
        evaluated = evaluate(spec, rows, versions="newest")
        plan = evaluated._jdf.queryExecution().analyzed().toString()
        assert ("scalar-subquery" in plan) == pruned
        answers = {row["id"]: (row["total"], row["newest"]) for row in evaluated.collect()}
        assert answers == {
            i: (sum(x for x in range(5000 + i - 30, 5000 + i) if x % 5 == i % 5), 5000 + i) for i in range(200)
        }
