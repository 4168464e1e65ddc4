"""A column that begins to vary late gets its edges then, and a shift of it is seen."""

import datetime as dt

from headwater.monitoring import Monitor, MonitorTimeSeries, refresh


def test_a_column_of_nulls_or_zeros_at_first_has_its_edges_from_when_it_varies(spark, schema):
    spark.sql(
        "SELECT timestamp_seconds(1709294400 + day * 86400) AS t, IF(day = 0, NULL, id * 1000 + 3e6 * day) AS late, "
        "IF(day = 0, 0, id * 1000 + 3e6 * day) AS zero FROM (SELECT id, explode(array(0, 1, 2)) AS day FROM range(2000))"
    ).write.format("delta").saveAsTable(f"{schema}.t")
    monitor = Monitor(
        table_name=f"{schema}.t",
        output_schema=schema,
        kind=MonitorTimeSeries(timestamp_col="t", granularities=("1 day",)),
    )
    refresh(spark, monitor, dt.datetime(2024, 3, 1), dt.datetime(2024, 3, 2))
    assert spark.table(monitor.histograms_table).where("log_type = 'EDGES'").count() == 0
    refresh(spark, monitor, dt.datetime(2024, 3, 2), dt.datetime(2024, 3, 4))
    rows = spark.table(monitor.profile_table).where("column_name != ':table' AND window.start > '2024-03-01'").collect()
    assert len(rows) == 4
    for row in rows:
        assert abs(row.median - (row.min + row.max) / 2) < 0.1 * (row.max - row.min)
    later = "column_name != ':table' AND window.start > '2024-03-02'"
    drift = spark.table(monitor.drift_table).where(later).collect()
    assert [row.ks_test.statistic for row in drift] == [1.0, 1.0]
