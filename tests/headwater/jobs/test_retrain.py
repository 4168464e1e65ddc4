"""``headwater retrain``: first model, no reason, a request of the monitor, run again; and the first day of the other jobs."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from headwater import jobs, lakehouse
from headwater.jobs.monitor import DECISIONS
from headwater.jobs.replay import replay
from headwater.jobs.retrain import retrain
from headwater.jobs.score import NoChampionError
from headwater.lakehouse import InvalidInputError
from headwater.outcome import DONE, REFUSED
from headwater.retraining import Retraining
from headwater.training import champion, use_store
from tests.end_to_end.drill.project import BEGIN, END, LAST, LIVE, chain_of, project_in

DAY = dt.timedelta(days=1)
KEYS = ("headwater.training", "headwater.model_name")


def _versions(spark, project):
    found = use_store(lakehouse.settings_of(spark)).search_model_versions(f"name = '{project.model_name}'")
    return sorted(int(one.version) for one in found)


@pytest.mark.slow
def test_a_project_is_retrained_for_a_reason_and_once_for_a_time(spark):
    project = replace(project_in("main.retrained"), retraining=Retraining(holdout=3 * DAY, apart=DAY))
    chain = chain_of(project)
    for command in ("create", "merge", "materialize"):
        chain[command](spark)

    first = retrain(spark, project, LIVE)
    assert (first.step, first.code) == ("retrain", DONE)
    assert first.detail.startswith("There is no model yet.")
    assert _versions(spark, project) == [1]
    again = retrain(spark, project, LIVE)
    assert again.detail.startswith("Trained before for this time, as version 1: Passed")
    assert (again.code, again.rows) == (DONE, 0)

    # A later run for the same time that did not come to its end changes nothing of that.
    client = use_store(lakehouse.settings_of(spark))
    done = client.get_run(client.get_model_version(project.model_name, "1").run_id)
    killed = client.create_run(done.info.experiment_id, tags={k: done.data.tags[k] for k in KEYS})
    client.set_terminated(killed.info.run_id, status="KILLED")
    assert retrain(spark, project, LIVE).detail == again.detail

    chain["materialize again"](spark)
    silent = retrain(spark, project, LAST)
    assert silent.detail.startswith("Not trained: The monitor has not asked for it")
    assert _versions(spark, project) == [1]

    table = project.table("retraining_decisions")
    asked = spark.createDataFrame([(LAST, "1", True, "Performance fell.", 1)], DECISIONS)
    lakehouse.ensure_table(spark, table, asked.schema)
    lakehouse.append(asked, table)
    heard = retrain(spark, project, LAST)
    assert heard.detail.startswith("As of 2024-01-13, the monitor asked for it: Performance fell.")
    assert _versions(spark, project) == [1, 2]
    settings = lakehouse.settings_of(spark)
    assert heard.code == (DONE if champion(project.model_name, settings=settings).version == 2 else REFUSED)
    assert retrain(spark, project, LAST).code == heard.code
    assert _versions(spark, project) == [1, 2]
    soon = retrain(spark, project, LAST + DAY / 2)
    assert soon.detail.startswith(
        "Not trained: The last training had rows up to 2024-01-13 00:00 UTC; the next may begin"
    )

    # Its search began with the champion's hyperparameters.
    client = use_store(settings)
    params = [client.get_run(client.get_model_version(project.model_name, v).run_id).data.params for v in ("1", "2")]
    assert params[0]["C"] == params[1]["C"]


def test_jobs_of_a_project_without_a_model_say_that_nothing_has_been_scored(spark):
    project = project_in("main.first_day")
    labelled, monitored = jobs.label(spark, project, BEGIN, END), jobs.monitor(spark, project, BEGIN, END)
    for job in (labelled, monitored.job):
        assert (job.code, job.rows, job.detail) == (DONE, 0, "Nothing has been scored yet.")
    assert not monitored.decision.retrain
    with pytest.raises(NoChampionError, match=r"No model of main.first_day.returned can score"):
        jobs.score(spark, replace(project, spine=lambda s, *_: s.range(1)), BEGIN, END)


@pytest.mark.slow
def test_a_training_is_replayed_from_time_travel_after_its_tables_have_changed(spark):
    project = project_in("main.replayed")
    chain = chain_of(project)
    for command in ("create", "merge", "materialize", "train"):
        chain[command](spark)
    settings = lakehouse.settings_of(spark)
    run_id = use_store(settings).get_model_version(project.model_name, "1").run_id
    chain["materialize again"](spark)
    chain["train again"](spark)  # other rows in the same table
    again = replay(spark, project, run_id)
    assert again.code == DONE, again.detail
    assert again.detail.startswith("The same rows, and the same ")
    assert "log_loss" in again.detail
    assert _versions(spark, project) == [1, 2]

    client = use_store(settings)
    client.log_metric(run_id, "log_loss", 0.1)
    differs = replay(spark, project, run_id)
    assert differs.code == REFUSED
    assert "1 of " in differs.detail
    assert "log_loss 0.1 then" in differs.detail
    with pytest.raises(InvalidInputError, match="There is no run 'nothing'"):
        replay(spark, project, "nothing")
    child = client.search_runs([client.get_run(run_id).info.experiment_id], f"tags.`mlflow.parentRunId` = '{run_id}'")[
        0
    ]
    with pytest.raises(InvalidInputError, match=r"is no training of main\.replayed\.returned"):
        replay(spark, project, child.info.run_id)
