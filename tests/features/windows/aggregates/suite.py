"""The conformance suite of aggregation functions: a new function's test file subclasses it and names its functions.

Values are held to a recomputation in plain Python, types to what Spark gives for the same aggregate in SQL, and change rows to
the values that training sets have at the same times.
"""

import datetime as dt
import random
from decimal import Decimal, localcontext
from typing import ClassVar

import pyarrow as pa
import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import types as t
from pyspark.sql.pandas.types import to_arrow_type

from headwater.features import AggregationFunction, DeltaTableSource, Feature, FeatureGroup, Function, SlidingWindow
from headwater.features.windows.aggregates.aggregate import MergeableAggregate
from headwater.features.windows.aggregates.registry import aggregate_of
from headwater.features.windows.change_rows import change_rows, serves
from headwater.features.windows.scan import Windowed, WindowEdges, WindowScan
from headwater.features.windows.window_join import windows_at
from tests.oracles import point_in_time as oracle

HOUR = dt.timedelta(hours=1)
START = dt.datetime(2024, 3, 1)
DAY = START.date()
DURATION = 20
VALUES = {  # by column: its type, and values among which there are equal ones; buckets sum means of long decimals as DOUBLE
    "whole": (t.LongType(), [None, 1, 2, 2, -3]),
    "large": (t.LongType(), [None, 2**59 + 1, -(2**59), 2**59 - 2**40]),
    "short": (t.ShortType(), [None, 5, -5]),
    "real": (t.DoubleType(), [None, -1.5, 0.25, 7.0]),
    "price": (t.DecimalType(12, 2), [None, Decimal("1.10"), Decimal("-0.01"), Decimal("1999.00")]),
    "long": (t.DecimalType(38, 0), [None, Decimal(10**36 + 1), Decimal(3 * 10**36), Decimal(7)]),
    "word": (t.StringType(), [None, "u", "v", "ww", ""]),
    "truth": (t.BooleanType(), [None, True, False]),
    "day": (t.DateType(), [None, DAY, DAY + dt.timedelta(days=1)]),
    "time": (t.TimestampType(), [None, START, START + HOUR]),
}
TYPES = {name: kind for name, (kind, _) in VALUES.items()}
DDL = ", ".join(f"{name} {kind.simpleString()}" for name, kind in TYPES.items())
STRANGE = (t.MapType(t.StringType(), t.LongType()), t.DayTimeIntervalType(), t.ArrayType(t.StringType()))


class AggregateSuite:
    """What each aggregation function is held to.

    Attributes
    ----------
    functions
        One function or more of the file, of the column ``v``.
    sql
        By kind the same aggregate in SQL, with ``{v}`` for the column.
    other_types
        By kind and SQL type the type that is another than Spark's on purpose.
    """

    functions: ClassVar[tuple[Function, ...]]
    sql: ClassVar[dict[str, str]]
    other_types: ClassVar[dict[tuple[str, str], str]] = {}

    def plain(self, function, timed):
        """Give the aggregate of (time, value) pairs in plain Python, of values that are not None."""
        more = function.extra_parameters()
        with localcontext(prec=60):
            return oracle.aggregate(function.kind, more.get("n", more.get("percentile")), timed)

    def test_values_are_those_of_a_plain_recomputation(self):
        cases = [_case(seed) for seed in range(60)]
        checked = set()
        for name, function in self._computed():
            found = iter(_scanned(cases, name, function))
            for events, labels in cases:
                for at in labels:
                    timed = [(time, row[name]) for time, row in events if at - DURATION <= time < at]
                    expected = self.plain(function, [pair for pair in timed if pair[1] is not None])
                    assert _same(next(found), expected), (function, name, timed)
                    checked.add((function.kind, min(len(timed), 2)))
            assert next(found, None) is None
        assert checked == {(function.kind, count) for function in self.functions for count in (0, 1, 2)}

    def test_types_are_those_of_spark(self, spark):
        frame = spark.createDataFrame([], DDL)
        compared = set()
        for name, function in self._computed():
            try:
                kind = frame.selectExpr(self.sql[function.kind].format(v=name)).schema[0].dataType.simpleString()
            except AnalysisException:  # Spark takes no such values
                continue
            expected = self.other_types.get((function.kind, TYPES[name].simpleString()), kind)
            assert function.returns(TYPES[name]).simpleString() == expected, (function, name)
            compared.add(function.kind)
        assert compared == {function.kind for function in self.functions}

    @pytest.mark.parametrize("kind", STRANGE, ids=str)
    def test_a_column_whose_type_it_does_not_take_is_refused_by_name(self, kind):
        for function in self.functions:
            if function.type_of(kind) is None:
                with pytest.raises(ValueError, match=f"^{type(function).__name__} of 'v' cannot be computed from "):
                    function.returns(kind)
            else:
                assert function.kind == "count"

    def test_change_rows_are_the_values_at_their_times(self, spark):
        mergeable = [(n, f) for n, f in self._computed() if isinstance(aggregate_of(f), MergeableAggregate)]
        for function in self.functions:
            served = serves(_group([("v", function)]))
            assert served == isinstance(aggregate_of(function), MergeableAggregate)
        if not mergeable:
            return
        dice = random.Random(7)
        rows = [
            (dice.choice("abc"), START + dice.randint(0, 40) * HOUR / 2, *(dice.choice(v) for _, v in VALUES.values()))
            for _ in range(80)
        ]
        events = spark.createDataFrame(rows, f"k string, at timestamp, {DDL}")
        group = _group(mergeable)
        changes = change_rows(group, events, START, START + 48 * HOUR)
        functions = {str(feature.name): feature.function for feature in group.features}
        there = windows_at(changes.select("k", "ts"), events, functions, keys=[("k", "k")], time=("ts", "at"))
        assert changes.columns == there.columns
        found, expected = ({tuple(row)[:2]: tuple(row)[2:] for row in frame.collect()} for frame in (changes, there))
        assert len(found) > 60
        assert found.keys() == expected.keys()
        for at, values in found.items():
            for value, other in zip(values, expected[at], strict=True):
                assert _same(value, other), (at, values, expected[at])

    def _computed(self):
        """Give the functions with each column of values that they take."""
        for function in self.functions:
            for name in VALUES:
                if function.type_of(TYPES[name]) is not None:
                    yield name, function


