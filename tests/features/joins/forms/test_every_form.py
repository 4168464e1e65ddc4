"""What every form of the join keeps to; a new file in features/joins/forms is held to it by being there.

Each form of the registry is asked the same cases, and held to the brute force in plain Python. Forms for tables without a time
column get them with all times set to one moment, and the time columns taken away.
"""

import datetime as dt
import os
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from functools import reduce

import pytest
from pyspark.serializers import CloudPickleSerializer
from pyspark.sql import functions as F

from headwater.features.joins.form import Plan
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.registry import join_forms
from headwater.features.joins.sides import Sides
from headwater.features.joins.time_slices import Slicing
from tests.oracles import point_in_time as oracle

HOUR = dt.timedelta(hours=1)
AT = dt.datetime(2024, 1, 1)
KEYS = (("case", "case"), ("k", "key"))
SIZES = (None, 5_000, 2**20, 2**26, 2**30, 2**33)
SIDES = [
    Sides(labels, [features], columns, tasks, is_repeatable)
    for labels in SIZES
    for features in SIZES
    for columns in (1, 200)
    for tasks in (1, 16)
    for is_repeatable in (True, False)
]
SIDES += [replace(sides, tables=[*sides.tables, 2**20]) for sides in SIDES]
SIDES += [replace(sides, has_time=False) for sides in SIDES]


@pytest.fixture(params=join_forms())
def form(request):
    """Give each form of the registry."""
    return join_forms()[request.param]


def _cases(form, seed, count, *, dates=False):
    """Return generated label and feature rows; for forms without a time, all of one moment."""
    labels, features = oracle.cases(seed, count, dates=dates)
    if form.needs_time:
        return labels, features
    moment = oracle.START.date() if dates else oracle.START
    return [(*row[:-1], moment) for row in labels], [(*row[:2], moment, *row[3:]) for row in features]


def _frames(spark, labels, features, kind="timestamp"):
    return (
        spark.createDataFrame(labels, f"id long, case long, k string, at {kind}"),
        spark.createDataFrame(features, f"case long, key string, ts {kind}, x int, y double"),
    )


def _lookup(form, features, keys, time, outputs, lookback=None):
    """Return the lookup; for a form without a time, without the time column."""
    if form.needs_time:
        return TableLookup(features, tuple(keys), time, outputs, lookback)
    return TableLookup(features.drop(time[1]), tuple(keys), None, outputs)


def _join(form, labels, *lookups, buckets=5):
    plan = Plan(form.name, "asked for", buckets, Slicing(share=0.01, slices=7))
    return form.join(labels, lookups, plan, labels)


def test_it_equals_the_brute_force_with_ties_nulls_future_rows_duplicates_and_empty_sides(spark, form):
    labels, features = _cases(form, 43, 300)
    left, right = _frames(spark, labels, features)
    lookbacks = [None, dt.timedelta(0), 3 * HOUR] if form.needs_time else [None]
    parts = []
    for i, lookback in enumerate(lookbacks):  # one job for all
        joined = _join(form, left, _lookup(form, right, KEYS, ("at", "ts"), {"x": "x", "y": "why"}, lookback))
        assert joined.columns == ["id", "case", "k", "at", "x", "why"]
        parts.append(joined.select(F.lit(i).alias("i"), "id", "x", "why"))
    rows = reduce(lambda one, other: one.unionAll(other), parts).collect()
    for i, lookback in enumerate(lookbacks):
        got = sorted(tuple(row)[1:] for row in rows if row["i"] == i)
        assert got == sorted(oracle.as_of(labels, features, lookback)), lookback
    assert any(row["x"] is not None for row in rows)


def test_it_joins_dates_like_times(spark, form):
    labels, features = _cases(form, 47, 150, dates=True)
    left, right = _frames(spark, labels, features, "date")
    lookback = dt.timedelta(days=2) if form.needs_time else None
    joined = _join(form, left, _lookup(form, right, KEYS, ("at", "ts"), {"x": "x", "y": "y"}, lookback))
    got = sorted((row["id"], row["x"], row["y"]) for row in joined.collect())
    assert got == sorted(oracle.as_of(labels, features, lookback))


def test_it_keeps_composite_keys_apart_nan_decimals_maps_and_one_long_history(spark, form):
    labels = [(1, "1", "12", AT), (2, "11", "2", AT), (3, "1", "12", AT - HOUR), (4, None, "2", AT)]
    labels += [(10 + i, "hot", "h", AT + i * 7 * HOUR) for i in range(60)]
    features = [("1", "12", AT, float("nan"), Decimal("1.10"), {"a": 1}), ("11", "2", AT, None, Decimal("-0.01"), None)]
    features += [("hot", "h", AT + 3 * i * HOUR, float(i), Decimal(i), {"i": i}) for i in range(200)]
    left = spark.createDataFrame(labels, "id int, a string, b string, at timestamp")
    right = spark.createDataFrame(
        features, "a string, b string, ts timestamp, d double, n decimal(20,2), m map<string,int>"
    )
    lookup = _lookup(form, right, [("a", "a"), ("b", "b")], ("at", "ts"), {"d": "d", "n": "n", "m": "m"})
    if not form.needs_time:
        labels, features = [(*row[:3], AT) for row in labels], [(*row[:2], AT, *row[3:]) for row in features]
    got = {row["id"]: (repr(row["d"]), row["n"], row["m"]) for row in _join(form, left, lookup).collect()}
    assert got == {row[0]: (repr(row[1]), *row[2:]) for row in oracle.as_of(labels, features, None)}


