"""What every feature reader keeps to; a new file in features/evaluation/readers is held to it by being there.

Values are held to the brute force in plain Python, and what is given, missing or not readable to one rule for all.
"""

import datetime as dt
import random

import pandas as pd
import pytest

from headwater import features, lakehouse
from headwater.features import FeatureFunction, FeatureLookup
from headwater.features.evaluation.reader import all_readers, feature_reader
from headwater.lakehouse import MissingColumnsError
from tests.oracles import point_in_time as oracle

AT = dt.datetime(2024, 1, 1)
HOUR = dt.timedelta(hours=1)
LOOKBACK = 60 * HOUR
DICE = random.Random(3)
TIMES = sorted({(DICE.choice("abc"), AT + DICE.randrange(400) * HOUR) for _ in range(120)})
HISTORY = [(key, at, DICE.choice([None, DICE.random()]), DICE.choice([None, 7, 8])) for key, at in TIMES]
SIZES = {"a": 1, "b": None}
ASKED = [
    (i, DICE.choice(["a", "b", "c", "d", None]), DICE.choice([None, AT + DICE.randrange(400) * HOUR, HISTORY[i][1]]))
    for i in range(80)
]
ROWS = pd.DataFrame([row[1:] for row in ASKED], columns=["key", "at"])


@pytest.fixture
def reader(spark, request):
    """Give a reader of the folder, for the store of the tests' session."""
    return all_readers()[request.param](lakehouse.settings_of(spark))


@pytest.fixture
def spec(spark, schema):
    """Give the spec of a time series, of a plain table, and of a function of both, with defaults."""
    history = spark.createDataFrame(HISTORY, "key string, ts timestamp, v double, n int")
    features.create_feature_table(spark, f"{schema}.history", ["key", "ts"], history, "ts")
    plain = spark.createDataFrame(list(SIZES.items()), "key string, size long")
    features.create_feature_table(spark, f"{schema}.plain", ["key"], plain)

    def more(size: float | None, n: int | None) -> float | None:
        return None if size is None else size + (n or 0)

    features.create_function(spark, more, f"{schema}.more")
    lookups = [
        FeatureLookup(
            f"{schema}.history",
            "key",
            timestamp_lookup_key="at",
            lookback_window=LOOKBACK,
            rename_outputs={"v": "value"},
            default_values={"value": -1.0},
        ),
        FeatureLookup(f"{schema}.plain", "key", default_values={"size": 5}),
        FeatureFunction(udf_name=f"{schema}.more", input_bindings={"size": "size", "n": "n"}),
    ]
    labels = spark.createDataFrame(ASKED, "i int, key string, at timestamp")
    return features.create_training_set(labels, lookups, None, exclude_columns=["i"]).feature_spec


def _expected():
    """Return value, n, size and the function of each row, by brute force; a function is given what tables hold, not defaults."""
    found = oracle.as_of(ASKED, HISTORY, LOOKBACK)
    sizes = [SIZES.get(key) for _, key, _ in ASKED]
    sums = [None if size is None else float(size + (n or 0)) for size, (_, _, n) in zip(sizes, found, strict=True)]
    rows = [
        (-1.0 if value is None else value, n, 5 if size is None else size, total)
        for (_, value, n), size, total in zip(found, sizes, sums, strict=True)
    ]
    assert len({row[0] for row in rows}) > 10
    return rows


def _plain(frame):
    """Return rows of Python's own values, with None for what is missing."""
    return [tuple(None if pd.isna(value) else value for value in row) for row in frame.itertuples(index=False)]


every_reader = pytest.mark.parametrize("reader", all_readers(), indirect=True)


@every_reader
def test_it_gives_what_the_brute_force_gives_in_the_order_of_the_rows(reader, spec):
    assert reader.unreadable(spec) is None
    read = reader.read(spec, ROWS)
    assert list(read.columns) == ["key", "at", "value", "n", "size", "more"]
    assert _plain(read[["value", "n", "size", "more"]]) == _expected()
    assert _plain(read[["key", "at"]]) == _plain(ROWS)
    assert reader.read(spec, ROWS.iloc[:0]).columns.tolist() == read.columns.tolist()


@every_reader
def test_it_takes_computed_columns_that_are_given_and_names_all_that_are_missing(reader, spec):
    given = ROWS.assign(n=pd.array([4] * len(ROWS), "Int32"), size=pd.array([3] * len(ROWS), "Int64"))
    assert set(reader.read(spec, given)["more"]) == {7.0}
    with pytest.raises(MissingColumnsError, match=r"'key'.*'at'|'at'.*'key'"):
        reader.read(spec, pd.DataFrame({"other": [1]}))


def test_files_are_not_read_where_the_store_has_no_such_table(spec, tmp_path):
    reader = all_readers()["DeltaFilesReader"](lakehouse.Settings(home=tmp_path))
    assert "is not in the embedded store" in reader.unreadable(spec)
    with pytest.raises(ValueError, match=r"cannot be looked up without Spark: .*history is not in the embedded store"):
        reader.read(spec, ROWS)


def test_a_process_with_an_active_session_reads_by_spark_and_every_place_has_a_reader(spec):
    assert type(feature_reader(spec)).__name__ == "SparkReader"
    places = [place for reader in all_readers().values() for place in reader.places]
    assert set(places) == {"worker of Spark", "process with a session", "process"}
