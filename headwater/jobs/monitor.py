"""Computes profile and drift, finds what changed, tells it, and says whether to retrain."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.conventions import MODEL_VERSION
from headwater.jobs.monitored import log_figures
from headwater.jobs.registry import END, START, Job
from headwater.lakehouse.threads import side_by_side
from headwater.outcome import DONE, REFUSED, JobResult

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.monitoring import Alert, Incident, RetrainingDecision
    from headwater.project import Project

__all__ = ["JOB", "MonitorOutcome", "monitor"]

DECISIONS = f"as_of timestamp, {MODEL_VERSION} string, retrain boolean, reason string, alerts int"


@dataclass(frozen=True)
class MonitorOutcome:
    """The job's result, the alerts, and the decision.

    `alerts` are those of the newest complete windows, or, where the project has a policy, the incidents that are open.
    """

    job: JobResult
    alerts: Sequence[Alert | Incident]
    decision: RetrainingDecision


@lakehouse.faults_named()
def monitor(spark: SparkSession, project: Project, start: dt.datetime, end: dt.datetime) -> MonitorOutcome:
    """Refresh the windows touched by [start, end), UTC, look for changes as of `end`, tell people, and decide on retraining.

    The windows of the project's label delay before `start` are refreshed too: their labels may have come since. The performance
    of the windows is estimated beside what is realised by now, in ``…_performance_estimates``; all inputs together are compared
    with the baseline's, in ``…_input_drift`` and ``…_score_changes``. The key figures are logged into the versions' runs.
    Violations of the project's rules are kept in ``…_alerts``; where it has a policy, incidents in ``…_incidents``, and its
    channels are told of them. The result's detail names the channels that did not take a notice, and the custom metrics that
    could not be computed. Decisions are kept in the table ``retraining_decisions``, one per `end`. Ends with code 3 if a
    retraining is asked for.
    """
    from headwater import monitoring
    from headwater.training import champion

    began = time.monotonic()
    if not lakehouse.table_exists(spark, project.monitor.table_name):
        nothing = "Nothing has been scored yet."
        job = JobResult("monitor", 0, time.monotonic() - began, nothing)
        return MonitorOutcome(job, (), monitoring.RetrainingDecision(retrain=False, reason=nothing))
    labelled = start - project.label_delay
    refreshed = monitoring.refresh(spark, project.monitor, labelled, end)
    estimated, _ = side_by_side(
        spark,
        lambda: str(monitoring.estimate_performance(spark, project.monitor, labelled, end)),
        lambda: str(monitoring.compare_inputs(spark, project.monitor, start, end, as_of=end)),
    )
    log_figures(spark, project, labelled, end)
    serving = champion(project.model_name, settings=lakehouse.settings_of(spark))
    version = str(serving.version) if serving is not None else ""
    alerts: Sequence[Alert | Incident]
    alerts = violations = monitoring.evaluate_alerts(spark, project.monitor, project.alert_rules, end)
    delivery = ""
    if project.alerts is None:
        decision = monitoring.should_retrain(violations, model_id=version, drifted_columns=project.drifted_columns)
    else:
        incidents = monitoring.watch(spark, project.monitor, project.alerts, end, cause_of=project.cause_of)
        delivery = str(monitoring.send_notices(spark, project.monitor, project.alerts, incidents, end))
        alerts = current = [incident for incident in incidents if incident.state != "closed"]
        decision = monitoring.decide(current, model_id=version, drifted_columns=project.drifted_columns)
    _keep(spark, project, end, version, decision, len(alerts))
    said = [f"{len(alerts)} alert{'' if len(alerts) == 1 else 's'}. {decision.reason}", delivery]
    first, last = lakehouse.sql_time(start), lakehouse.sql_time(end)
    rows = lakehouse.read_table(spark, project.table("inference")).where(
        f"{project.time_column} >= TIMESTAMP '{first}' AND {project.time_column} < TIMESTAMP '{last}'"
    )
    job = JobResult(
        "monitor",
        rows.count(),
        time.monotonic() - began,
        " ".join(filter(None, [*said, estimated, *map(str, refreshed.failed_metrics)])),
        REFUSED if decision.retrain else DONE,
    )
    return MonitorOutcome(job, alerts, decision)


def _keep(
    spark: SparkSession, project: Project, as_of: dt.datetime, version: str, decision: RetrainingDecision, alerts: int
) -> None:
    table = project.table("retraining_decisions")
    row = spark.createDataFrame([(as_of, version, decision.retrain, decision.reason, alerts)], DECISIONS)
    lakehouse.ensure_table(spark, table, row.schema, comment="After each monitoring step: retrain or not, and why")
    lakehouse.replace_interval(row, table, "as_of", as_of, as_of + dt.timedelta(microseconds=1))


JOB = Job(
    "monitor",
    "Compute profile and drift for the windows of the interval, and raise alerts; exit code 3 if one asks for a retraining.",
    (START, END),
    lambda spark, project, start, end: monitor(spark, project, start, end).job,
)
