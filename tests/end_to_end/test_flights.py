"""The flights project from raw rows to alerts, on real rows of January; and what happens when it is killed."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from examples.flights import definitions, raw
from headwater import jobs, lakehouse, monitoring
from headwater.features import create_training_set
from headwater.jobs.score import NoChampionError
from headwater.web.report import write_report
from tests.end_to_end.flights import END, HOLDOUT, LIVE, MIDDLE

ROOT = Path(__file__).parents[2]


def _pandas(spark, table):
    return lakehouse.read_table(spark, f"main.flights.{table}").toPandas()


def test_raw_times_are_true_utc_times():
    flights = raw.flights()
    assert len(flights) == 336_776
    assert flights["flight_id"].is_unique
    assert flights["landed_at"].isna().sum() == flights["late"].isna().sum() == 9_430
    first = flights.iloc[0]
    # 05:15 in New York in winter, 830 on the clock of Houston, 227 minutes in the air.
    assert (first["scheduled_departure"], first["landed_at"]) == (
        pd.Timestamp("2013-01-01 10:15"),
        pd.Timestamp("2013-01-01 14:30"),
    )
    flown = flights.dropna(subset=["dep_delay", "landed_at", "air_time"])
    departed = flown["scheduled_departure"] + pd.to_timedelta(flown["dep_delay"], unit="min")
    taxi = (flown["landed_at"] - departed).dt.total_seconds() / 60 - flown["air_time"]
    assert taxi.min() > 0
    assert taxi.max() < 240
    assert taxi.quantile([0.01, 0.99]).between(10, 90).all()


def test_every_feature_is_what_was_known_before_the_prediction(spark, flights):
    del flights
    spine = definitions.to_predict(spark, HOLDOUT, LIVE)
    exclude = ("flight", "scheduled_departure", "year_built")
    rows = create_training_set(spine, definitions.LOOKUPS, None, exclude).load_df().toPandas()
    sample = rows.sample(60, random_state=5)
    all_flights, weather = raw.flights(), raw.weather()
    landed = all_flights[all_flights["landed_at"].notna()]
    checked = 0
    for row in sample.to_dict("records"):
        asked = row["prediction_time"]
        end = asked.floor("h")
        assert end <= asked
        for entity in definitions.ENTITIES:
            for short, duration in definitions.WINDOWS.items():
                inside = (landed["landed_at"] >= end - duration) & (landed["landed_at"] < end)
                seen = landed[inside & (landed[entity] == row[entity])]
                count = row[f"{entity}_flights_{short}"]
                assert (0 if pd.isna(count) else count) == len(seen)
                for what, column in (("delay", "arr_delay"), ("late_rate", "late")):
                    value = row[f"{entity}_{what}_{short}"]
                    if len(seen):
                        assert value == pytest.approx(float(seen[column].astype(float).mean()))
                        checked += 1
                    else:
                        assert pd.isna(value)
        known = weather[(weather["origin"] == row["origin"]) & (weather["known_at"] <= asked)]
        newest = known.sort_values("known_at").iloc[-1]
        assert asked - newest["known_at"] <= dt.timedelta(hours=6)
        assert row["temp"] == pytest.approx(newest["temp"], nan_ok=True)
        assert row["departure_weekday"] == (asked + raw.LEAD).tz_localize("UTC").tz_convert(raw.HOME_ZONE).strftime(
            "%a"
        )
    assert checked > 1000


def test_training_registers_a_champion_with_its_figures_and_its_reason(spark, flights):
    result = flights.trained.training
    assert flights.trained.job.code == 0, flights.trained.job.detail
    assert result.promoted
    assert set(result.metrics) == {"model", "overall_rate", "hour_and_carrier"}
    assert result.metrics["model"]["log_loss"] < result.metrics["hour_and_carrier"]["log_loss"]
    promotions = _pandas(spark, "promotions")
    assert promotions["action"].tolist()[0] == "promote"
    baseline = _pandas(spark, "baseline")
    judged = baseline["prediction_proba"].notna()
    assert judged.sum() == len(result.predictions)
    assert (baseline.loc[judged, "prediction_time"] >= HOLDOUT.replace(tzinfo=None)).all()


def test_every_flight_is_scored_once_and_labels_come_when_it_has_landed(spark, flights):
    del flights
    scored = _pandas(spark, "inference")
    expected = raw.flights()
    asked = expected["prediction_time"]
    expected = expected[(asked >= LIVE.replace(tzinfo=None)) & (asked < END.replace(tzinfo=None))]
    assert sorted(scored["flight_id"]) == sorted(expected["flight_id"])
    assert scored["prediction_proba"].between(0, 1).all()
    assert ((scored["prediction_proba"] >= 0.3) == (scored["prediction"] == 1)).all()
    known = expected[expected["landed_at"] < END.replace(tzinfo=None)].set_index("flight_id")["late"].astype(float)
    found = scored.set_index("flight_id")["late"].dropna().astype(float)
    assert found.sort_index().to_dict() == known.sort_index().to_dict()


def test_scoring_and_labelling_again_changes_nothing(spark, flights):
    before = _pandas(spark, "inference").sort_values("flight_id", ignore_index=True)
    jobs.score(spark, flights.project, MIDDLE, END)
    jobs.label(spark, flights.project, MIDDLE, END)
    assert jobs.label(spark, flights.project, MIDDLE, END).rows == 0
    after = _pandas(spark, "inference").sort_values("flight_id", ignore_index=True)
    pd.testing.assert_frame_equal(before, after)


def test_an_empty_interval_is_scored_as_no_rows(spark, flights):
    far = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    assert jobs.score(spark, flights.project, far, far + dt.timedelta(days=1)).rows == 0


def test_the_monitor_profiles_compares_and_decides_and_the_report_is_written(spark, flights, home):
    outcome = jobs.monitor(spark, flights.project, LIVE, END)
    assert outcome.job.code in (0, 3)
    drift = _pandas(spark, "inference_drift_metrics")
    assert set(drift["granularity"]) == {"1 day", "1 week"}
    assert {"BASELINE", "CONSECUTIVE"} == set(drift["drift_type"])
    assert _pandas(spark, "retraining_decisions")["reason"].str.len().min() > 0
    monitoring.evaluate_alerts(spark, flights.project.monitor, flights.project.alert_rules, END)
    report = write_report(lakehouse.Settings(home=Path(home)), flights.project)
    assert "flights.html" in report.detail


def test_a_model_without_champion_or_with_a_broken_one_says_so(spark, flights):
    from dataclasses import replace

    from headwater.training import champion

    unknown = replace(flights.project, model_name="no.such")
    with pytest.raises(NoChampionError, match=r"No model of no.such can score .*headwater train"):
        jobs.score(spark, unknown, LIVE, MIDDLE)
    version = champion("main.flights.late", settings=lakehouse.settings_of(spark))
    assert version is not None
    assert str(version.version) == flights.trained.training.version


def _killed(script: str, home: str, ready: Path) -> int:
    """Run a script in a process of its own, kill it as soon as a new file appears under a folder; give its exit code."""
    before = set(ready.rglob("*.parquet")) if ready.exists() else set()
    environment = {**os.environ, "HEADWATER_HOME": home, "PYTHONPATH": str(ROOT), "HEADWATER_MASTER": "local[2]"}
    process = subprocess.Popen([sys.executable, "-c", script], env=environment, start_new_session=True, cwd=home)
    deadline = time.monotonic() + 240
    while process.poll() is None and time.monotonic() < deadline:
        if ready.exists() and set(ready.rglob("*.parquet")) - before:
            os.killpg(process.pid, signal.SIGKILL)
            break
        time.sleep(0.01)
    return process.wait(timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize("job", ["materialize", "score"])
def test_a_job_killed_while_it_writes_is_run_again_and_nothing_is_lost_or_doubled(spark, flights, home, job):
    table = {"materialize": "route_delays", "score": "inference"}[job]
    folder = Path(home) / "warehouse" / "flights.db" / table
    name = f"main.flights.{table}"
    key = {"materialize": ["route", "ts"], "score": ["flight_id"]}[job]
    columns = [c for c in lakehouse.read_table(spark, name).columns if c != "late"]
    before = lakehouse.read_table(spark, name).select(columns).toPandas().sort_values(key, ignore_index=True)
    version = lakehouse.table_version(spark, name)
    code = _killed(
        "import datetime as dt, lakehouse\n"
        "from headwater import jobs\n"
        "from examples.flights.project import project\n"
        "start, end = dt.datetime(2013, 1, 24, tzinfo=dt.UTC), dt.datetime(2013, 1, 26, tzinfo=dt.UTC)\n"
        f"jobs.{job}(lakehouse.session(), project, start, end)\n",
        home,
        folder,
    )
    assert code == -signal.SIGKILL
    assert lakehouse.table_version(spark, name) - version <= 1
    getattr(jobs, job)(spark, flights.project, MIDDLE, END)
    after = lakehouse.read_table(spark, name).select(columns).toPandas().sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(before, after)
    if job == "score":
        jobs.label(spark, flights.project, MIDDLE, END)
