"""The flights' performance without labels: hidden, estimated, then shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headwater import jobs, lakehouse
from headwater.monitoring import estimate_performance, refresh
from headwater.training import champion, use_store
from tests.end_to_end.flights import END, LIVE


def test_hidden_labels_are_estimated_then_shown_beside_them(spark, flights, schema):
    """Three days of 900 flights: the estimated ROC AUC is 0.036, 0.008 and 0.064 off, with standard errors of 0.025 to 0.029;
    F1 is 0.014, 0.096 and 0.031 off, accuracy 0.024, 0.028 and 0.055.
    """
    served = flights.project.table("inference")
    monitor = replace(flights.project.monitor, table_name=f"{schema}.inference", output_schema=schema)
    spark.sql(
        f"CREATE TABLE {monitor.table_name} USING delta AS SELECT * EXCEPT (late), CAST(NULL AS INT) AS late FROM {served}"
    )

    def estimated():
        refresh(spark, monitor, LIVE, END)
        assert estimate_performance(spark, monitor, LIVE, END).reason == ""
        table = lakehouse.read_table(spark, monitor.estimates_table).where("granularity = '1 day'")
        return table.orderBy("metric", "window.start").toPandas()

    hidden = estimated()
    assert hidden["realised"].isna().all()
    assert (hidden["coverage"] == 0).all()
    assert hidden["estimated"].notna().all()
    labels = lakehouse.read_table(spark, served).select("flight_id", "late")
    lakehouse.merge(labels, monitor.table_name, ["flight_id"])
    shown = estimated()
    np.testing.assert_array_equal(shown["estimated"], hidden["estimated"])
    whole = shown[shown["coverage"] > 0.9]  # the last day's late flights have not landed yet
    assert len(whole) == 3 * 6
    apart = (whole["realised"] - whole["estimated"]).abs()
    for metric, most in (("roc_auc_score", 0.12), ("f1_score", 0.15), ("accuracy_score", 0.08)):
        of = apart[whole["metric"] == metric]
        assert len(of) == 3
        assert of.max() < most, (metric, of.tolist())


def test_the_monitors_job_writes_estimates_and_logs_them_beside_the_version(spark, flights):
    jobs.monitor(spark, flights.project, LIVE, END)
    monitor, settings = flights.project.monitor, lakehouse.settings_of(spark)
    table = lakehouse.read_table(spark, monitor.estimates_table)
    row = table.where("granularity = '1 week' AND metric = 'roc_auc_score'").first()
    assert row["coverage"] > 0.85
    version = champion(flights.project.model_name, settings=settings)
    metrics = use_store(settings).get_run(version.run_id).data.metrics
    assert metrics["monitor.roc_auc_score.estimated"] == row["estimated"]
    assert metrics["monitor.roc_auc_score.realised"] == row["realised"]
    assert metrics["monitor.coverage"] == row["coverage"]
