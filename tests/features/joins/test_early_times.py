"""Feature rows of times whose clocks had offsets with seconds, and at the ends of time, are found like any others."""

import pytest

from headwater import lakehouse
from headwater.features import FeatureLookup, create_feature_table, create_training_set

ROWS = """
    ('a', timestamp'1850-01-01 00:00:00Z', 1D), ('a', timestamp'2024-01-01 00:00:00.123456Z', 2D),
    ('b', timestamp'9999-12-31 23:59:59.999999Z', 3D), ('b', timestamp'0001-01-01 00:00:00Z', 4D)
"""
LABELS = """
    ('a', timestamp'2024-02-01 00:00:00Z', 2D), ('a', timestamp'1900-01-01 00:00:00Z', 1D),
    ('b', timestamp'2024-02-01 00:00:00Z', 4D), ('a', timestamp'1849-12-31 23:59:59Z', NULL)
"""


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_rows_of_early_times_are_found_in_process_and_on_spark(spark, schema, monkeypatch, zone):
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", zone)
    try:
        rows = spark.sql(f"SELECT * FROM VALUES {ROWS} v(k, ts, x)").coalesce(1)
        create_feature_table(spark, f"{schema}.f", df=rows, primary_keys=["k", "ts"], timeseries_column="ts")
        labels = spark.sql(f"SELECT * FROM VALUES {LABELS} v(k, at, y)")
        for form in ("auto", "spark"):
            monkeypatch.setenv("HEADWATER_LOOKUPS", form)
            lookup = FeatureLookup(table_name=f"{schema}.f", lookup_key="k", timestamp_lookup_key="at")
            found = create_training_set(labels, [lookup], "y").load_df().collect()
            assert [row["x"] for row in found] == [row["y"] for row in found], form
            assert len(found) == 4
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)
    assert lakehouse.settings_of(spark).lookups == "spark"
