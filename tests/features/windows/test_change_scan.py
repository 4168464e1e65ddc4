"""The NumPy pass over buckets: against a brute force, in chunks of every size, and against Spark's own frames."""

import datetime as dt
import math
import random

import pyarrow as pa
import pytest

from headwater import lakehouse
from headwater.features import (
    AggregationFunction,
    Avg,
    Count,
    DeltaTableSource,
    Feature,
    FeatureGroup,
    Max,
    Min,
    SlidingWindow,
    Sum,
    evaluate_group,
)
from headwater.features.windows import change_scan as module
from headwater.features.windows.change_scan import ChangeScan, Total

TOTALS = (
    ("n_4", Total("sum", "n", 4)),
    ("n_10", Total("sum", "n", 10)),
    ("x_4", Total("sum", "x", 4)),
    ("low_10", Total("min", "x", 10)),
    ("high_10", Total("max", "x", 10)),
    ("least_4", Total("min", "n", 4)),
)
OUT = pa.schema(
    [("k", pa.string()), ("__at", pa.int64())]
    + [(name, pa.float64() if total.partial == "x" else pa.int64()) for name, total in TOTALS]
)
SLIDE = 2


def _buckets(seed, keys=4, places=40):
    dice = random.Random(seed)
    values = [None, -1.5, 0.0, 2.25, math.inf, math.nan]
    return [
        (f"k{key}", at, dice.choice([None, 1, 2, 3]), dice.choice(values))
        for key in range(keys)
        for at in sorted(dice.sample(range(-2 * places, 2 * places, SLIDE), places))
    ]


def _expected(buckets, first, last):
    found = []
    for key in sorted({bucket[0] for bucket in buckets}):
        mine = [bucket for bucket in buckets if bucket[0] == key]
        times = {at - 1 + d - (at - 1 + d) % SLIDE + SLIDE for _, at, _, _ in mine for d in (0, 4, 10)}
        for time in sorted(t for t in times if first <= t < last):
            row = [key, time]
            for _, total in TOTALS:
                inside = [(n, x) for _, at, n, x in mine if time - total.duration < at <= time]
                values = [pair[total.partial == "x"] for pair in inside if pair[total.partial == "x"] is not None]
                row.append(_plain(total.how, values))
            found.append(tuple(row))
    return found


def _plain(how, values):
    if not values:
        return None
    if how == "sum":
        return sum(values)
    numbers = [value for value in values if not math.isnan(value)]
    if how == "min":
        return min(numbers) if numbers else math.nan
    return math.nan if len(numbers) < len(values) else max(numbers)


def _scan(buckets, first, last, batch):
    columns = list(zip(*buckets, strict=True))
    kinds = [pa.string(), pa.int64(), pa.int64(), pa.float64()]
    table = pa.table([pa.array(c, t) for c, t in zip(columns, kinds, strict=True)], names=["k", "__at", "n", "x"])
    scan = ChangeScan(("k",), TOTALS, SLIDE, first, last, OUT)
    found = pa.Table.from_batches(list(scan(iter(table.to_batches(max_chunksize=batch)))), OUT)
    return [tuple(row.values()) for row in found.to_pylist()]


@pytest.mark.parametrize("chunk", [1, 7, 33, 10_000])
@pytest.mark.parametrize("seed", range(6))
def test_every_change_has_its_windows_whatever_the_chunks(monkeypatch, chunk, seed):
    monkeypatch.setattr(module, "_CHUNK_ROWS", chunk)
    buckets = _buckets(seed)
    found, expected = _scan(buckets, -60, 70, max(1, chunk // 2)), _expected(buckets, -60, 70)
    assert [repr(row) for row in found] == [repr(row) for row in expected]
    assert len(found) > 100


def test_keys_and_times_too_wide_for_64_bits_are_gone_through_in_halves(monkeypatch):
    monkeypatch.setattr(module, "_LARGEST", 500)
    buckets = _buckets(9, keys=9)
    assert repr(_scan(buckets, -60, 70, 100)) == repr(_expected(buckets, -60, 70))


def test_no_change_within_the_interval_gives_no_row():
    assert _scan(_buckets(1), 1000, 2000, 10) == []


def test_decimals_go_through_sparks_frames_and_agree_with_numbers(spark, schema):
    dice = random.Random(4)
    start = dt.datetime(2024, 3, 1)
    rows = [
        (
            dice.choice("ab"),
            start + dice.randint(0, 300) * dt.timedelta(minutes=20),
            dice.choice([None, 0.25, 1.5, -3.0]),
        )
        for _ in range(200)
    ]
    events = spark.createDataFrame(rows, "k string, at timestamp, v double").selectExpr(
        "*", "cast(v as decimal(10,2)) AS d"
    )
    lakehouse.create_table(spark, f"{schema}.events", events.schema)
    lakehouse.append(events, f"{schema}.events")
    catalog, name = schema.split(".")
    source = DeltaTableSource(catalog_name=catalog, schema_name=name, table_name="events")

    def rows_of(column):
        features = tuple(
            Feature(
                source=source,
                function=AggregationFunction(
                    operator(column),
                    SlidingWindow(window_duration=dt.timedelta(hours=hours), slide_duration=dt.timedelta(hours=1)),
                ),
                entity="k",
                timeseries_column="at",
                name=f"{operator.__name__.lower()}_{hours}",
            )
            for operator in (Count, Sum, Avg, Min, Max)
            for hours in (2, 24)
        )
        group = FeatureGroup(f"{schema}.{column}_features", features)
        df = evaluate_group(
            spark, group, start.replace(tzinfo=dt.UTC), (start + dt.timedelta(days=3)).replace(tzinfo=dt.UTC)
        )
        plan = df._jdf.queryExecution().optimizedPlan().toString()
        return sorted(
            tuple(v if i < 2 or v is None else float(v) for i, v in enumerate(row)) for row in df.collect()
        ), plan

    (numbers, scanned), (decimals, windowed) = rows_of("v"), rows_of("d")
    assert numbers == decimals
    assert "MapInArrow" in scanned
    assert "MapInArrow" not in windowed