def _case(seed):
    """Give the events (time, values by column) and label times of a key: few times, so that events share them."""
    dice = random.Random(seed)
    count = dice.choice([0, 1, 2, 7])
    times = sorted(dice.choice([0, 5, 10, 10, 20, 30, 41]) for _ in range(count))
    events = [(time, {name: dice.choice(values) for name, (_, values) in VALUES.items()}) for time in times]
    return events, sorted(dice.choice([-1, 0, 10, 11, 25, 30, 50, 90]) for _ in range(6))


def _scanned(cases, name, function):
    """Give the function's values over windows before each label of all cases, in order."""
    rows = []
    for case, (events, labels) in enumerate(cases):
        rows += [(case, time, None, row[name]) for time, row in events]
        rows += [(case, time, {"place": place}, None) for place, time in enumerate(labels)]
    rows.sort(key=lambda row: row[:2])
    keys, times, labels, values = zip(*rows, strict=True)
    table = pa.table(
        {
            "k": pa.array(keys, pa.int64()),
            "__at": pa.array(times, pa.int64()),
            "__label": pa.array(labels, pa.struct([("place", pa.int64())])),
            "v": pa.array(values, to_arrow_type(TYPES[name], timezone="UTC")),
        }
    )
    edges = WindowEdges(slide=1, delay=0, offset=0, duration=DURATION, since=None, daily=False)
    out = pa.schema([("f", to_arrow_type(function.returns(TYPES[name]), timezone="UTC"))])
    scan = WindowScan(("k",), (Windowed("f", function, "v", edges),), DURATION, out)
    return pa.Table.from_batches(list(scan(iter(table.to_batches())))).column("f").to_pylist()


def _group(functions):
    source = DeltaTableSource(catalog_name="main", schema_name="s", table_name="t")
    features = []
    for name, function in functions:
        of_column = type(function)(**{**function.extra_parameters(), "input": name})
        features += [
            Feature(
                source=source,
                function=AggregationFunction(
                    of_column, SlidingWindow(window_duration=hours * HOUR, slide_duration=HOUR)
                ),
                entity="k",
                timeseries_column="at",
                name=f"{function.kind}_{name}_{hours}",
            )
            for hours in (2, 12)
        ]
    return FeatureGroup("main.s.features", tuple(features))


def _same(found, expected):
    if isinstance(found, dt.datetime):
        found = found.replace(tzinfo=None)
    if isinstance(found, list):
        return len(found) == len(expected) and all(map(_same, found, expected))
    if isinstance(found, float):
        return expected is not None and found == pytest.approx(float(expected), rel=1e-9, abs=1e-9)
    return found == expected
