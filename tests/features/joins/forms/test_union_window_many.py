"""All tables in one sort: what Spark plans."""

from headwater.features.joins.forms.union_window_many import join_in_one_sort
from headwater.features.joins.lookup import TableLookup


def test_fifty_tables_with_a_thousand_features_are_planned_with_one_sort(spark):
    rows = spark.range(0, 9).selectExpr(
        "id AS k", "timestamp_seconds(id) AS t", *[f"id + {i} AS v{i}" for i in range(20)]
    )
    outputs = [{f"v{i}": f"v{i}_{n}" for i in range(20)} for n in range(50)]
    tables = [TableLookup(rows, (("id", "k"),), ("at", "t"), named) for named in outputs]
    joined = join_in_one_sort(spark.range(0, 9).selectExpr("id", "timestamp_seconds(id) AS at"), tables)
    plan = joined._jdf.queryExecution().executedPlan().toString()
    assert plan.count("Sort [") == 1
    assert plan.count("Exchange hashpartitioning") == 1
    assert len(joined.columns) == 1002
