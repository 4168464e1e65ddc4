"""Scores look features up by UTC, whatever the clock of the machine and of the session: also in the hour that autumn repeats."""

import datetime as dt
import os
import time

import pytest

from headwater.features import FeatureLookup, create_feature_table, create_training_set, evaluate

REPEATED = dt.datetime(2024, 11, 3, 5, 30, tzinfo=dt.UTC)  # half past one in New York, and an hour later again
HOUR = dt.timedelta(hours=1)


@pytest.fixture(params=["process", "session"])
def new_york(spark, request, monkeypatch):
    """Let the clock of this process, or the session's, be New York's."""
    if request.param == "process":
        monkeypatch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
        monkeypatch.undo()
        time.tzset()
    else:
        spark.conf.set("spark.sql.session.timeZone", "America/New_York")
        yield
        spark.conf.set("spark.sql.session.timeZone", "UTC")


@pytest.mark.parametrize("lookback", [None, HOUR / 2])
def test_the_newest_row_of_a_repeated_hour_is_found(spark, schema, new_york, monkeypatch, lookback):
    assert os.environ.get("TZ", "") == "America/New_York" or spark.conf.get("spark.sql.session.timeZone") != "UTC"
    monkeypatch.setenv("HEADWATER_LOOKUPS", "spark")
    rows = [(1, REPEATED, 1.0), (1, REPEATED + HOUR, 2.0)]
    create_feature_table(
        spark, f"{schema}.f", ["k", "ts"], spark.createDataFrame(rows, "k int, ts timestamp, x double"), "ts"
    )
    labels = [(i, 1, REPEATED + i * HOUR + HOUR / 4) for i in (0, 1)]
    spine = spark.createDataFrame(labels, "id int, k int, at timestamp")
    lookup = FeatureLookup(f"{schema}.f", ["k"], timestamp_lookup_key="at", lookback_window=lookback)
    spec = create_training_set(spine, [lookup], None).feature_spec
    for wanted, rows_of in {(0, 1.0): "id = 0", (1, 2.0): "id = 1"}.items():
        found = evaluate(spec, spine.where(rows_of), versions="newest").collect()
        assert [(row["id"], row["x"]) for row in found] == [wanted]
