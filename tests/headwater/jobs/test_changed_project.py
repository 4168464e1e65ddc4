"""A project that gains and loses features is materialised, trained and scored by the same jobs; one that retypes one is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headwater import jobs, lakehouse
from headwater.features import AggregationFunction, Avg, Max
from tests.end_to_end.drill.project import BEGIN, END, HOLDOUT, LAST, LIVE, chain_of, project_in

NEW = {"amount_1d", "tier", "largest_1d"}


@pytest.mark.slow
def test_a_project_whose_features_changed_goes_on_with_its_tables(spark):
    whole = project_in("main.changed")
    (group,) = whole.groups
    first = replace(whole, groups=(replace(group, features=group.features[:1]),), lookups=whole.lookups[:1])
    chain = chain_of(first)
    for command in ("create", "merge", "materialize", "train", "materialize again"):
        chain[command](spark)
    jobs.score(spark, first, LIVE, LAST)
    assert not NEW & set(lakehouse.read_table(spark, "main.changed.inference").columns)

    largest = replace(
        group.features[1],
        name="largest_1d",
        function=AggregationFunction(Max("amount"), group.features[1].function.time_window),
    )
    changed = replace(whole, groups=(replace(group, features=(*group.features, largest)),))
    jobs.materialize(spark, changed, BEGIN, END)
    trained = jobs.train(spark, changed, BEGIN, HOLDOUT, LIVE + (LAST - LIVE) / 2, reason="more features").training
    assert trained is not None
    assert trained.promoted
    jobs.score(spark, changed, LAST, END)
    jobs.label(spark, changed, LIVE, END)
    jobs.monitor(spark, changed, LIVE, END)
    for table in ("training_rows", "baseline", "inference"):
        assert set(lakehouse.read_table(spark, f"main.changed.{table}").columns) >= NEW, table
    scored = lakehouse.read_table(spark, "main.changed.inference")
    assert scored.where("model_version = '1' AND largest_1d IS NULL").count() > 0
    assert scored.where("model_version = '2' AND largest_1d IS NOT NULL").count() > 0

    less = jobs.train(spark, first, BEGIN, HOLDOUT, LAST, reason="fewer features").training
    assert less is not None
    assert "tier" not in lakehouse.read_table(spark, "main.changed.training_rows").columns

    retyped = replace(
        group.features[0], function=AggregationFunction(Avg("amount"), group.features[0].function.time_window)
    )
    odd = replace(first, groups=(replace(group, features=(retyped,)),))
    with pytest.raises(lakehouse.ColumnTypeError, match=r"'orders_1d' is double, must be bigint\. .*another name"):
        jobs.materialize(spark, odd, BEGIN, END)
