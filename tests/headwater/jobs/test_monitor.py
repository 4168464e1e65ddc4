"""The monitor's job with a policy: incidents in place of violations of rules, and a report that says first where things stand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from headwater import jobs, lakehouse
from headwater.monitoring import AlertPolicy, MonitorMetric, Webhook, refresh
from headwater.web.report import write_report
from tests.end_to_end.drill.project import END, LIVE, chain_of, project_in
from tests.monitoring.alerts.channels.receivers import http_receiver


@pytest.mark.slow
def test_a_project_with_a_policy_is_told_of_incidents_and_its_report_says_where_things_stand(spark, tmp_path):
    project = project_in("main.watched")
    chain = chain_of(project)
    for command in ("create", "merge", "materialize", "train", "materialize again", "score", "label"):
        chain[command](spark)
    rows = MonitorMetric(
        type="aggregate", name="rows_seen", input_columns=[":table"], definition="count(*)", output_data_type="bigint"
    )
    wrong = replace(rows, name="wrong", definition="avg(no_such_column)")
    with http_receiver() as receiver:
        channel = Webhook(f"http://127.0.0.1:{receiver.port}/", timeout_s=5)
        policy = AlertPolicy(granularity="1 day", n=1, m=2, channels=[channel])
        watched = replace(project, alerts=policy, custom_metrics=[rows, wrong])
        receiver.refuses = True
        down = jobs.monitor(spark, watched, LIVE, END)
        receiver.refuses = False
        first = jobs.monitor(spark, watched, LIVE, END)
        again = jobs.monitor(spark, watched, LIVE, END)
    told = {f"{alert.incident_id}-opened" for alert in first.alerts if not alert.over_budget}
    assert sorted(receiver.keys) == sorted(told)
    assert ("It is sent again at the next run" in down.job.detail) == bool(told)
    assert (f"{len(told)} notice" in first.job.detail) == bool(told)
    assert "notice" not in again.job.detail
    for outcome in (down, first, again):
        assert "The custom metric 'wrong' has no value for the column ':table'" in outcome.job.detail
    assert [alert.message for alert in again.alerts] == [alert.message for alert in first.alerts]
    assert lakehouse.read_table(spark, watched.monitor.alerts_table).count() == 0
    kept = {row["incident_id"]: row for row in lakehouse.read_table(spark, watched.monitor.incidents_table).collect()}
    assert {alert.incident_id for alert in first.alerts} == {
        name for name, row in kept.items() if row["state"] != "closed"
    }
    file = tmp_path / "report.html"
    write_report(lakehouse.settings_of(spark), watched, str(file))
    page = file.read_text()
    said = "Nothing is wrong: no alert is open" if not first.alerts else first.alerts[0].message
    assert said in page
    _labels_that_come_late_reach_their_windows(spark, project)


def _labels_that_come_late_reach_their_windows(spark, project):
    """Check that a run over the last day computes the days before again, within the delay of labels."""
    table = lakehouse.resolve(spark, project.monitor.table_name)
    spark.sql(f"UPDATE {table.quoted} SET {project.label} = NULL")
    refresh(spark, project.monitor, LIVE, END)
    assert _days_with_quality(spark, project) == []
    jobs.label(spark, project, LIVE, END)
    assert END - dt.timedelta(days=1) - project.label_delay <= LIVE < END - dt.timedelta(days=1)
    jobs.monitor(spark, project, END - dt.timedelta(days=1), END)
    found = _days_with_quality(spark, project)
    assert found[0] < (END - dt.timedelta(days=1)).replace(tzinfo=None)


def _days_with_quality(spark, project):
    rows = lakehouse.read_table(spark, project.monitor.profile_table).where(
        "log_type = 'INPUT' AND granularity = '1 day' AND column_name = ':table' AND accuracy_score IS NOT NULL"
    )
    return sorted({row["window"]["start"] for row in rows.collect()})