def test_of_tied_rows_the_greatest_counts_column_by_column(spark, form):
    day, nan = AT.date(), float("nan")
    rows = [
        (1, AT, [1.0], (1, "b"), day, AT, {"a": 1}),
        (1, AT, [1.0, None], (1, "a"), day, AT, {"a": 2}),
        (1, AT, [nan], None, None, None, None),
        (2, AT, [1.0], None, dt.date(9999, 12, 31), None, None),
        (2, AT, [1.0], (None, "z"), None, None, None),
        (3, AT, None, (1, "é"), day, dt.datetime(9999, 12, 31), None),
        (3, AT, None, (1, "é"), day, dt.datetime(1, 1, 2), None),
    ]
    columns = "k int, ts timestamp, l array<double>, st struct<a:int,b:string>, d date, t timestamp, m map<string,int>"
    features = spark.createDataFrame(rows, columns)
    labels = spark.createDataFrame([(k, AT) for k in (1, 2, 3)], "k int, at timestamp")
    outputs = {name: name.upper() for name in ("l", "st", "d", "t", "m")}
    joined = _join(form, labels, _lookup(form, features, [("k", "k")], ("at", "ts"), outputs))
    assert [(f.name, f.dataType) for f in joined.schema][2:] == [
        (output, features.schema[name].dataType) for name, output in outputs.items()
    ]
    got = {row["k"]: repr(tuple(row)[2:]) for row in joined.collect()}
    wanted = {
        1: "([nan], None, None, None, None)",
        2: "([1.0], Row(a=None, b='z'), None, None, None)",
        3: f"(None, Row(a=1, b='é'), {day!r}, {dt.datetime(9999, 12, 31)!r}, None)",
    }
    assert got == wanted


def test_it_looks_up_many_tables_each_as_if_alone(spark, form):
    labels, features = _cases(form, 61, 200)
    _, others = _cases(form, 67, 200)
    swapped = [(k, c, t, y, x) for c, k, t, x, y in others]
    left, right = _frames(spark, labels, features)
    second = spark.createDataFrame(swapped, "k string, c long, t timestamp, y double, x int")
    lookback = 3 * HOUR if form.needs_time else None
    keys = (("case", "c"), ("k", "k"))
    joined = _join(
        form,
        left,
        _lookup(form, right, KEYS, ("at", "ts"), {"x": "x1", "y": "y1"}),
        _lookup(form, second, keys, ("at", "t"), {"y": "y2", "x": "x2"}, lookback),
        _lookup(form, second.limit(0), keys, ("at", "t"), {"x": "none"}),
    )
    assert joined.columns == ["id", "case", "k", "at", "x1", "y1", "y2", "x2", "none"]
    rows = joined.collect()
    assert sorted((r["id"], r["x1"], r["y1"]) for r in rows) == sorted(oracle.as_of(labels, features, None))
    expected = oracle.as_of(labels, [(c, k, t, y, x) for k, c, t, y, x in swapped], lookback)
    assert sorted((r["id"], y, x) for r in rows for y, x in [(r["y2"], r["x2"])]) == sorted(expected)
    assert {row["none"] for row in rows} == {None}


def test_names_may_have_backticks_and_dots(spark, form):
    columns = "`k``.1` string, `t``s` timestamp, `x``.y` double"
    features = spark.createDataFrame([("a", AT, 1.0), ("b", AT, None)], columns)
    labels = spark.createDataFrame([("a", AT), ("b", AT), ("c", AT)], "`l``.1` string, `a``t` timestamp")
    joined = _join(form, labels, _lookup(form, features, [("l`.1", "k`.1")], ("a`t", "t`s"), {"x`.y": "z`.y"}))
    assert joined.columns == ["l`.1", "a`t", "z`.y"]
    assert sorted((row[0], row[2]) for row in joined.collect()) == [("a", 1.0), ("b", None), ("c", None)]


def test_workers_need_no_headwater_and_a_form_of_workers_does_not_fit_rows_that_arrow_lacks(
    spark, form, monkeypatch, tmp_path
):
    left, right = _frames(spark, [(1, 1, "a", AT)], [(1, "a", AT, 5, 1.5)])
    sent, pickled = [], CloudPickleSerializer.dumps
    monkeypatch.setattr(CloudPickleSerializer, "dumps", lambda *given: sent.append(pickled(*given)) or sent[-1])
    _join(form, left, _lookup(form, right, KEYS, ("at", "ts"), {"x": "x"}))
    program = (
        "import pathlib, pickle, sys; sys.modules['headwater'] = None\n"
        "for file in sys.argv[1:]: pickle.loads(pathlib.Path(file).read_bytes())"
    )
    for i, command in enumerate(sent):
        (tmp_path / str(i)).write_bytes(command)
    done = subprocess.run(
        [sys.executable, "-c", program, *tmp_path.iterdir()],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ""},
    )
    assert done.returncode == 0, done.stderr
    if sent:
        unfit = (replace(sides, unfit_for_arrow="the column 's' is interval") for sides in SIDES)
        assert not any(form.fits(sides) for sides in unfit)


def test_its_plans_are_its_own_and_say_why(form):
    plans = [plan for sides in SIDES if sides.has_time == form.needs_time and (plan := form.fits(sides))]
    assert plans
    assert {plan.form for plan in plans} == {form.name}
    assert all(plan.reason for plan in plans)
