"""Sums and means of numbers near the ends of their types, against Python's integers, which have no ends."""

import datetime as dt
import random
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from headwater import lakehouse
from headwater.features import (
    AggregationFunction,
    Avg,
    DeltaTableSource,
    Feature,
    FeatureGroup,
    RollingWindow,
    SlidingWindow,
    Sum,
    create_declared_training_set,
    materialize,
)
from headwater.features.windows.change_scan import ChangeScan, Total
from headwater.features.windows.exact_sums import RunningTotals, SumOverflowError
from headwater.features.windows.scan import Windowed, WindowEdges, WindowScan

HOUR = dt.timedelta(hours=1)
START = dt.datetime(2024, 3, 1)
LEAST, GREATEST = -(2**63), 2**63 - 1


def _numbers(dice, count):
    ends = [LEAST, GREATEST, 6 * 10**18, -(10**18), -1, 0, 1]
    return [dice.choice([*ends, dice.randint(LEAST, GREATEST)]) for _ in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_totals_of_ranges_are_those_of_unbounded_integers(seed):
    dice = random.Random(seed)
    values = _numbers(dice, 60)
    totals = RunningTotals(np.array(values))
    fit = 0
    for start in range(60):
        for stop in range(start, 61):
            expected = sum(values[start:stop])
            sums = totals.between(np.array([start]), np.array([stop]))
            assert sums.floats[0] == float(expected)
            if LEAST <= expected <= GREATEST:
                assert sums.whole("x")[0] == expected
                fit += 1
            else:
                with pytest.raises(SumOverflowError, match=r"ARITHMETIC_OVERFLOW\] x does not fit BIGINT"):
                    sums.whole("x")
    assert 61 < fit < 1600


def _windows(values, function, out, title="s (Sum of 'v')"):
    """Give the aggregate over all events before each label; labels lie between the events."""
    n = len(values.drop_null()) if isinstance(values, pa.Array) else len(values)
    at = [t for i in range(n) for t in (2 * i, 2 * i + 1)]
    label = [None if i % 2 == 0 else {"id": i} for i in range(2 * n)]
    column = [values[i // 2].as_py() if i % 2 == 0 else None for i in range(2 * n)]
    rows = pa.table(
        {
            "__k0": pa.array(["a"] * (2 * n)),
            "__at": pa.array(at, pa.int64()),
            "__label": pa.array(label, pa.struct([("id", pa.int64())])),
            "__v0": pa.array(column, values.type),
        }
    )
    edges = WindowEdges(slide=1, delay=0, offset=0, duration=None, since=None, daily=False)
    scan = WindowScan(("__k0",), (Windowed("s", function("v"), "__v0", edges, title),), None, pa.schema([("s", out)]))
    return pa.Table.from_batches(list(scan(iter(rows.to_batches())))).column("s").to_pylist()


def test_means_of_any_whole_numbers_and_decimals_are_of_the_exact_total():
    dice = random.Random(3)
    values = _numbers(dice, 80)
    found = _windows(pa.array(values, pa.int64()), Avg, pa.float64())
    for i, mean in enumerate(found):
        assert mean == pytest.approx(float(Fraction(sum(values[: i + 1]), i + 1)), rel=3e-16, abs=0)
    large = pa.array(["9" * 38] * 3).cast(pa.decimal128(38, 0))
    assert _windows(large, Avg, pa.float64()) == [1e38] * 3


def test_a_windows_sum_that_does_not_fit_raises_and_names_the_feature():
    fits = [GREATEST, -5, 5, LEAST, 1]
    assert _windows(pa.array(fits), Sum, pa.int64()) == [sum(fits[: i + 1]) for i in range(5)]
    with pytest.raises(OverflowError, match=r"s \(Sum of 'v'\) does not fit BIGINT.*or take Avg"):
        _windows(pa.array([6 * 10**18] * 3), Sum, pa.int64())
    large = pa.array(["9" * 38] * 2).cast(pa.decimal128(38, 0))
    with pytest.raises(OverflowError, match=r"s \(Sum of 'v'\) does not fit DECIMAL\(38,0\)"):
        _windows(large, Sum, pa.decimal128(38, 0))


def test_totals_of_buckets_that_do_not_fit_raise():
    rows = pa.table({"k": ["a"] * 3, "__at": [0, 1, 2], "n": [6 * 10**18, 6 * 10**18, -6 * 10**18]})
    out = pa.schema([("k", pa.string()), ("__at", pa.int64()), ("n_2", pa.int64())])

    def scan(duration):
        totals = (("n_2", Total("sum", "n", duration)),)
        return list(ChangeScan(("k",), totals, 1, 0, 10, out)(iter(rows.to_batches())))

    assert pa.Table.from_batches(scan(1)).column("n_2").to_pylist() == [6 * 10**18, 6 * 10**18, -6 * 10**18, None]
    with pytest.raises(OverflowError, match="A total of 'n_2' does not fit BIGINT"):
        scan(2)


@pytest.fixture
def store(spark, schema):
    """Give events of shop a, whose sum fits in the end only, of shop b, whose sum does not, and of decimals."""
    rows = [
        ("a", START, GREATEST, 3),
        ("a", START + HOUR / 4, LEAST, 4),
        ("a", START + HOUR / 2, GREATEST, 5),
        ("b", START, 6 * 10**18, 1),
        ("b", START + HOUR / 3, 6 * 10**18, 2),
        ("b", START + HOUR / 2, 6 * 10**18, None),
    ]
    df = spark.createDataFrame(rows, "k string, at timestamp, v long, n int").selectExpr(
        "*", "cast(repeat('9', 38) as decimal(38,0)) AS d"
    )
    for name, kept in (("events", df), ("fitting", df.where("k = 'a'"))):
        lakehouse.create_table(spark, f"{schema}.{name}", df.schema)
        lakehouse.append(kept, f"{schema}.{name}")
    return schema


def _features(schema, table, window, *operators):
    catalog, name = schema.split(".")
    source = DeltaTableSource(catalog_name=catalog, schema_name=name, table_name=table)
    return tuple(
        Feature(
            source=source,
            function=AggregationFunction(operator, window),
            entity="k",
            timeseries_column="at",
            name=f"{operator.kind}_{operator.input}",
        )
        for operator in operators
    )


EXPECTED = {"a": (float(GREATEST - 1) / 3, 4.0, 1e38), "b": (6e18, 1.5, 1e38)}


def test_training_sets_and_materialised_tables_agree_on_large_numbers(spark, store):
    window = SlidingWindow(window_duration=2 * HOUR, slide_duration=HOUR)
    spine = spark.createDataFrame([("a", START + HOUR), ("b", START + HOUR)], "k string, at timestamp")
    means = _features(store, "events", window, Avg("v"), Avg("n"), Avg("d"))
    found = create_declared_training_set(spine, means, None).load_df().collect()
    assert {row["k"]: (row["avg_v"], row["avg_n"], row["avg_d"]) for row in found} == EXPECTED
    day = (START, START + dt.timedelta(days=1))
    materialize(spark, FeatureGroup(f"{store}.means", means), *day)  # with decimals, by Spark's frames
    rows = lakehouse.read_table(spark, f"{store}.means").where("ts = timestamp'2024-03-01 01:00:00'").collect()
    assert {row["k"]: (row["avg_v"], row["avg_n"], row["avg_d"]) for row in rows} == EXPECTED
    numbers = _features(store, "fitting", window, Avg("v"), Sum("v"), Sum("n"))
    materialize(spark, FeatureGroup(f"{store}.numbers", numbers), *day)  # by the scan
    (row, *_) = lakehouse.read_table(spark, f"{store}.numbers").orderBy("ts").collect()
    assert (row["avg_v"], row["sum_v"], row["sum_n"]) == (EXPECTED["a"][0], GREATEST - 1, 12)


def test_a_sum_that_does_not_fit_ends_training_sets_and_materialisations(spark, store):
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    spine = spark.createDataFrame([("b", START + HOUR)], "k string, at timestamp")
    rolling = RollingWindow(window_duration=HOUR)
    sentence = r"ARITHMETIC_OVERFLOW\] sum_v \(Sum of 'v'\) does not fit BIGINT"
    sums = _features(store, "events", rolling, Sum("v"))
    with pytest.raises(PySparkException, match=sentence):
        create_declared_training_set(spine, sums, None).load_df().collect()
    with pytest.raises((PySparkException, Py4JJavaError), match=sentence):  # Spark wraps what ends a write
        materialize(spark, FeatureGroup(f"{store}.sums", sums), START, START + dt.timedelta(days=1))


def test_means_of_long_decimals_of_opposite_signs_are_of_the_exact_total(spark, schema):
    values = {
        "whole": ("decimal(38,0)", [10**36, -(10**36), 7, -(10**37), 10**37, None]),
        "money": ("decimal(38,2)", ["9" * 36 + ".99", "-" + "9" * 36 + ".98", "0.05", "-0.01", "12.5", "0"]),
        "split": (
            "decimal(38,18)",
            ["-1", "0." + "9" * 18, "99999999999999999999", "-99999999999999999999", "0.5", None],
        ),
        "small": ("decimal(38,37)", ["9." + "9" * 37, "-9." + "9" * 36 + "8", "0." + "0" * 36 + "3", "0", "1", "-1"]),
        "rest": ("decimal(30,29)", ["0." + "3" * 29, "-0." + "3" * 28 + "1", "0", "0", "0", "0"]),
    }
    rows = [
        ("a", START + i * HOUR / 6, *(None if of[i] is None else str(of[i]) for _, of in values.values()))
        for i in range(6)
    ]
    df = spark.createDataFrame(rows, f"k string, at timestamp, {', '.join(f'{name} string' for name in values)}")
    df = df.selectExpr("k", "at", *(f"cast({name} as {kind}) AS {name}" for name, (kind, _) in values.items()))
    lakehouse.create_table(spark, f"{schema}.long", df.schema)
    lakehouse.append(df, f"{schema}.long")
    window = SlidingWindow(window_duration=2 * HOUR, slide_duration=HOUR / 6)
    means = _features(schema, "long", window, *(Avg(name) for name in values))
    materialize(spark, FeatureGroup(f"{schema}.means", means), START, START + dt.timedelta(days=1))
    stored = {row["ts"]: row for row in lakehouse.read_table(spark, f"{schema}.means").collect()}
    spine = spark.createDataFrame([("a", START + i * HOUR / 6) for i in range(1, 7)], "k string, at timestamp")
    looked_up = {row["at"]: row for row in create_declared_training_set(spine, means, None).load_df().collect()}
    for i in range(1, 7):
        at = START + i * HOUR / 6
        for name, (_, of) in values.items():
            known = [Fraction(str(value)) for value in of[:i] if value is not None]
            exact = float(sum(known) / len(known))
            assert stored[at][f"avg_{name}"] == pytest.approx(exact, rel=3e-15, abs=0), (name, i)
            assert stored[at][f"avg_{name}"] == looked_up[at][f"avg_{name}"]
