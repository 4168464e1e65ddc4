"""A demo that is interrupted goes on from the job it was at."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from examples.flights.demo import Demo
from headwater import lakehouse
from headwater.training import use_store
from tests.end_to_end.drill.project import BEGIN, END, HOLDOUT, LIVE, land, project


def _demo(asked, *, interrupted_at=None):
    """Give a demo that notes which intervals are landed, and which somebody interrupts when it lands the one that begins then."""

    def landing(spark, start, end):
        if start == interrupted_at:
            raise KeyboardInterrupt
        asked.append(start)
        return land(spark, start, end)

    # The register that the other lookup reads is no job's: here the group alone.
    small = replace(project, name="small", land=landing, lookups=project.lookups[:1])
    return Demo(dt.timedelta(days=1), project=small, begin=BEGIN, holdout=HOLDOUT, live=LIVE)


def test_a_demo_that_was_interrupted_goes_on_from_the_job_it_was_at_and_does_not_train_again(spark):
    landed, second = [], LIVE + dt.timedelta(days=1)
    with pytest.raises(KeyboardInterrupt):
        _demo(landed, interrupted_at=second).run(END)
    assert landed == [BEGIN, LIVE]
    trained = use_store(lakehouse.settings_of(spark)).search_model_versions(f"name = '{project.model_name}'")
    version = lakehouse.table_version(spark, "main.drill.activity")

    results = _demo(landed).run(END)
    assert landed == [BEGIN, LIVE, second]
    steps = ["land", "materialize", "score", "label", "monitor"]
    assert [(phase, result.step) for phase, result in results] == [
        ("start", "start"),
        *(("history", step) for step in ("land", "materialize", "train")),
        *(("12 Jan", step) for step in steps),
        *(("13 Jan", step) for step in steps),
    ]
    again = use_store(lakehouse.settings_of(spark)).search_model_versions(f"name = '{project.model_name}'")
    assert [one.version for one in again] == [one.version for one in trained]
    assert len(again) == 1
    assert (
        lakehouse.table_version(spark, "main.drill.activity") - version == 2
    )  # one interval: its rows, and the note of it
    assert lakehouse.read_table(spark, "main.drill.inference").count() == 160

    # It came to its end: the next one starts over.
    with pytest.raises(KeyboardInterrupt):
        _demo(landed, interrupted_at=BEGIN).run(END)
