"""Files are left out by their statistics only where these say for certain that no row is within the bounds."""

import datetime as dt
import json

import deltalake
import pyarrow as pa
import pytest

from headwater import lakehouse
from headwater.lakehouse import open_stored

TIME = dt.datetime(2024, 3, 1, 12, 0, 0, 123_456, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
SECONDS = "1850-01-01T00:00:00.000-04:56:02"  # as Spark writes times before 1883 in New York
CUT = "2024-03-01T12:00:00.123Z"  # as Spark cuts every time
STATISTICS = {
    "least with an offset of seconds": {"minValues": {"ts": SECONDS}, "maxValues": {"ts": CUT}, "nullCount": {"ts": 0}},
    "greatest with an offset of seconds": {"minValues": {"ts": CUT}, "maxValues": {"ts": SECONDS}},
    "only a greatest": {"maxValues": {"ts": CUT}},
    "only a least": {"minValues": {"ts": CUT}},
    "cut to milliseconds": {"minValues": {"ts": CUT}, "maxValues": {"ts": CUT}},
    "no times": {"minValues": {"ts": "soon"}, "maxValues": {"ts": "late"}},
    "counts alone": {},
}
BROKEN = [
    '{"numRecords":1,"minValues":{"ts":',
    '{"numRecords":1,"minValues":{"ts":"soon","n":{}}}',
    "nonsense",
    '{"numRecords":"many"}',
    "",
    None,
]


@pytest.fixture
def table(tmp_path):
    """Give a function that makes a table of one row at TIME whose file has these statistics, and opens it."""
    settings = lakehouse.Settings(home=tmp_path)
    folder = settings.warehouse / "s.db" / "t"
    row = pa.table({"k": ["a"], "n": [1], "ts": pa.array([TIME], pa.timestamp("us", "UTC"))})
    deltalake.write_deltalake(folder, row)
    commit = folder / "_delta_log" / f"{0:020}.json"
    actions = [json.loads(line) for line in commit.read_text().splitlines()]

    def opened(statistics):
        for action in actions:
            if "add" in action:
                action["add"]["stats"] = statistics
        commit.write_text("\n".join(map(json.dumps, actions)) + "\n")
        return open_stored(settings, "main.s.t")

    return opened


def _within(table, first, last):
    bounds = [{} if time is None else {"ts": pa.scalar(time, pa.timestamp("us", "UTC"))} for time in (first, last)]
    return table.within(*bounds).read(["k"]).num_rows


@pytest.mark.parametrize("known", STATISTICS)
def test_a_row_within_the_bounds_is_read_whatever_the_statistics_lack(table, known):
    found = table(json.dumps({"numRecords": 1} | STATISTICS[known]))
    assert found.rows == 1
    for first, last in ((TIME, None), (None, TIME), (TIME, TIME), (None, TIME + dt.timedelta(days=9)), (None, None)):
        assert _within(found, first, last) == 1, (first, last)
    for first, last in ((TIME + MICROSECOND, None), (None, TIME - MICROSECOND)):  # by the file's own statistics
        assert _within(found, first, last) == 0, (first, last)
    assert found.read(["n"], among={"k": pa.array(["a", "b"])}).num_rows == 1
    assert found.read(["k"], among={"n": pa.array([1])}).num_rows == 1


@pytest.mark.parametrize("statistics", BROKEN)
def test_the_rows_of_a_file_with_broken_statistics_are_not_counted_but_read(table, statistics):
    found = table(statistics)
    assert found.rows is None
    assert _within(found, TIME, TIME) == 1
    assert found.read(["n"], among={"k": pa.array(["a"])}).num_rows == 1


def test_a_file_outside_the_bounds_is_not_opened(table, tmp_path):
    found = table(json.dumps({"numRecords": 1} | STATISTICS["cut to milliseconds"]))
    for path in tmp_path.rglob("*.parquet"):
        path.unlink()
    second = dt.timedelta(seconds=1)
    assert found.within({"ts": pa.scalar(TIME + second, pa.timestamp("us", "UTC"))}, {}).files == 0
    assert found.within({}, {"ts": pa.scalar(TIME - second, pa.timestamp("us", "UTC"))}).files == 0
