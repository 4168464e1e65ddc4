"""Windows and slices are UTC's in every session's time zone."""

import datetime as dt

import pytest

from headwater.monitoring import Monitor, MonitorTimeSeries, refresh
from headwater.monitoring.definitions.windows import Span
from headwater.monitoring.states.columns import within


@pytest.mark.parametrize("kind", ["date", "timestamp"])
def test_windows_of_days_are_the_days_whatever_the_zone(spark, schema, kind):
    before = spark.conf.get("spark.sql.session.timeZone")
    days = spark.sql(
        "SELECT CAST(d AS date) AS day, n FROM VALUES ('2024-03-01', 1), ('2024-03-01', 2), ('2024-03-03', 3) v(d, n)"
    )
    frame = days if kind == "date" else days.selectExpr("CAST(day AS timestamp) AS day", "n")
    frame.selectExpr("*", "day AS other").write.format("delta").saveAsTable(f"{schema}.t")
    monitor = Monitor(
        table_name=f"{schema}.t",
        output_schema=schema,
        kind=MonitorTimeSeries(timestamp_col="day", granularities=("1 day",)),
        slicing_exprs=("other", "date(other) = '2024-03-01'", "hour(other) + 0", "other < '2024-03-02'"),
    )
    found = {}
    try:
        for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
            spark.conf.set("spark.sql.session.timeZone", zone)
            refresh(spark, monitor, dt.datetime(2024, 3, 1), dt.datetime(2024, 3, 4))
            rows = spark.table(monitor.profile_table).selectExpr(
                "unix_micros(window.start) AS start", "slice_value", "column_name", "count", "min", "slice_key"
            )
            found[zone] = sorted(map(tuple, rows.collect()), key=repr)
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)
    midnight = 1_709_251_200_000_000
    assert (midnight, None, "n", 2, 1.0, None) in found["UTC"]
    assert (midnight, None, "other", 2, midnight / 1e6, None) in found["UTC"]
    assert {row[1] for row in found["UTC"] if row[5] and row[5].startswith("hour")} == {"0"}
    assert {row[0] for row in found["UTC"]} == {midnight, midnight + 2 * 86_400_000_000}
    assert found["Asia/Tokyo"] == found["America/New_York"] == found["UTC"]


def test_days_are_within_windows_that_end_in_the_day(spark, schema):
    spark.sql("SELECT DATE '2024-03-01' AS day UNION ALL SELECT DATE '2024-03-02'").createOrReplaceTempView("few_days")
    df = spark.table("few_days")
    monitor = Monitor(
        table_name=f"{schema}.t", output_schema=schema,
        kind=MonitorTimeSeries(timestamp_col="day", granularities=("1 hour",)),
    )  # fmt: skip
    for start, end, days in (((1, 0), (2, 1), [1, 2]), ((1, 1), (2, 0), []), ((1, 0), (1, 6), [1])):
        span = Span.touched("1 hour", *(dt.datetime(2024, 3, day, hour) for day, hour in (start, end)))
        assert sorted(row["day"].day for row in within(df, monitor, [span]).collect()) == days
