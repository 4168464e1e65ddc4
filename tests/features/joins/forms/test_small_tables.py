"""Small tables that go to all buckets of label rows."""

import datetime as dt

from headwater.features.joins.forms.small_tables import join_small_tables
from headwater.features.joins.lookup import TableLookup

HOUR = dt.timedelta(hours=1)


def test_small_tables_of_other_keys_and_kinds_of_time_are_looked_up_together(spark):
    at, day = dt.datetime(2024, 1, 5), dt.date(2024, 1, 5)
    spine = spark.createDataFrame([(1, "a", at, day), (2, "b", at, None)], "n int, s string, at timestamp, day date")
    numbers = spark.createDataFrame([(2, at, 1.5), (1, at + HOUR, 2.5)], "n int, ts timestamp, v double")
    days = spark.createDataFrame([("a", day - dt.timedelta(days=1), [1, None])], "s string, day date, l array<int>")
    lookups = [
        TableLookup(numbers, (("n", "n"),), ("at", "ts"), {"v": "v"}),
        TableLookup(days, (("s", "s"),), ("day", "day"), {"l": "l"}, dt.timedelta(days=1)),
    ]
    values = sorted((tuple(row)[4:] for row in join_small_tables(spine, lookups, 3).collect()), key=repr)
    assert values == [(1.5, None), (None, [1, None])]
